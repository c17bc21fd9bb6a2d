"""A new engine adopted: a method fitted to it, its avatars, and the way to scores."""
