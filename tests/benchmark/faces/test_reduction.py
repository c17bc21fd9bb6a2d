"""Crowds of 32 and 64 px are drawn at 128 px and reduced."""

import numpy as np
import pytest

from benchmark.avatars.part_classes import PART_IDS, PART_NAMES
from benchmark.faces.portraits import training_set
from benchmark.faces.portraits.reduction import (
    RAREST_FIRST,
    crowd_version,
    drawn_size,
    reduce_parts,
    reduce_picture,
)
from benchmark.faces.portraits.splits import RenderedFace
from benchmark.faces.portraits.training_set import (
    open_training_set,
    render_training_set,
)


def test_only_parts_of_the_train_size_are_reduced():
    sizes = (8, 32, 64, 96, 128, 256)
    assert [drawn_size(size) for size in sizes] == [8, 128, 128, 96, 128, 256]
    assert [crowd_version(size) for size in sizes] == ["1", "2", "2", "1", "1", "1"]
    assert sorted(RAREST_FIRST) == sorted(PART_NAMES)


@pytest.mark.parametrize("size", [4, 2, 1])
def test_pictures_are_exact_means(size):
    picture = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    side = 8 // size
    found = reduce_picture(picture, size)
    for y, x in np.ndindex(size, size):
        block = picture[y * side :, x * side :][:side, :side].astype(float)
        expected = np.floor(block.mean((0, 1)) + 0.5)
        np.testing.assert_array_equal(found[y, x], expected)


def test_the_commonest_part_stays_and_of_two_the_rarer():
    skin, hair, eyes = (PART_IDS[name] for name in ("skin", "hair", "eyes"))
    parsing = np.array(
        [
            [skin, skin, skin, eyes],
            [skin, eyes, eyes, skin],
            [hair, eyes, hair, hair],
            [skin, 0, skin, skin],
        ],
        np.uint8,
    )
    assert reduce_parts(parsing, 2).tolist() == [[skin, eyes], [eyes, hair]]
    assert reduce_parts(parsing, 1).tolist() == [[skin]]


def test_a_crowd_of_64_px_is_the_crowd_of_128_px_reduced(tmp_path, monkeypatch):
    def draw(count, size, seed, domain, jobs=2, start=0):
        for index in range(start, start + count):
            rng = np.random.default_rng(index)
            picture = rng.integers(0, 256, (size, size, 3), dtype=np.uint8)
            yield RenderedFace(index, picture, picture[..., 0] % 13, {})

    monkeypatch.setattr(training_set, "render_people", draw)
    monkeypatch.setattr(training_set, "SHARD_SIZE", 2)
    for size in (64, 128):
        render_training_set(tmp_path / str(size), 2, size)
    small, large = (open_training_set(tmp_path / name) for name in ("64", "128"))
    (pictures, parsing), (drawn, parts) = (
        faces.batch(np.arange(2)) for faces in (small, large)
    )
    assert (small.record.version, large.record.version) == ("2", "1")
    for i in range(2):
        np.testing.assert_array_equal(pictures[i], reduce_picture(drawn[i], 64))
        np.testing.assert_array_equal(parsing[i], reduce_parts(parts[i], 64))
