"""Studies of human choice: design, site, forms, studio and analysis."""
