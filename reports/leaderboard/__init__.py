"""One page over many runs, with results over time."""
