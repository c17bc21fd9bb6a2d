"""F2P and F2P v2: from faces to vectors by likeness, through an engine's imitator."""
