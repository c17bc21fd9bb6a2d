"""Traits of an avatar: plain values that the drawing modules use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from benchmark.avatars import AvatarSpec, AvatarVectors
from benchmark.engines.toon.palette import HAIR_COLOURS, skin_swatches
from benchmark.engines.toon.spec import HEAD_SHAPES


@dataclass(frozen=True)
class Traits:
    """One avatar: blend weights, scalars in 0-1, option names and swatches.

    Defaults apply to engines without the parameter.
    """

    skin: str
    hair_colour: str
    hair: str
    brow: str
    glasses: str
    head: tuple[float, ...]
    head_width: float = 0.5
    head_length: float = 0.5
    eye: tuple[float, ...] = (0.35, 0.35, 0.0, 0.0)
    eye_rotation: float = 0.55
    eye_spacing: float = 0.5
    eye_size: float = 0.6
    mouth_width: float = 0.5
    mouth_volume: float = 0.5
    mouth_position: float = 0.5
    nose_width: float = 0.4
    nose_height: float = 0.5
    nose_position: float = 0.5
    mouth: str = "soft_smile"
    nose: str = "straight"
    facial_hair: str = "none"


_OPTION_TRAITS = {
    "mouth_type": "mouth",
    "nose_type": "nose",
    "hair_type": "hair",
    "brow_type": "brow",
    "facial_hair": "facial_hair",
    "glasses": "glasses",
}
"""Names of traits that hold an option's name, by parameter."""

_SKINS = skin_swatches()


def tiktok_traits(vectors: AvatarVectors) -> list[Traits]:
    """The traits of each vector of the Table 4 spec."""
    spec = vectors.spec
    head, eye = _group(spec, "head_type"), _group(spec, "eye_type")
    single = [(i, c.name) for i, c in enumerate(spec.continuous) if c.group is None]
    return [
        Traits(
            head=tuple(values[head]),
            eye=tuple(values[eye]),
            **{name: values[i] for i, name in single},
            **_discrete_traits(spec, choices),
        )
        for values, choices in _rows(vectors)
    ]


def alter_traits(vectors: AvatarVectors) -> list[Traits]:
    """The traits of each vector of the Table 5 spec."""
    kind = [d.name for d in vectors.spec.discrete].index("head_type")
    return [
        Traits(
            head=tuple(float(i == choices[kind]) for i in range(len(HEAD_SHAPES))),
            **_discrete_traits(vectors.spec, choices),
        )
        for _, choices in _rows(vectors)
    ]


def _rows(vectors: AvatarVectors) -> list[tuple[list[float], list[int]]]:
    rows = zip(vectors.continuous.tolist(), vectors.discrete.tolist(), strict=True)
    return list(rows)


def _group(spec: AvatarSpec, name: str) -> slice:
    """Columns of a blend's weights, which are adjacent."""
    columns = [i for i, c in enumerate(spec.continuous) if c.group == name]
    return slice(columns[0], columns[-1] + 1)


def _discrete_traits(spec: AvatarSpec, choices: list[int]) -> dict[str, Any]:
    """Option names, and swatches of skin and hair."""
    names = {d.name: d.options[i] for d, i in zip(spec.discrete, choices, strict=True)}
    traits = {
        _OPTION_TRAITS[parameter]: option
        for parameter, option in names.items()
        if parameter in _OPTION_TRAITS
    }
    traits["skin"] = _SKINS[names["skin_tone"]]
    traits["hair_colour"] = HAIR_COLOURS[names["hair_colour"]]
    return traits
