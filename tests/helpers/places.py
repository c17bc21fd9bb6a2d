"""Paths of the repository and of these helpers, for tests that start a process."""

from pathlib import Path

HELPERS = Path(__file__).parent
ROOT = HELPERS.parents[1]
