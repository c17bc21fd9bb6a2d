"""Faces are found and aligned wherever, however large and however tilted they are."""

import numpy as np
import pytest
from PIL import Image

from benchmark.faces.faceset import embedded_portraits
from benchmark.photographs import align, find_faces
from benchmark.photographs.alignment import crop_corners


@pytest.fixture(scope="module")
def portrait():
    """(256, 256, 3) uint8 of one synthetic person."""
    return embedded_portraits().split("validation").pictures(256)[3]


def place(portrait, size, side, left, top, angle=0.0):
    """A grey photograph of width and height `size` with the turned portrait in it."""
    face = Image.fromarray(portrait).resize((side, side))
    mask = Image.new("L", face.size, 255)
    scene = Image.new("RGB", size, (120, 130, 140))
    turned = face.rotate(angle, Image.Resampling.BICUBIC, expand=True)
    scene.paste(turned, (left, top), mask.rotate(angle, expand=True))
    return np.asarray(scene)


@pytest.mark.parametrize(
    ("size", "side", "left", "top"),
    [
        ((1500, 900), 400, 900, 300),
        ((300, 700), 280, 10, 400),
        ((3600, 2400), 2100, 700, 100),
        ((2400, 1600), 220, 1800, 100),
    ],
)
def test_a_face_gives_the_same_picture_wherever_it_is(portrait, size, side, left, top):
    (face,) = find_faces(portrait)
    (moved,) = find_faces(scene := place(portrait, size, side, left, top))
    found = (crop_corners(moved.landmarks) - (left, top)) / side
    assert np.abs(found - crop_corners(face.landmarks) / 256).max() < 0.03
    assert align(scene, moved, 128).shape == (128, 128, 3)


@pytest.mark.slow
@pytest.mark.parametrize("angle", [-25, 15, 40, 100, 180, 270])
def test_tilted_faces_are_turned_upright(portrait, angle):
    scene = place(portrait, (900, 900), 400, 150, 150, angle)
    (face,) = find_faces(portrait)
    (tilted,) = find_faces(scene)
    assert abs((tilt(tilted) - tilt(face) + angle + 180) % 360 - 180) < 5
    (upright,) = find_faces(align(scene, tilted, 256))
    assert abs(tilt(upright)) < 3


def tilt(face):
    """Degrees by which a face is turned clockwise."""
    across = face.landmarks[1] - face.landmarks[0]
    return np.degrees(np.arctan2(across[1], across[0]))


def test_an_aligned_face_fills_the_square_as_in_ffhq(portrait):
    (face,) = find_faces(portrait)
    (again,) = find_faces(align(portrait, face, 256))
    square = np.array([[0, 0], [0, 256], [256, 256], [256, 0]])
    assert np.abs(crop_corners(again.landmarks) - square).max() < 256 * 0.08


def test_the_picture_is_continued_where_the_square_leaves_it(portrait):
    cut = portrait[60:220, 50:]
    (face,) = find_faces(cut)
    aligned = align(cut, face, 128)
    assert aligned.std() > 20
    assert (aligned.sum(2) == 0).mean() < 0.01
    assert aligned[:6].std(1).mean() < aligned[40:90].std(1).mean()


def test_several_faces_are_listed_the_largest_first(portrait):
    scene = place(portrait, (1200, 800), 500, 600, 100).copy()
    scene[300:600, 100:400] = np.asarray(Image.fromarray(portrait).resize((300, 300)))
    faces = find_faces(scene)
    assert [round(face.box[0] / 600) for face in faces] == [1, 0]
    assert faces[0].area > faces[1].area


def test_pictures_without_a_face_give_none():
    noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8)
    assert find_faces(noise) == []
    assert find_faces(np.full((2, 2, 3), 200, np.uint8)) == []


@pytest.mark.parametrize(
    ("scene_side", "face_side"), [(900, 300), (1024, 640), (2000, 1300)]
)
def test_quick_alignment_differs_by_about_a_grey_level(portrait, scene_side, face_side):
    scene = place(portrait, (scene_side, scene_side), face_side, 90, 120, 11)
    (face,) = find_faces(scene)
    for size in (128, 512):
        whole = align(scene, face, size).astype(float)
        quick = align(scene, face, size, quick=True)
        assert 0 < np.abs(quick - whole).mean() < 1.5
