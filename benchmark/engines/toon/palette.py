"""Colours of the toon artwork: swatches of the options, and shades made from them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

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
    encoded = np.where(
        linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear
    )
    return to_hex(encoded * 255)


_XYZ_TO_RGB = np.array(
    [
        [3.2404542, -1.5371385, -0.4985314],
        [-0.9692660, 1.8760108, 0.0415560],
        [0.0556434, -0.2040259, 1.0572252],
    ]
)


def skin_swatches() -> dict[str, str]:
    """One swatch a skin tone, `d01_cool` to `d13_warm`, lightest first.

    Lightness falls evenly from 90 to 31; chroma is highest at middle depths and deep
    skins are a little redder, as in measured skin.
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
def to_rgb(colour: str) -> tuple[int, int, int]:
    """Red, green and blue (0-255) of `#rrggbb`."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def to_hex(rgb: np.ndarray | tuple[float, ...]) -> str:
    """`#rrggbb` of three channels in 0-255, rounded and clipped."""
    red, green, blue = (min(255, max(0, round(float(channel)))) for channel in rgb)
    return f"#{red:02x}{green:02x}{blue:02x}"


@cache
def mix(first: str, second: str, share: float) -> str:
    """`first` with `share` (0-1) of `second` in it."""
    pairs = zip(to_rgb(first), to_rgb(second), strict=True)
    return to_hex(tuple(a + (b - a) * share for a, b in pairs))


@dataclass(frozen=True)
class SkinTones:
    """Shades of one skin: lit, base, lid, shaded, outline, lips and blush."""

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
        """The shades that belong to a skin swatch."""
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
    """Shades of one hair colour: highlight, lit, base, shaded and strand line."""

    shine: str
    light: str
    base: str
    dark: str
    line: str

    @classmethod
    @cache
    def of(cls, base: str) -> HairTones:
        """The shades that belong to a hair swatch."""
        return cls(
            shine=mix(base, "#fff1dc", 0.32),
            light=mix(base, "#fff1dc", 0.13),
            base=base,
            dark=mix(base, "#1a0d0c", 0.24),
            line=mix(base, "#140908", 0.46),
        )
