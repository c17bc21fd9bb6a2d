"""Makes `tiny_study` importable in the tests of forms."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
