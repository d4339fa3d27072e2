"""From the files in ``config/`` to one checked, fully resolved dictionary per experiment."""
