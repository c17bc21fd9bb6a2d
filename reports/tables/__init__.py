"""Every table of a run, and how tables are written."""
