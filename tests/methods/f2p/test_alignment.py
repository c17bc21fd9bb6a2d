import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from methods.f2p.alignment import (
    LIGHTCNN,
    TEMPLATES,
    Frame,
    Placement,
    align,
    placement_of,
)


def dots(frame, size):
    """A black picture with a white blob at the eyes (red) and the mouth (green)."""
    rows = (torch.arange(size) + 0.5) / size
    picture = torch.full((1, 3, size, size), -1.0)
    for channel, (x, y) in enumerate((frame.eyes, frame.mouth)):
        far = (rows[None, :] - x) ** 2 + (rows[:, None] - y) ** 2
        picture[0, channel] += 2 * torch.exp(-far / (2 * 0.02**2))
    return picture


def centre(plane):
    """(column, row) of the centre of brightness, in pixels."""
    bright = plane + 1
    places = torch.arange(plane.shape[-1]) + 0.5
    down, across = bright.sum(1), bright.sum(0)
    return float(across @ places / bright.sum()), float(down @ places / bright.sum())


@settings(max_examples=40, deadline=None)
@given(
    middle=st.floats(0.45, 0.55),
    row=st.floats(0.4, 0.5),
    distance=st.floats(0.15, 0.3),
    turn=st.floats(-15, 15),
    size=st.sampled_from([64, 128, 200, 512]),
)
def test_eyes_and_mouth_are_moved_to_lightcnns_positions(
    middle, row, distance, turn, size
):
    angle = math.radians(turn)
    mouth = (middle + distance * math.sin(angle), row + distance * math.cos(angle))
    frame = Frame((middle, row), mouth)
    crop = align(dots(frame, size), frame, LIGHTCNN)
    assert crop.shape == (1, 3, 128, 128)
    assert centre(crop[0, 0]) == pytest.approx((64, 40), abs=1.0)
    assert centre(crop[0, 1]) == pytest.approx((64, 88), abs=1.0)


def test_an_aligned_picture_is_not_changed():
    picture = torch.rand(2, 3, 96, 96) * 2 - 1
    frame = TEMPLATES["portraits"]
    same = align(picture, frame, placement_of(frame, 96))
    assert torch.allclose(same, picture, atol=1e-4)


def test_rows_and_columns_are_not_swapped():
    picture = torch.full((1, 3, 64, 64), -1.0)
    picture[:, :, :32] = 1
    frame = TEMPLATES["portraits"]
    crop = align(picture, frame, LIGHTCNN)
    assert (crop[..., :30, :] > 0.9).all()
    assert (crop[..., 70:, :] < -0.9).all()


def test_left_stays_left():
    picture = torch.full((1, 3, 64, 64), -1.0)
    picture[..., :32] = 1
    crop = align(picture, TEMPLATES["portraits"], LIGHTCNN)
    assert (crop[..., :60] > 0.9).all()
    assert (crop[..., 68:] < -0.9).all()


def test_every_pixel_of_the_face_gets_a_gradient():
    frame = TEMPLATES["portraits"]
    picture = torch.zeros(1, 3, 512, 512, requires_grad=True)
    align(picture, frame, LIGHTCNN).sum().backward()
    assert (picture.grad[..., 160:420, 160:360] > 0).all()


def test_edge_pixels_are_repeated_beyond_the_border():
    wide = Placement(64, 30, 5)
    crop = align(torch.full((1, 3, 64, 64), 0.5), TEMPLATES["portraits"], wide)
    assert torch.allclose(crop, torch.full_like(crop, 0.5), atol=1e-5)


@pytest.mark.parametrize(
    ("pictures", "message"),
    [
        (torch.rand(1, 3, 64, 64) * 255, "must lie in"),
        (torch.zeros(1, 64, 64, 3), "channels before rows"),
        (torch.zeros(1, 1, 64, 64), "channels before rows"),
        (torch.zeros(1, 3, 64, 32), "channels before rows"),
        (torch.zeros(1, 3, 64, 64, dtype=torch.uint8), "must hold floats"),
        (torch.full((1, 3, 64, 64), torch.nan), "must lie in"),
    ],
    ids=["0-255", "channels last", "grey", "oblong", "bytes", "nan"],
)
def test_wrong_pictures_are_refused(pictures, message):
    with pytest.raises(ValueError, match=message):
        align(pictures, TEMPLATES["portraits"], LIGHTCNN)


def test_an_empty_batch_gives_no_crops():
    crops = align(torch.zeros(0, 3, 64, 64), TEMPLATES["ffhq"], LIGHTCNN)
    assert crops.shape == (0, 3, 128, 128)


def test_eyes_and_mouth_in_one_place_are_refused():
    with pytest.raises(ValueError, match="too near"):
        Frame((0.5, 0.5), (0.5, 0.51))


def test_the_portraits_template_matches_their_part_maps():
    from benchmark.avatars.part_classes import PART_IDS
    from benchmark.faces.faceset import embedded_portraits

    maps = embedded_portraits().split("train").subset(60).parsing(64)
    frame = TEMPLATES["portraits"]
    places = (np.arange(64) + 0.5) / 64
    for part, (x, y) in (("eyes", frame.eyes), ("mouth", frame.mouth)):
        mask = maps == PART_IDS[part]
        shown = mask.sum((1, 2)) > 3
        total = mask[shown].sum((1, 2))
        down = (mask[shown].sum(2) @ places / total).mean()
        across = (mask[shown].sum(1) @ places / total).mean()
        assert (across, down) == pytest.approx((x, y), abs=0.01)
