"""Colours of the toon artwork: swatches of the options, and tones derived from them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from benchmark.avatars.colour import hex_to_rgb, linear_to_srgb, rgb_to_hex

UNDERTONES = {"cool": 47.0, "neutral": 58.5, "warm": 70.0}
"""Hue angle (degrees, CIELAB) of each undertone on the lightest skin."""

DEPTHS = tuple(range(1, 14))
"""Skin depths, 1 the lightest."""

HAIR_COLOURS = {
    "black": "#2b2729",
    "dark_brown": "#46302a",
    "brown": "#6b4632",
    "light_brown": "#9a6d47",
    "auburn": "#83382a",
    "ginger": "#c4662d",
    "blond": "#e0b96c",
    "grey": "#98989e",
    "white": "#e6e3de",
}
"""Swatch of each hair colour."""


def lab_to_hex(lightness: float, a: float, b: float) -> str:
    """The sRGB colour (`#rrggbb`) of a CIELAB triple (D65), clipped to the gamut."""
    y = (lightness + 16) / 116
    cone = np.array([y + a / 500, y, y - b / 200])
    xyz = np.where(cone > 6 / 29, cone**3, 3 * (6 / 29) ** 2 * (cone - 4 / 29))
    xyz *= (0.95047, 1.0, 1.08883)
    linear = np.clip(_XYZ_TO_RGB @ xyz, 0, 1)
    return rgb_to_hex(linear_to_srgb(linear) * 255)


_XYZ_TO_RGB = np.array(
    [
        [3.2404542, -1.5371385, -0.4985314],
        [-0.9692660, 1.8760108, 0.0415560],
        [0.0556434, -0.2040259, 1.0572252],
    ]
)


def skin_swatches() -> dict[str, str]:
    """One swatch per skin tone, `d01_cool` to `d13_warm`, lightest first.

    L* falls evenly from 90 to 31. Chroma is highest at middle depths, and deep skin is
    slightly redder, as in measured skin.
    """
    swatches = {}
    for depth in DEPTHS:
        lightness = 90 - (depth - 1) * 59 / 12
        chroma = 31 - 0.0165 * (lightness - 62) ** 2
        for name, angle in UNDERTONES.items():
            hue = np.radians(angle - 0.55 * (depth - 1))
            swatches[f"d{depth:02d}_{name}"] = lab_to_hex(
                lightness, chroma * np.cos(hue), chroma * np.sin(hue)
            )
    return swatches


@cache
def mix(first: str, second: str, share: float) -> str:
    """Linear mix of two colours (`#rrggbb`); `share` (0-1) is that of `second`."""
    pairs = zip(hex_to_rgb(first).tolist(), hex_to_rgb(second).tolist(), strict=True)
    return rgb_to_hex(a + (b - a) * share for a, b in pairs)


@dataclass(frozen=True)
class SkinTones:
    """Tones (`#rrggbb`) of one skin: lit, base, lid, shaded, outline, lips, blush."""

    light: str
    base: str
    lid: str
    shade: str
    line: str
    lip: str
    lip_dark: str
    blush: str

    @classmethod
    @cache
    def of(cls, base: str) -> SkinTones:
        """The tones of a skin swatch."""
        return cls(
            light=mix(base, "#fff4e8", 0.16),
            base=base,
            lid=mix(base, "#6b2a22", 0.14),
            shade=mix(base, "#6b241c", 0.24),
            line=mix(base, "#35100c", 0.48),
            lip=mix(base, "#cc3a46", 0.36),
            lip_dark=mix(base, "#8e1f2c", 0.48),
            blush=mix(base, "#f0483c", 0.5),
        )


@dataclass(frozen=True)
class HairTones:
    """Tones (`#rrggbb`) of one hair colour: highlight, lit, base, shaded, strands."""

    shine: str
    light: str
    base: str
    dark: str
    line: str

    @classmethod
    @cache
    def of(cls, base: str) -> HairTones:
        """The tones of a hair swatch."""
        return cls(
            shine=mix(base, "#fff1dc", 0.32),
            light=mix(base, "#fff1dc", 0.13),
            base=base,
            dark=mix(base, "#1a0d0c", 0.24),
            line=mix(base, "#140908", 0.46),
        )
