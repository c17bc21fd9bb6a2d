"""EasyCraft: an encoder learned without labels, frozen, and heads for each engine."""
