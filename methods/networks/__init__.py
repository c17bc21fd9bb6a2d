"""Neural networks that methods share."""
