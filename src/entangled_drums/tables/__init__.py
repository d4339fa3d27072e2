"""Tables: one module per table, data in and a `Table` out; `output` writes all of them alike.

Import the modules directly.
"""
