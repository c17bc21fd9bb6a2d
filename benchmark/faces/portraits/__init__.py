"""Synthetic portraits that look like photographs, with parsing maps and attributes."""
