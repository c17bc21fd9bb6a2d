"""Colour maths against published values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.avatars.colour import (
    ciede2000,
    hex_to_rgb,
    linear_to_srgb,
    rgb_to_hex,
    srgb_to_lab,
    srgb_to_linear,
)

SHARMA = np.array(
    [
        (50.0000, 2.6772, -79.7751, 50.0000, 0.0000, -82.7485, 2.0425),
        (50.0000, 3.1571, -77.2803, 50.0000, 0.0000, -82.7485, 2.8615),
        (50.0000, 2.8361, -74.0200, 50.0000, 0.0000, -82.7485, 3.4412),
        (50.0000, -1.3802, -84.2814, 50.0000, 0.0000, -82.7485, 1.0000),
        (50.0000, -1.1848, -84.8006, 50.0000, 0.0000, -82.7485, 1.0000),
        (50.0000, -0.9009, -85.5211, 50.0000, 0.0000, -82.7485, 1.0000),
        (50.0000, 0.0000, 0.0000, 50.0000, -1.0000, 2.0000, 2.3669),
        (50.0000, -1.0000, 2.0000, 50.0000, 0.0000, 0.0000, 2.3669),
        (50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0009, 7.1792),
        (50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0010, 7.1792),
        (50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0011, 7.2195),
        (50.0000, 2.4900, -0.0010, 50.0000, -2.4900, 0.0012, 7.2195),
        (50.0000, -0.0010, 2.4900, 50.0000, 0.0009, -2.4900, 4.8045),
        (50.0000, -0.0010, 2.4900, 50.0000, 0.0010, -2.4900, 4.8045),
        (50.0000, -0.0010, 2.4900, 50.0000, 0.0011, -2.4900, 4.7461),
        (50.0000, 2.5000, 0.0000, 50.0000, 0.0000, -2.5000, 4.3065),
        (50.0000, 2.5000, 0.0000, 73.0000, 25.0000, -18.0000, 27.1492),
        (50.0000, 2.5000, 0.0000, 61.0000, -5.0000, 29.0000, 22.8977),
        (50.0000, 2.5000, 0.0000, 56.0000, -27.0000, -3.0000, 31.9030),
        (50.0000, 2.5000, 0.0000, 58.0000, 24.0000, 15.0000, 19.4535),
        (50.0000, 2.5000, 0.0000, 50.0000, 3.1736, 0.5854, 1.0000),
        (50.0000, 2.5000, 0.0000, 50.0000, 3.2972, 0.0000, 1.0000),
        (50.0000, 2.5000, 0.0000, 50.0000, 1.8634, 0.5757, 1.0000),
        (50.0000, 2.5000, 0.0000, 50.0000, 3.2592, 0.3350, 1.0000),
        (60.2574, -34.0099, 36.2677, 60.4626, -34.1751, 39.4387, 1.2644),
        (63.0109, -31.0961, -5.8663, 62.8187, -29.7946, -4.0864, 1.2630),
        (61.2901, 3.7196, -5.3901, 61.4292, 2.2480, -4.9620, 1.8731),
        (35.0831, -44.1164, 3.7933, 35.0232, -40.0716, 1.5901, 1.8645),
        (22.7233, 20.0904, -46.6940, 23.0331, 14.9730, -42.5619, 2.0373),
        (36.4612, 47.8580, 18.3852, 36.2715, 50.5065, 21.2231, 1.4146),
        (90.8027, -2.0831, 1.4410, 91.1528, -1.6435, 0.0447, 1.4441),
        (90.9257, -0.5406, -0.9208, 88.6381, -0.8985, -0.7239, 1.5381),
        (6.7747, -0.2908, -2.4247, 5.8714, -0.0985, -2.2286, 0.6377),
        (2.0776, 0.0795, -1.1350, 0.9033, -0.0636, -0.5514, 0.9082),
    ]
)
"""L a b, L a b, difference: the test pairs of Sharma, Wu and Dalal (2005), Table 1."""


def test_ciede2000_gives_the_published_differences():
    measured = ciede2000(SHARMA[:, :3], SHARMA[:, 3:6])
    np.testing.assert_allclose(measured, SHARMA[:, 6], atol=5e-5)


def test_ciede2000_is_symmetric_and_broadcasts():
    first, second = SHARMA[:, None, :3], SHARMA[None, :, 3:6]
    table = ciede2000(first, second)
    assert table.shape == (34, 34)
    np.testing.assert_allclose(table, ciede2000(second, first), atol=1e-9)


@pytest.mark.parametrize(
    ("colour", "lab"),
    [
        ("#ffffff", (100.0, 0.0, 0.0)),
        ("#000000", (0.0, 0.0, 0.0)),
        ("#ff0000", (53.24, 80.09, 67.20)),
        ("#00ff00", (87.73, -86.18, 83.18)),
        ("#0000ff", (32.30, 79.19, -107.86)),
    ],
)
def test_srgb_to_lab_gives_known_colours(colour, lab):
    np.testing.assert_allclose(srgb_to_lab(hex_to_rgb(colour)), lab, atol=0.02)


def test_bytes_and_unit_floats_agree():
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, size=(4, 5, 3), dtype=np.uint8)
    np.testing.assert_allclose(srgb_to_lab(picture), srgb_to_lab(picture / 255))


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_a_colour_is_no_distance_from_itself(colour):
    lab = srgb_to_lab(np.array(colour, dtype=np.uint8))
    assert ciede2000(lab, lab) == 0


@pytest.mark.parametrize(
    "values",
    [
        np.zeros((2, 4), dtype=np.uint8),
        np.full((2, 3), 128.0),
        np.full((2, 3), np.nan),
        np.zeros((2, 3), dtype=np.int64),
    ],
)
def test_wrong_shapes_and_ranges_are_refused(values):
    with pytest.raises(ValueError, match="colours"):
        srgb_to_lab(values)


@pytest.mark.parametrize("colour", ["red", "#12345", "#gggggg"])
def test_bad_hex_colours_are_refused(colour):
    with pytest.raises(ValueError):  # noqa: PT011
        hex_to_rgb(colour)


@pytest.mark.parametrize("colour", ["#000000", "#0a10ff", "#ffffff"])
def test_hex_colours_survive_conversion(colour):
    assert rgb_to_hex(hex_to_rgb(colour)) == colour


def test_channels_are_rounded_and_clipped():
    assert rgb_to_hex((-3.0, 10.5, 300.0)) == "#000aff"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_srgb_transfer_is_inverted(dtype):
    levels = np.linspace(0, 1, 256, dtype=dtype)
    linear = srgb_to_linear(levels)
    assert linear.dtype == dtype
    np.testing.assert_allclose(linear_to_srgb(linear), levels, atol=1e-6)


def test_the_srgb_transfer_has_its_published_values():
    given = np.array([0.0, 0.04045, 0.5, 1.0])
    expected = [0.0, 0.0031308, 0.2140411, 1.0]
    np.testing.assert_allclose(srgb_to_linear(given), expected, atol=1e-7)


def test_negative_light_is_black():
    assert linear_to_srgb(np.array([-0.1]))[0] == 0
