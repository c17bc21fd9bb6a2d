"""Metrics of predicted avatars against ground truth, and their statistics."""
