"""The tiny training as fixtures."""

import pytest
import tiny_training


@pytest.fixture
def recipe():
    return tiny_training.make_recipe()


@pytest.fixture
def faces():
    return tiny_training.make_faces()
