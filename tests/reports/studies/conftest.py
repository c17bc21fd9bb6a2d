"""Makes `tiny_study` and `rated` importable in the tests of study reports."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "forms"))
