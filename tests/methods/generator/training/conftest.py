"""The tiny training as fixtures."""

import pytest
import tiny_training


@pytest.fixture(scope="session")
def recipe():
    return tiny_training.make_recipe()


@pytest.fixture(scope="session")
def faces():
    return tiny_training.make_faces()
