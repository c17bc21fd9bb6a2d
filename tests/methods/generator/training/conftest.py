"""Makes the tiny training importable beside the tests."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import tiny_training


@pytest.fixture
def recipe():
    return tiny_training.make_recipe()


@pytest.fixture
def faces():
    return tiny_training.make_faces()
