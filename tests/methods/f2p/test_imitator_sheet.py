import numpy as np
import pytest

from benchmark.avatars import AvatarVectors
from methods.f2p.imitation import TrainedImitator, make_imitator
from methods.f2p.imitator_sheet import imitations, imitator_sheet
from methods.f2p.options import ImitatorOptions
from methods.generator.page import TILE
from methods.shared.randomness import seed_of

MEASURES = {"error_unseen": 0.0125, "error_mean_picture": 0.2}


@pytest.fixture
def imitator(mixed_engine):
    options = ImitatorOptions(size=64, width=0.02)
    network = make_imitator(mixed_engine.spec, options, seed=0).eval()
    return TrainedImitator(mixed_engine.spec, network, "digest", MEASURES)


def holds(sheet, picture):
    """Whether the sheet contains a picture, enlarged by a whole factor."""
    times = TILE // picture.shape[0]
    tile = picture.repeat(times, 0).repeat(times, 1)
    corners = np.argwhere((sheet[: 1 - TILE, : 1 - TILE] == tile[0, 0]).all(2))
    return any(
        np.array_equal(sheet[y : y + TILE, x : x + TILE], tile) for y, x in corners
    )


def test_the_sheet_shows_the_engines_and_the_imitators_pictures(imitator, mixed_engine):
    sheet = imitator_sheet(mixed_engine, imitator, count=3, seed=4)
    vectors = AvatarVectors.sample(mixed_engine.spec, 3, seed_of("imitator sheet", 4))
    for picture in mixed_engine.render(vectors, 64):
        assert holds(sheet, picture)
    for picture in imitations(imitator, vectors):
        assert holds(sheet, picture)
    assert sheet.dtype == np.uint8


def test_the_sheet_is_the_same_for_a_seed(imitator, mixed_engine):
    first, again, other = (
        imitator_sheet(mixed_engine, imitator, count=2, seed=seed) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
