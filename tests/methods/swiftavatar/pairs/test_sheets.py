import numpy as np

from benchmark.avatars import AvatarSpec, AvatarVectors, Discrete
from benchmark.avatars.part_classes import PART_COLOURS
from methods.generator.page import TILE
from methods.generator.sampling import draw_latents, synthesise
from methods.swiftavatar.pairs import FacePairs
from methods.swiftavatar.sheets import dual_domain_sheet, pairs_sheet

SPEC = AvatarSpec("hats", (Discrete("hat", "hat", ("none", "cap"), optional=True),))


def holds(sheet, picture):
    """Whether the sheet shows a picture, enlarged by an integer factor."""
    times = TILE // picture.shape[0]
    tile = picture.repeat(times, 0).repeat(times, 1)
    corners = np.argwhere((sheet[: 1 - TILE, : 1 - TILE] == tile[0, 0]).all(2))
    return any(
        np.array_equal(sheet[y : y + TILE, x : x + TILE], tile) for y, x in corners
    )


def test_the_sheet_has_both_pictures_of_a_latent(realistic, avatar):
    sheet = dual_domain_sheet(realistic, avatar, count=3, seed=5)
    assert sheet.dtype == np.uint8
    latents = draw_latents(avatar, 3, seed=5)
    for generator in (realistic, avatar):
        made = synthesise(generator, latents)
        for picture, parts in zip(made.pictures, made.parts, strict=True):
            assert holds(sheet, picture)
            assert holds(sheet, np.array(PART_COLOURS, np.uint8)[parts])


def test_the_sheet_has_an_avatar_and_its_faces(
    realistic, avatar, make_latents, tmp_path
):
    rng = np.random.default_rng(0)
    renders, faces = (
        rng.integers(0, 256, (count, 16, 16, 3), np.uint8) for count in (5, 15)
    )
    vectors = AvatarVectors.sample(SPEC, 15, seed=0)
    pairs = FacePairs(faces, vectors, "digest", tmp_path)
    latents = make_latents(5).latents
    sheet = pairs_sheet(
        renders, latents, avatar, realistic, pairs, rows=[3, 1], copies=2
    )
    shown = [3, 1, 5 + 3, 5 + 1]
    assert [holds(sheet, face) for face in faces] == [i in shown for i in range(15)]
    assert [holds(sheet, render) for render in renders] == [
        row in (3, 1) for row in range(5)
    ]
    for generator in (realistic, avatar):
        for picture in synthesise(generator, latents[[3, 1]]).pictures:
            assert holds(sheet, picture)


def test_fewer_copies_than_asked_for_are_all_shown(
    realistic, avatar, make_latents, tmp_path
):
    faces = np.zeros((2, 8, 8, 3), np.uint8)
    vectors = AvatarVectors.sample(SPEC, 2, seed=0)
    pairs = FacePairs(faces, vectors, "digest", tmp_path)
    renders = np.zeros((2, 16, 16, 3), np.uint8)
    one, four = (
        pairs_sheet(
            renders, make_latents(2).latents, avatar, realistic, pairs, [0, 1], copies
        )
        for copies in (1, 4)
    )
    np.testing.assert_array_equal(one, four)
