"""The page of an engine that was adopted: examples, steps and the next commands."""
