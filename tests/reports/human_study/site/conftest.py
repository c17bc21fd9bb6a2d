"""A small study that is served, and its leader."""

import pytest
from visitor import a_site


@pytest.fixture
def served(tmp_path):
    """Two faces on one engine, one catch trial: three pages; going back allowed."""
    site = a_site(tmp_path, faces=2, engines=("toon",), catches=1, repeats=0)
    yield site
    site.database.close()


@pytest.fixture
def strict(tmp_path):
    """The same without going back and without a tie."""
    site = a_site(
        tmp_path,
        faces=2,
        engines=("toon",),
        catches=1,
        repeats=0,
        back="no",
        tie=False,
    )
    yield site
    site.database.close()


@pytest.fixture
def leader(served):
    visitor = served.visitor()
    visitor.enter_as_leader()
    return visitor
