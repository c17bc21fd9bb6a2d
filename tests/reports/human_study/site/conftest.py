"""A small served study and its leader."""

import pytest
from visitor import a_site


@pytest.fixture
def served(tmp_path):
    """Two faces on one engine and one catch trial; going back is allowed."""
    site = a_site(tmp_path, faces=2, engines=("toon",), catches=1, repeats=0)
    yield site
    site.database.close()


@pytest.fixture
def strict(tmp_path):
    """The same study without going back and without ties."""
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
