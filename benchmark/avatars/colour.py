"""Colour spaces: hex, sRGB, linear RGB and CIELAB, and the CIEDE2000 difference."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
"""Linear sRGB to XYZ under D65 (IEC 61966-2-1)."""
_WHITE = _TO_XYZ.sum(axis=1)
_CHROMA_KNEE = 25.0**7

Lab = NDArray[np.float64]


def hex_to_rgb(colour: str) -> NDArray[np.uint8]:
    """(3,) uint8 of a `#rrggbb` colour; raises ValueError for anything else."""
    if not re.fullmatch("#?[0-9a-fA-F]{6}", colour):
        raise ValueError(f"{colour!r} is not a colour of the form #rrggbb")
    return np.frombuffer(bytes.fromhex(colour.removeprefix("#")), dtype=np.uint8)


def rgb_to_hex(rgb: Iterable[float]) -> str:
    """`#rrggbb` of three channels in 0-255, which are rounded and clipped."""
    red, green, blue = (min(255, max(0, round(float(channel)))) for channel in rgb)
    return f"#{red:02x}{green:02x}{blue:02x}"


def srgb_to_linear(srgb: NDArray[Any]) -> NDArray[Any]:
    """Linear RGB in [0, 1] of sRGB in [0, 1] (IEC 61966-2-1); keeps the dtype."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def linear_to_srgb(linear: NDArray[Any]) -> NDArray[Any]:
    """Inverse of `srgb_to_linear`: sRGB of linear RGB; negative values give 0."""
    safe = np.maximum(linear, 0)
    return np.where(safe <= 0.0031308, safe * 12.92, 1.055 * safe ** (1 / 2.4) - 0.055)


def srgb_to_lab(rgb: NDArray[Any]) -> Lab:
    """(..., 3) CIELAB (D65, 2 degree observer) of sRGB, uint8 or floats in [0, 1].

    Raises ValueError for a last axis other than 3, for other integer types, and for
    floats outside [0, 1] (usually 0-255 values in a float array).
    """
    linear = srgb_to_linear(_unit_range(np.asarray(rgb)))
    ratio = linear @ _TO_XYZ.T / _WHITE
    knee = 6 / 29
    scaled = np.where(ratio > knee**3, np.cbrt(ratio), ratio / (3 * knee**2) + 4 / 29)
    x, y, z = np.moveaxis(scaled, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def _unit_range(values: NDArray[Any]) -> NDArray[np.float64]:
    if values.ndim == 0 or values.shape[-1] != 3:
        raise ValueError(f"colours need a last axis of 3, got shape {values.shape}")
    if values.dtype == np.uint8:
        return values.astype(np.float64) / 255
    if not np.issubdtype(values.dtype, np.floating):
        raise ValueError(f"colours are uint8 or floats in [0, 1], got {values.dtype}")
    values = values.astype(np.float64)
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError("colours given as floats must lie in [0, 1]")
    return values


def ciede2000(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.float64]:
    """(...) CIEDE2000 difference of two (..., 3) CIELAB arrays; shapes broadcast.

    Weights kL = kC = kH = 1. The formula is that of CIE 142-2001, computed as in
    Sharma, Wu and Dalal (2005); the tests check it against their published pairs.
    """
    light_1, chroma_1, hue_1, light_2, chroma_2, hue_2 = _adjusted(first, second)
    neutral = chroma_1 * chroma_2 == 0
    turn = (hue_2 - hue_1 + 180) % 360 - 180
    # Opposite hues: Sharma keeps +180 where the second hue is the larger one.
    turn = np.where((turn == -180) & (hue_2 > hue_1), 180.0, turn)
    turn = np.where(neutral, 0.0, turn)
    d_light, d_chroma = light_2 - light_1, chroma_2 - chroma_1
    d_hue = 2 * np.sqrt(chroma_1 * chroma_2) * np.sin(np.radians(turn) / 2)

    light, chroma = (light_1 + light_2) / 2, (chroma_1 + chroma_2) / 2
    hue = _mean_hue(hue_1, hue_2, neutral)
    s_light, s_chroma, s_hue = _weights(light, chroma, hue)
    rotation = _blue_rotation(chroma, hue)
    terms = (d_light / s_light, d_chroma / s_chroma, d_hue / s_hue)
    squares = sum(term**2 for term in terms) + rotation * terms[1] * terms[2]
    return np.sqrt(np.maximum(squares, 0))


def _adjusted(
    first: NDArray[Any], second: NDArray[Any]
) -> tuple[NDArray[np.float64], ...]:
    """L, chroma and hue (degrees, 0-360) of both colours after the a* correction."""
    l_1, a_1, b_1 = np.moveaxis(np.asarray(first, dtype=np.float64), -1, 0)
    l_2, a_2, b_2 = np.moveaxis(np.asarray(second, dtype=np.float64), -1, 0)
    mean = (np.hypot(a_1, b_1) + np.hypot(a_2, b_2)) / 2
    stretch = 1.5 - 0.5 * np.sqrt(mean**7 / (mean**7 + _CHROMA_KNEE))
    a_1, a_2 = a_1 * stretch, a_2 * stretch
    hue_1 = np.degrees(np.arctan2(b_1, a_1)) % 360
    hue_2 = np.degrees(np.arctan2(b_2, a_2)) % 360
    return l_1, np.hypot(a_1, b_1), hue_1, l_2, np.hypot(a_2, b_2), hue_2


def _mean_hue(
    hue_1: NDArray[np.float64],
    hue_2: NDArray[np.float64],
    neutral: NDArray[np.bool_],
) -> NDArray[np.float64]:
    total = hue_1 + hue_2
    across = np.where(total < 360, total + 360, total - 360) / 2
    mean = np.where(np.abs(hue_1 - hue_2) <= 180, total / 2, across)
    return np.where(neutral, total, mean)


def _weights(
    light: NDArray[np.float64], chroma: NDArray[np.float64], hue: NDArray[np.float64]
) -> tuple[NDArray[np.float64], ...]:
    tint = (
        1
        - 0.17 * np.cos(np.radians(hue - 30))
        + 0.24 * np.cos(np.radians(2 * hue))
        + 0.32 * np.cos(np.radians(3 * hue + 6))
        - 0.20 * np.cos(np.radians(4 * hue - 63))
    )
    offset = (light - 50) ** 2
    s_light = 1 + 0.015 * offset / np.sqrt(20 + offset)
    return s_light, 1 + 0.045 * chroma, 1 + 0.015 * chroma * tint


def _blue_rotation(
    chroma: NDArray[np.float64], hue: NDArray[np.float64]
) -> NDArray[np.float64]:
    strength = 2 * np.sqrt(chroma**7 / (chroma**7 + _CHROMA_KNEE))
    angle = 30 * np.exp(-(((hue - 275) / 25) ** 2))
    return -strength * np.sin(np.radians(2 * angle))
