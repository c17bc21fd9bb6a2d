"""Figures of runs and of generator trainings."""
