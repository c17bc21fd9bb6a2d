"""The agreement of two segmentations."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from methods.swiftavatar.segmentation_agreement import segmentation_distance


def scores(left: int, top: int, side: int) -> Tensor:
    """(1, 2, 32, 32) scores, -1 and 1, of a background and a square part."""
    parts = torch.zeros(1, 32, 32, dtype=torch.long)
    parts[:, top : top + side, left : left + side] = 1
    return functional.one_hot(parts, 2).permute(0, 3, 1, 2).float() * 2 - 1


def test_equal_segmentations_have_no_distance():
    one = scores(4, 4, 8)
    assert float(segmentation_distance(one, one, 16)) == 0


@pytest.mark.parametrize("side", [8, 12, 16])
def test_a_part_at_another_place_counts_alike_at_any_size(side):
    one, other = scores(0, 0, side), scores(16, 16, side)
    whole = 32 * 32
    background = 2 * side**2 / (whole - side**2)
    found = float(segmentation_distance(one, other, 16))
    assert found == pytest.approx(2 + background, rel=1e-5)


def test_the_raster_hides_shifts_within_a_cell():
    one, other = scores(4, 4, 2), scores(6, 4, 2)
    assert float(segmentation_distance(one, other, 8)) == 0
    assert float(segmentation_distance(one, other, 16)) > 0.5


def test_a_part_that_nobody_shows_hardly_counts():
    one = torch.cat([scores(4, 4, 8), torch.full((1, 1, 32, 32), -1.0)], 1)
    other = torch.cat([scores(4, 4, 8), torch.full((1, 1, 32, 32), -1.05)], 1)
    assert float(segmentation_distance(one, other, 16)) < 0.2
