"""Checkpoints cut short or with a byte flipped, anywhere."""

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as given_settings
from hypothesis import strategies as st
from official_checkpoints import checkpoint, narrow, saved

from benchmark.weights import WeightsError
from methods.generator.official import import_official


@pytest.fixture(scope="module", params=[True, False], ids=["archive", "legacy"])
def whole(request, tmp_path_factory):
    """The bytes of a complete checkpoint, and the digests of its import."""
    with narrow():
        folder = tmp_path_factory.mktemp("whole")
        content = checkpoint(g=None, g_optim=None)
        path = saved(folder / "one.pt", content, request.param)
        card = import_official(path, folder / "mine", "mine")
    return path.read_bytes(), card.digests, request.param


def outcome(data, folder):
    """The digests of an import of these bytes, or None where it was refused."""
    path = folder / "one.pt"
    path.write_bytes(data)
    try:
        return import_official(path, folder / "mine", "mine").digests
    except WeightsError:
        return None


QUICK = given_settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@QUICK
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_file_cut_short_anywhere_is_refused(whole, tmp_path_factory, share):
    data, _, _ = whole
    folder = tmp_path_factory.mktemp("cut")
    assert outcome(data[: int(share * len(data))], folder) is None
    assert [p.name for p in folder.iterdir()] == ["one.pt"]


@QUICK
@given(where=st.data())
@pytest.mark.slow
def test_a_flipped_byte_is_refused_or_changes_nothing(whole, tmp_path_factory, where):
    data, digests, archive = whole
    # Half of the flips lie in the structure, not in the many weights.
    edges = st.one_of(st.integers(0, 4000), st.integers(-8000, -1))
    at = where.draw(st.one_of(edges, st.integers(0, len(data) - 1)))
    flipped = bytearray(data)
    flipped[at] ^= where.draw(st.integers(1, 255))
    found = outcome(bytes(flipped), tmp_path_factory.mktemp("flip"))
    # The older format has no checksums, so a changed weight is not detected.
    assert found is None or not archive or found == digests
