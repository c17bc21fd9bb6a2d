"""Makes `tiny_studio` importable in the tests of the studio."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
