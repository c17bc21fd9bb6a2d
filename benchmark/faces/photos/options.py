"""The option guide: which look of a face means which option of each engine.

A labeller writes one row of looks for each photograph (`LOOKS`). These tables turn a
row into one avatar vector for each built-in engine. docs/photographs.md shows them.
"""

from __future__ import annotations

from collections.abc import Mapping

HAIR_ALTER: Mapping[str, str] = {
    "side_part_short_right": "side_part_short_left",
    "slick_back": "crew_cut",
    "undercut": "quiff",
    "curly_fade": "curly_short",
    "flat_top": "coily_short",
    "horseshoe": "receding_short",
    "bob_side": "bob_straight",
    "bob_wavy": "bob_straight",
    "bob_curly": "afro",
    "shoulder_wavy": "curtain_medium",
    "locs": "long_curly",
    "long_fringe": "bob_fringe",
    "bun_low": "bun_top",
    "braids_twin": "ponytail",
}
"""Hair of toon-tiktok that toon-alter does not have, and its nearest option there."""

HAIR_COLOURS: Mapping[str, tuple[str, str, str]] = {
    "black": ("black", "black", "black"),
    "dark_brown": ("dark_brown", "dark_brown", "dark_brown"),
    "brown": ("brown", "brown", "brown"),
    "light_brown": ("light_brown", "brown", "brown"),
    "dark_blond": ("light_brown", "blond", "blond"),
    "blond": ("blond", "blond", "golden_blond"),
    "platinum": ("blond", "blond", "platinum"),
    "auburn": ("auburn", "auburn", "brown"),
    "ginger": ("ginger", "ginger", "auburn"),
    "red": ("ginger", "ginger", "red"),
    "grey": ("grey", "grey", "silver_grey"),
    "white": ("white", "grey", "silver_grey"),
}
"""Options of toon-tiktok, toon-alter and avataaars by the colour of the hair.

Hair that is half grey or more is grey.
"""

SKIN: Mapping[int, tuple[str, str]] = {
    1: ("d01_neutral", "pale"),
    2: ("d01_neutral", "pale"),
    3: ("d03_neutral", "light"),
    4: ("d04_neutral", "light"),
    5: ("d04_neutral", "light"),
    6: ("d06_neutral", "tan"),
    7: ("d06_neutral", "tan"),
    8: ("d08_neutral", "tan"),
    9: ("d08_neutral", "brown"),
    10: ("d10_neutral", "brown"),
    11: ("d11_neutral", "dark_brown"),
    12: ("d11_neutral", "dark_brown"),
    13: ("d13_neutral", "dark_brown"),
}
"""Options of toon-alter and avataaars by skin depth.

toon-tiktok has all 13 depths, each with three undertones.
"""

GLASSES: Mapping[str, tuple[str, str]] = {
    "none": ("none", "none"),
    "round": ("glasses", "round"),
    "oval": ("glasses", "prescription01"),
    "rectangle": ("glasses", "prescription02"),
    "dark": ("glasses", "sunglasses"),
    "dark_angular": ("glasses", "wayfarers"),
}
"""Options of both toon engines and of avataaars by the glasses."""

FACIAL_HAIR: Mapping[str, tuple[str, str]] = {
    "none": ("none", "none"),
    "stubble": ("stubble", "none"),
    "moustache": ("moustache", "moustacheFancy"),
    "goatee": ("goatee", "beardLight"),
    "short_beard": ("full_beard", "beardLight"),
    "full_beard": ("full_beard", "beardMedium"),
    "long_beard": ("full_beard", "beardMajestic"),
}
"""Options of toon-tiktok and avataaars by the facial hair.

Stubble is skin with a shade of hair; a short beard covers the skin.
"""

BROWS: Mapping[str, tuple[str, str]] = {
    "thin_straight": ("medium_straight", "default"),
    "thin_arched": ("thin_arched", "default"),
    "medium_straight": ("medium_straight", "defaultNatural"),
    "medium_arched": ("medium_arched", "defaultNatural"),
    "thick_straight": ("thick_straight", "flatNatural"),
    "thick_arched": ("thick_arched", "defaultNatural"),
    "angled": ("medium_straight", "angryNatural"),
    "rounded": ("medium_arched", "raisedExcitedNatural"),
}
"""Options of toon-alter and avataaars by the brows, named as those of toon-tiktok."""

MOUTHS: Mapping[str, str] = {
    "neutral": "serious",
    "soft_smile": "twinkle",
    "closed_smile": "twinkle",
    "teeth_smile": "smile",
    "open_laugh": "smile",
    "straight": "serious",
    "frown": "serious",
    "pout": "serious",
    "smirk": "twinkle",
}
"""Options of avataaars by the mouth, named as those of toon-tiktok."""

GAZES: Mapping[str, str] = {
    "default": "default",
    "happy": "happy",
    "narrow": "default",
    "wide": "surprised",
    "closed": "closed",
}
"""Options of avataaars by the opening of the eyes.

The option `squint` of avataaars shows wide eyes that look aside, so no look means it.
"""

STEPS: Mapping[int, float] = {1: 0.15, 2: 0.33, 3: 0.5, 4: 0.67, 5: 0.85}
"""Values of continuous parameters by a rating from 1 (least) to 5 (most)."""

FIRST, SECOND, OTHER = 0.7, 0.5, 0.2
"""Weights of the named shape, of a second one, and of all others."""
