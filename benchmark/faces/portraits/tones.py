"""Colours of skin, hair and eyes."""

from __future__ import annotations

import numpy as np

from benchmark.avatars.colour import rgb_to_hex

_DEPTHS = np.linspace(0, 1, 7)
# Mean facial albedo from the lightest to the deepest skin (sRGB), a smooth curve
# through published chromameter measurements.
_SKIN = np.array(
    [
        [245, 214, 196],
        [233, 192, 168],
        [216, 168, 136],
        [189, 136, 102],
        [152, 101, 71],
        [112, 72, 50],
        [72, 46, 36],
    ],
    float,
)

HAIR_TONES: dict[str, tuple[int, int, int]] = {
    "black": (24, 20, 19),
    "dark_brown": (52, 35, 26),
    "brown": (86, 57, 38),
    "light_brown": (128, 92, 62),
    "auburn": (112, 48, 28),
    "ginger": (172, 88, 40),
    "blond": (204, 170, 116),
    "grey": (138, 136, 133),
    "white": (218, 216, 210),
}
"""Mean sRGB of each hair colour."""

EYE_TONES: dict[str, tuple[int, int, int]] = {
    "dark_brown": (58, 36, 22),
    "brown": (96, 60, 34),
    "hazel": (124, 96, 52),
    "green": (104, 122, 82),
    "blue": (104, 136, 168),
    "grey": (130, 140, 146),
}
"""Mean sRGB of each iris."""


def skin_albedo(depth: float, undertone: float) -> np.ndarray:
    """Mean albedo of a skin.

    Args:
        depth: 0 (lightest) to 1 (deepest).
        undertone: -1 (cool: pink, blue) to 1 (warm: yellow, golden).

    Returns:
        (3,) sRGB in [0, 1].
    """
    base = np.array([np.interp(depth, _DEPTHS, _SKIN[:, c]) for c in range(3)]) / 255
    warm = np.array([0.004, 0.006, -0.034]) * undertone * (1.15 - 0.45 * depth)
    return np.clip(base + warm, 0, 1)


def _natural(rng: np.random.Generator, depth: float) -> str:
    names = ("black", "dark_brown", "brown", "light_brown", "auburn", "ginger", "blond")
    light = np.array([0.06, 0.16, 0.22, 0.2, 0.08, 0.09, 0.19])
    deep = np.array([0.66, 0.24, 0.06, 0.02, 0.02, 0.0, 0.0])
    mix = np.clip((depth - 0.15) / 0.45, 0, 1)
    weights = light * (1 - mix) + deep * mix
    return str(rng.choice(names, p=weights / weights.sum()))


def hair_colour(rng: np.random.Generator, depth: float, age: int) -> tuple[str, str]:
    """Draw a hair colour.

    Args:
        rng: random number generator.
        depth: skin depth, 0-1.
        age: years; grey becomes likely from 35, white from 58.

    Returns:
        Name of the colour and a #hex tone near it.
    """
    turning = float(np.clip((age - 35) / 45, 0, 1))
    if rng.random() < 0.18:
        name = str(rng.choice(list(HAIR_TONES)))
    elif rng.random() < 0.85 * turning:
        name = "white" if rng.random() < np.clip((age - 58) / 25, 0, 0.75) else "grey"
    else:
        name = _natural(rng, depth)
    tone = np.array(HAIR_TONES[name]) / 255
    varied = tone * rng.uniform(0.88, 1.12) + rng.normal(0, 0.008, 3)
    return name, rgb_to_hex(varied * 255)


def eye_colour(rng: np.random.Generator, depth: float) -> str:
    """Draw an iris colour (#hex): any for light skin, mostly brown for deep skin."""
    light = np.array([0.1, 0.2, 0.18, 0.14, 0.28, 0.1])
    deep = np.array([0.72, 0.25, 0.03, 0.0, 0.0, 0.0])
    mix = np.clip((depth - 0.2) / 0.4, 0, 1)
    name = str(rng.choice(list(EYE_TONES), p=light * (1 - mix) + deep * mix))
    tone = np.array(EYE_TONES[name]) / 255
    varied = tone * rng.uniform(0.85, 1.15) + rng.normal(0, 0.012, 3)
    return rgb_to_hex(varied * 255)
