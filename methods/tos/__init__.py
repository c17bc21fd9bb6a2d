"""Tied Output Synthesis (TOS)."""
