"""Where the repository and these helpers lie, for tests that start a process."""

from pathlib import Path

HELPERS = Path(__file__).parent
ROOT = HELPERS.parents[1]
