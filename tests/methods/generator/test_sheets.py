import numpy as np
import pytest

from benchmark.avatars.part_classes import PART_COLOURS
from methods.generator.page import Panel, draw_page, fitted
from methods.generator.sampling import Samples, sample
from methods.generator.sheets import (
    amplified,
    coloured,
    comparison_sheet,
    redraw_sheet,
    sample_sheet,
    truncation_sheet,
)


def test_samples_are_seeded_and_truncation_reduces_variance(striped):
    one, again = sample(striped, 5, seed=3, batch=2), sample(striped, 5, seed=3)
    assert one.pictures.shape == (5, 64, 64, 3)
    assert one.pictures.dtype == one.parts.dtype == np.uint8
    np.testing.assert_array_equal(one.pictures, again.pictures)
    calm = sample(striped, 5, seed=3, truncation=0.2)
    assert calm.pictures.std() < one.pictures.std()
    still = sample(striped, 5, seed=3, truncation=0).pictures
    assert (still == still[0]).all()


def test_parts_are_shown_in_the_palette():
    ids = np.arange(13, dtype=np.uint8).reshape(1, 13)
    np.testing.assert_array_equal(coloured(ids)[0], PART_COLOURS)
    np.testing.assert_array_equal(coloured(ids + 12)[0, 1:], PART_COLOURS[1:])


@pytest.mark.parametrize(
    ("size", "shown"), [(32, 128), (64, 128), (96, 96), (512, 128)]
)
def test_pictures_are_fitted_to_the_sheet(size, shown):
    picture = np.full((1, size, size, 3), 7, np.uint8)
    found = fitted(picture)
    assert found.shape == (1, shown, shown, 3)
    assert (found == 7).all()


def test_a_page_holds_every_tile_of_every_panel():
    tiles = np.stack([np.full((8, 16, 3), 10 * i, np.uint8) for i in range(1, 6)])
    page = draw_page("five", [Panel("two", tiles[:2], 2), Panel("three", tiles[2:], 2)])
    for index in range(5):
        assert (page == 10 * (index + 1)).all(axis=2).sum() >= 8 * 16


def test_every_sheet_is_a_picture(striped):
    real = Samples(*sample(striped, 9, seed=1))
    sheets = [
        sample_sheet(striped, 9),
        comparison_sheet(striped, real, "nine portraits"),
        truncation_sheet(striped, count=2, psis=(0, 0.5, 1)),
        redraw_sheet(striped, count=2),
    ]
    for sheet in sheets:
        assert sheet.dtype == np.uint8
        assert sheet.ndim == 3
        assert sheet.shape[2] == 3
        assert sheet.std() > 10


def test_small_changes_are_amplified():
    before = np.full((1, 2, 2, 3), 100, np.uint8)
    after = before.copy()
    after[0, 0, 0] = (100, 90, 103)
    after[0, 1, 1] = (255, 100, 100)
    grey = amplified(before, after)
    assert grey[0, :, :, 0].tolist() == [[40, 0], [0, 255]]
