"""Fixtures of the benchmark's tests: a tiny suite, resolved, in its own folder."""

from pathlib import Path

import pytest
import tiny_suite


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """The path of a tiny suite, with its entries registered."""
    tiny_suite.register()
    return tiny_suite.make_suite(tmp_path)
