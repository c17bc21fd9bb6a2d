"""Synthetic photographic portraits with parsing maps and attributes."""
