"""Worlds that were frozen, as JSON: what scores of the embedded portraits stand on."""
