"""Faces with part maps in arrays: batches, digests and invalid arrays."""

import numpy as np
import pytest
from PIL import Image

from benchmark.avatars.part_classes import PART_COLOURS, PART_NAMES, colour_parts
from benchmark.faces.parsed import ParsedArrays
from benchmark.faces.pictures import FaceSetError
from benchmark.faces.sheet import draw_parsed


def arrays(count=10, size=8):
    rng = np.random.default_rng(3)
    pictures = rng.integers(0, 256, (count, size, size, 3), dtype=np.uint8)
    return pictures, rng.integers(0, 13, (count, size, size), dtype=np.uint8)


def faces(pictures, parsing):
    return ParsedArrays("few", pictures, parsing, "CC0-1.0", stand_in=True)


def test_batches_are_copies_in_the_requested_order():
    pictures, parsing = arrays()
    few = faces(pictures, parsing)
    assert (len(few), few.size) == (10, 8)
    drawn, maps = few.batch(np.array([7, 0, 7]))
    np.testing.assert_array_equal(drawn, pictures[[7, 0, 7]])
    np.testing.assert_array_equal(maps, parsing[[7, 0, 7]])
    drawn[:] = 0
    maps[:] = 0
    assert pictures[7].any()
    assert parsing[7].any()


@pytest.mark.parametrize("index", [-1, 10])
def test_an_index_out_of_range_is_refused(index):
    with pytest.raises(IndexError, match=f"face {index} is out of range for 10 faces"):
        faces(*arrays()).batch(np.array([0, index]))


def test_the_digest_depends_on_contents_only(tmp_path):
    pictures, parsing = arrays()
    np.save(tmp_path / "pictures.npy", pictures)
    mapped = np.load(tmp_path / "pictures.npy", mmap_mode="r")
    few = faces(pictures, parsing)
    assert faces(mapped, parsing.copy()).digest == few.digest
    drawn, _ = faces(mapped, parsing).batch(np.array([3]))
    drawn += 1
    changed = parsing.copy()
    changed[4, 2, 2] = (changed[4, 2, 2] + 1) % 13
    assert faces(pictures, changed).digest != few.digest
    assert faces(pictures[::-1], parsing).digest != few.digest


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p, m: (p, m[:-1]), r"few holds pictures of shape \(10, 8, 8, 3\) and"),
        (lambda p, m: (p[:, :6], m), "expected"),
        (lambda p, m: (p[..., 0], m), "expected"),
        (lambda p, m: (p[:0], m[:0]), "expected"),
        (lambda p, m: (p / 255, m), "of type float64"),
        (lambda p, m: (p, m.astype(np.int64)), "of type int64"),
        (lambda p, m: (p, m + 1), "few holds class 13 in a part map"),
    ],
)
def test_invalid_arrays_are_refused(change, message):
    with pytest.raises(FaceSetError, match=message):
        faces(*change(*arrays()))


def test_parts_are_coloured_by_class():
    maps = np.arange(13, dtype=np.uint8).reshape(1, 13)
    coloured = colour_parts(maps)
    assert coloured.shape == (1, 13, 3)
    assert coloured.dtype == np.uint8
    assert [tuple(colour) for colour in coloured[0].tolist()] == list(PART_COLOURS)
    assert len(set(PART_COLOURS)) == len(PART_NAMES)
    with pytest.raises(ValueError, match="part map holds class 13"):
        colour_parts(maps + 1)


def test_a_sheet_shows_each_face_next_to_its_parts(tmp_path):
    pictures, parsing = arrays(count=5)
    draw_parsed(faces(pictures, parsing), tmp_path / "sheet.png", count=64, columns=3)
    sheet = np.asarray(Image.open(tmp_path / "sheet.png"))
    assert sheet.shape == (2 * 8 + 4, 3 * 16 + 2 * 4, 3)
    np.testing.assert_array_equal(sheet[12:20, 20:28], pictures[4])
    np.testing.assert_array_equal(sheet[12:20, 28:36], colour_parts(parsing[4]))
    assert (sheet[12:20, 40:] == 255).all()
