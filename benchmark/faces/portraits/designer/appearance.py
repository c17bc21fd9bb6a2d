"""A person's visible attributes, checked against the vocabulary of the designers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars import AvatarError
from benchmark.avatars.colour import hex_to_rgb, srgb_to_lab
from benchmark.avatars.spec import did_you_mean

WORDS: dict[str, tuple[str, ...]] = {
    "hair_length": ("bald", "buzz", "short", "chin", "shoulder", "long"),
    "hair_texture": ("straight", "wavy", "curly", "coily"),
    "hair_fringe": ("none", "full", "side", "curtain"),
    "hair_parting": ("none", "left", "centre", "right"),
    "hair_tied": ("none", "bun", "top_bun", "ponytail", "braids", "pigtails"),
    "hair_sides": ("shaved", "short", "full"),
    "facial_hair": (
        "none",
        "stubble",
        "moustache",
        "goatee",
        "short_beard",
        "full_beard",
    ),
    "glasses": ("none", "round", "rectangle", "oval", "browline"),
}
"""Attributes with a fixed vocabulary, and their words."""

NUMBERS: dict[str, tuple[float, float]] = {
    **dict.fromkeys(("hair_volume", "hair_top", "hair_recession"), (0.0, 1.0)),
    **dict.fromkeys(("brow_thickness", "brow_arch", "brow_angle"), (0.0, 1.0)),
    **dict.fromkeys(("eye_size", "eye_spacing", "eye_rotation"), (0.0, 1.0)),
    **dict.fromkeys(("eye_openness", "eye_hood"), (0.0, 1.0)),
    **dict.fromkeys(("nose_width", "nose_height", "nose_position"), (0.0, 1.0)),
    **dict.fromkeys(("nose_bridge", "nose_tip"), (0.0, 1.0)),
    **dict.fromkeys(("mouth_width", "mouth_volume", "mouth_position"), (0.0, 1.0)),
    "mouth_curve": (-1.0, 1.0),
    "mouth_open": (0.0, 1.0),
    **dict.fromkeys(("head_width", "head_length", "forehead_width"), (0.0, 1.0)),
    **dict.fromkeys(("jaw_width", "jaw_angularity", "chin_width"), (0.0, 1.0)),
    **dict.fromkeys(("cheek_fullness", "cheekbone_width"), (0.0, 1.0)),
}
"""Numeric attributes, and their ranges (inclusive)."""

SWITCHES = ("mouth_teeth",)
"""Boolean attributes; an `Appearance` holds them as 1.0 and 0.0."""

COLOURS = ("skin_rgb", "hair_rgb")
"""Colour attributes, given as #rrggbb."""

FREE_WORDS = ("expression",)
"""Word attributes without a fixed vocabulary."""

VISIBLE = (*WORDS, *NUMBERS, *SWITCHES, *COLOURS, *FREE_WORDS)
"""Every attribute that a designer reads.

Age, sex and eye colour are not among them, since no built-in engine shows them.
"""


@dataclass(frozen=True)
class Appearance:
    """One person's words, numbers (switches as 0.0 and 1.0) and CIELAB colours (3,)."""

    words: Mapping[str, str]
    numbers: Mapping[str, float]
    colours: Mapping[str, NDArray[np.float64]]


def read_appearance(attributes: Mapping[str, Any], who: str) -> Appearance:
    """Check and convert the visible attributes of one person.

    Args:
        attributes: attributes by name; those outside `VISIBLE` are ignored.
        who: how error messages name the person.

    Raises:
        AvatarError: for the first attribute that is missing or out of vocabulary.
    """
    for name in VISIBLE:
        if name not in attributes:
            raise AvatarError(
                f"{who}: attribute {name!r} is missing"
                f"{did_you_mean(name, attributes)}; "
                "designers need it"
            )
    numbers = {name: _number(who, name, attributes[name]) for name in NUMBERS}
    numbers |= {name: _switch(who, name, attributes[name]) for name in SWITCHES}
    return Appearance(
        words={name: _word(who, name, attributes[name]) for name in WORDS}
        | {name: str(attributes[name]) for name in FREE_WORDS},
        numbers=numbers,
        colours={name: _colour(who, name, attributes[name]) for name in COLOURS},
    )


def _word(who: str, name: str, value: Any) -> str:
    if value not in WORDS[name]:
        raise AvatarError(
            f"{who}: {name} is {value!r}{did_you_mean(str(value), WORDS[name])}; "
            f"expected one of {', '.join(WORDS[name])}"
        )
    return value


def _number(who: str, name: str, value: Any) -> float:
    low, high = NUMBERS[name]
    usable = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not (usable and low <= value <= high):
        raise AvatarError(
            f"{who}: {name} is {value!r}; expected a number from {low:g} to {high:g}"
        )
    return float(value)


def _switch(who: str, name: str, value: Any) -> float:
    if not isinstance(value, (bool, np.bool_)):
        raise AvatarError(f"{who}: {name} is {value!r}; expected true or false")
    return float(value)


def _colour(who: str, name: str, value: Any) -> NDArray[np.float64]:
    try:
        return srgb_to_lab(hex_to_rgb(value))
    except (ValueError, AttributeError) as error:
        raise AvatarError(
            f"{who}: {name} is {value!r}; expected a colour of the form #rrggbb"
        ) from error
