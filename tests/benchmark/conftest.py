"""Fixtures of the benchmark's tests: a tiny contest in a folder of its own."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import tiny_contest


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """The path of a tiny suite, with its entries registered."""
    tiny_contest.register()
    return tiny_contest.make_suite(tmp_path)
