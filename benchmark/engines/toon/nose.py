"""Noses: five shapes, each scaled by width and length."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark.engines.toon.head import EYE_LINE, MIDDLE, Head
from benchmark.engines.toon.palette import SkinTones
from benchmark.engines.toon.svg import Point, Shape, curve, oval, ring
from benchmark.engines.toon.traits import Traits
from benchmark.parts import PART_IDS

NOSE = PART_IDS["nose"]

Outline = list[tuple[float, float]]

_SIDES: dict[str, Outline] = {
    "straight": [(0.42, 0), (0.36, 0.4), (0.46, 0.68), (0.92, 0.8), (0.84, 1.0)],
    "button": [(0.3, 0.42), (0.34, 0.58), (0.66, 0.68), (0.86, 0.84), (0.62, 1.02)],
    "hooked": [(0.44, 0), (0.62, 0.32), (0.5, 0.64), (0.86, 0.74), (0.74, 0.9)],
    "broad": [(0.52, 0.05), (0.5, 0.44), (0.78, 0.64), (1.36, 0.8), (1.16, 1.0)],
    "pointed": [(0.3, 0), (0.2, 0.42), (0.26, 0.7), (0.66, 0.82), (0.52, 0.94)],
}
"""Right side of each nose: x in wing widths, y from root (0) to base (1)."""

_TIPS = {
    "straight": 1.04,
    "button": 1.04,
    "hooked": 1.17,
    "broad": 1.02,
    "pointed": 1.13,
}
_TONES = {"straight": 0.5, "button": 0.5, "hooked": 0.5, "broad": 0.5, "pointed": 0.5}


@dataclass(frozen=True)
class Nose:
    """A nose's measures: half width of the wings, height of base and root."""

    name: str
    wing: float
    base: float
    length: float

    @classmethod
    def of(cls, traits: Traits, head: Head) -> Nose:
        """The nose of an avatar, held within the middle of its face."""
        return cls(
            name=traits.nose,
            wing=(17 + 21 * traits.nose_width) * (0.5 + 0.5 * head.cheek / 114),
            base=EYE_LINE + head.face * (0.475 - 0.14 * traits.nose_position),
            length=(44 + 46 * traits.nose_height) * (0.5 + 0.5 * head.face / 156),
        )

    def point(self, x: float, y: float) -> Point:
        """A point of `_SIDES` on the canvas."""
        return MIDDLE + x * self.wing, self.base - (1 - y) * self.length


def draw_nose(nose: Nose, skin: SkinTones) -> list[Shape]:
    """The nose: a lit bridge, shaded flanks, tip and nostrils."""
    right = [nose.point(x, y) for x, y in _SIDES[nose.name]]
    left = [(2 * MIDDLE - x, y) for x, y in reversed(right)]
    tip = nose.point(0, _TIPS[nose.name])
    under = [right[-1], tip, left[0]]
    outline = ring(right, under, left)
    wing = [nose.point(x, y) for x, y in _SIDES[nose.name][-3:]]
    base = [*wing, nose.point(0.34, _TIPS[nose.name] - 0.02), tip]
    mirror = [(2 * MIDDLE - x, y) for x, y in reversed(base)]
    bridge = right[:3]
    shapes = [
        Shape(outline, "url(#nose)", NOSE),
        Shape(curve(bridge), "none", None, skin.shade, 3, 0.7),
        Shape(curve([*base, *mirror[1:]]), "none", None, skin.line, 3, 0.7),
    ]
    shapes += _nostrils(nose, skin)
    shapes.append(Shape(_shine(nose), skin.light, opacity=0.9))
    return shapes


def _nostrils(nose: Nose, skin: SkinTones) -> list[Shape]:
    reach = {"broad": 0.6, "pointed": 0.26}.get(nose.name, 0.4)
    shapes = []
    for side in (-1, 1):
        x, y = nose.point(side * reach, _TIPS[nose.name] - 0.1)
        shapes.append(Shape(oval(x, y, 0.2 * nose.wing, 3.2), skin.line, opacity=0.7))
    return shapes


def _shine(nose: Nose) -> str:
    drop = {"hooked": 0.34, "pointed": 0.98}.get(nose.name, 0.82)
    x, y = nose.point(-0.04, drop)
    wide = {"pointed": 0.1, "button": 0.3, "broad": 0.3}.get(nose.name, 0.2)
    tall = {"hooked": 0.26}.get(nose.name, 0.09)
    return oval(x, y, wide * nose.wing, tall * nose.length)


def nose_gradient(skin: SkinTones) -> str:
    """The gradient of the nose: the skin at the root, shaded towards the base."""
    return (
        '<linearGradient id="nose" x2="0" y2="1">'
        f'<stop offset=".1" stop-color="{skin.shade}" stop-opacity=".3"/>'
        f'<stop offset="1" stop-color="{skin.shade}" stop-opacity=".72"/>'
        "</linearGradient>"
    )
