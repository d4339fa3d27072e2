"""Figures: one module per figure, data in and a matplotlib Figure out, no file access.

The one style is in `style`, the only writer in `output`. Import the modules directly.
"""
