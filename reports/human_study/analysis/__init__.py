"""The analysis of a rating study: Table 2, and how reliable it is."""
