"""The HTML page and the face sheets of a run."""
