"""Offline forms of a study (HTML, PDF, CSV) and the import of their answers."""
