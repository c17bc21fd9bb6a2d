"""Offline forms of a study, and how answers come back."""
