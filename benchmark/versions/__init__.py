"""Frozen benchmark versions as JSON files, one a version."""
