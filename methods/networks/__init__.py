"""Neural networks of the methods."""
