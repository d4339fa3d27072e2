"""Pages that people read: built from results and records, data in and HTML out, no file access.

Import the modules directly.
"""
