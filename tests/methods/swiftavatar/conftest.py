"""Makes the tiny pair importable beside the tests."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import tiny_pair


@pytest.fixture(scope="session")
def pair(tmp_path_factory):
    return tiny_pair.make_pair(tmp_path_factory.mktemp("weights") / "tiny")


@pytest.fixture(scope="session")
def renders():
    return tiny_pair.make_renders()
