"""EasyCraft: an encoder of all styles, learned without labels, and a head an engine."""
