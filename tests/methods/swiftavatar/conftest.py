"""Makes the tiny pair available to the tests of SwiftAvatar."""

import pytest
import tiny_pair


@pytest.fixture(scope="session")
def pair(tmp_path_factory):
    return tiny_pair.make_pair(tmp_path_factory.mktemp("weights") / "tiny")


@pytest.fixture(scope="session")
def renders():
    return tiny_pair.make_renders()
