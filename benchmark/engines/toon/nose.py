"""Draw noses: five shapes, each scaled by width and length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from benchmark.avatars.part_classes import PART_IDS
from benchmark.engines.toon.head import EYE_LINE, MIDDLE, Head
from benchmark.engines.toon.palette import SkinTones
from benchmark.engines.toon.svg import Point, Shape, curve, mirrored, oval, ring
from benchmark.engines.toon.traits import Traits

NOSE = PART_IDS["nose"]


class _Form(NamedTuple):
    """A nose shape: x in half widths of the wings, y from root (0) to base (1).

    Attributes:
        side: points down the right of the nose; the last three are the wing.
        tip: y of the tip.
        nostril: x of the nostrils.
        shine: y, half width and half length of the highlight.
    """

    side: tuple[Point, ...]
    tip: float
    nostril: float
    shine: tuple[float, float, float]


_FORMS = {
    "straight": _Form(
        ((0.48, 0), (0.44, 0.4), (0.5, 0.68), (0.96, 0.8), (0.86, 1.0)),
        tip=1.05,
        nostril=0.42,
        shine=(0.8, 0.2, 0.1),
    ),
    "button": _Form(
        ((0.2, 0.44), (0.36, 0.53), (0.78, 0.58), (0.98, 0.76), (0.66, 0.93)),
        tip=0.93,
        nostril=0.36,
        shine=(0.68, 0.34, 0.09),
    ),
    "hooked": _Form(
        ((0.42, 0), (0.66, 0.3), (0.54, 0.62), (0.86, 0.76), (0.74, 0.93)),
        tip=1.17,
        nostril=0.4,
        shine=(0.34, 0.16, 0.16),
    ),
    "broad": _Form(
        ((0.56, 0.05), (0.56, 0.44), (0.86, 0.62), (1.42, 0.8), (1.2, 1.0)),
        tip=1.03,
        nostril=0.64,
        shine=(0.8, 0.34, 0.1),
    ),
    "pointed": _Form(
        ((0.26, 0), (0.18, 0.42), (0.24, 0.74), (0.6, 0.86), (0.48, 0.98)),
        tip=1.2,
        nostril=0.28,
        shine=(0.92, 0.1, 0.16),
    ),
}


@dataclass(frozen=True)
class Nose:
    """Measures of a nose: half width of the wings, canvas y of the base, length."""

    form: _Form
    wing: float
    base: float
    length: float

    @classmethod
    def of(cls, traits: Traits, head: Head) -> Nose:
        """The nose of an avatar, scaled with its face."""
        return cls(
            form=_FORMS[traits.nose],
            wing=(17 + 21 * traits.nose_width) * (0.5 + 0.5 * head.cheek / 114),
            base=EYE_LINE + head.face * (0.475 - 0.14 * traits.nose_position),
            length=(44 + 46 * traits.nose_height) * (0.5 + 0.5 * head.face / 156),
        )

    def point(self, x: float, y: float) -> Point:
        """Canvas position of a point of the shape."""
        return MIDDLE + x * self.wing, self.base - (1 - y) * self.length


def draw_nose(nose: Nose, skin: SkinTones) -> list[Shape]:
    """The nose: flanks, wings, nostrils, highlight and shadow."""
    form = nose.form
    right = [nose.point(x, y) for x, y in form.side]
    tip = nose.point(0, form.tip)
    left = mirrored(right)
    wing = [*right[-3:], nose.point(0.4 * form.side[-1][0], form.tip - 0.02), tip]
    below = nose.point(0, form.tip + 0.03)
    shadow = [right[-1], (below[0], below[1] + 11), left[0]]
    return [
        Shape(ring([left[0], tip, right[-1]], shadow), skin.shade, opacity=0.5),
        Shape(ring(right, [right[-1], tip, left[0]], left), "url(#nose)", NOSE),
        Shape(curve(right[:3]), "none", None, skin.shade, 3, 0.7),
        Shape(curve([*wing, *mirrored(wing)[1:]]), "none", None, skin.line, 3, 0.7),
        *_nostrils(nose, skin),
        _shine(nose, skin),
    ]


def _nostrils(nose: Nose, skin: SkinTones) -> list[Shape]:
    shapes = []
    for side in (-1, 1):
        x, y = nose.point(side * nose.form.nostril, nose.form.tip - 0.1)
        shapes.append(Shape(oval(x, y, 0.2 * nose.wing, 3.2), skin.line, opacity=0.65))
    return shapes


def _shine(nose: Nose, skin: SkinTones) -> Shape:
    height, wide, long = nose.form.shine
    x, y = nose.point(-0.04, height)
    spot = oval(x, y, wide * nose.wing, long * nose.length)
    return Shape(spot, skin.light, opacity=0.85)


def nose_gradient(skin: SkinTones) -> str:
    """SVG gradient of the nose: transparent at the root, shaded at the base."""
    return (
        '<linearGradient id="nose" x2="0" y2="1">'
        f'<stop stop-color="{skin.shade}" stop-opacity="0"/>'
        f'<stop offset=".28" stop-color="{skin.shade}" stop-opacity=".42"/>'
        f'<stop offset="1" stop-color="{skin.shade}" stop-opacity=".8"/>'
        "</linearGradient>"
    )
