"""Carry a resolved suite out: plan, stages, trials."""
