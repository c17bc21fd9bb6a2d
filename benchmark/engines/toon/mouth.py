"""Draw mouths: nine shapes made of upper lip, lower lip and the opening."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from benchmark.avatars.part_classes import PART_IDS
from benchmark.engines.toon.head import EYE_LINE, MIDDLE, Head
from benchmark.engines.toon.palette import SkinTones
from benchmark.engines.toon.svg import Point, Shape, curve, ring
from benchmark.engines.toon.traits import Traits

MOUTH = PART_IDS["mouth"]
INSIDE, TEETH, TONGUE = "#5c1a22", "#fdfaf5", "#d9626a"


class _Form(NamedTuple):
    """A mouth shape in canvas units on a face of height 156.

    Attributes:
        lift: rise of the corners, up positive.
        open: height of the opening between the lips.
        upper, lower: thicknesses of the lips.
        width: factor of the mouth's width.
        tilt: extra rise of the corner on the right of the picture.
        sag: offset of the whole mouth, down positive.
        teeth: share of the opening that teeth fill, from the top.
    """

    lift: float
    open: float = 0
    upper: float = 11
    lower: float = 15
    width: float = 1.0
    tilt: float = 0
    sag: float = 0
    teeth: float = 0


_FORMS = {
    "neutral": _Form(0, width=0.96),
    "soft_smile": _Form(13, upper=9, lower=11, width=1.15, sag=8),
    "closed_smile": _Form(21, upper=8, lower=11, width=1.22, sag=12),
    "teeth_smile": _Form(15, 20, 7, 9, 1.24, sag=2, teeth=1.0),
    "open_laugh": _Form(14, 38, 7, 9, 1.16, teeth=0.36),
    "straight": _Form(0, upper=4, lower=5, width=1.16, sag=1),
    "frown": _Form(-17, upper=9, lower=10, width=1.06, sag=-9),
    "pout": _Form(-4, upper=18, lower=26, width=0.58, sag=-2),
    "smirk": _Form(4, upper=8, lower=10, width=1.08, tilt=19, sag=3),
}


@dataclass(frozen=True)
class Mouth:
    """Measures of a mouth: y of the lip line, half width, factors and shape."""

    y: float
    half_width: float
    volume: float
    scale: float
    form: _Form

    @classmethod
    def of(cls, traits: Traits, head: Head) -> Mouth:
        """The mouth of an avatar, limited to the space between nose, chin and jaw."""
        form = _FORMS[traits.mouth]
        y = EYE_LINE + head.face * (0.745 - 0.11 * traits.mouth_position)
        room = min(1.1, max(0.68, head.side(y) / 88))
        return cls(
            y=y - 0.22 * form.open * head.face / 156,
            half_width=(25 + 35 * traits.mouth_width) * form.width * room,
            volume=(0.4 + 1.25 * traits.mouth_volume)
            * (0.86 + 0.28 * traits.mouth_width),
            scale=head.face / 156,
            form=form,
        )

    def at(self, x: float, drop: float) -> Point:
        """Canvas point at x (in half widths), `drop` below the lip line."""
        form = self.form
        bow = form.lift * x * x + form.tilt * (x + x * x) / 2
        return MIDDLE + x * self.half_width, self.y + self.scale * (
            form.sag + drop - bow
        )


def draw_mouth(mouth: Mouth, skin: SkinTones) -> list[Shape]:
    """Lips and, if the mouth is open, teeth and tongue."""
    parting = [mouth.at(x, 0) for x in (-1, -0.5, 0, 0.5, 1)]
    lip = _lips(mouth)
    shapes = [
        Shape(lip, "url(#lip)", MOUTH, skin.lip_dark, 1.2),
    ]
    if mouth.form.open:
        shapes += _opening(mouth)
    else:
        shapes.append(Shape(curve(parting), "none", MOUTH, skin.lip_dark, 3.4))
    return [*shapes, _gloss(mouth), *_corners(mouth, skin)]


def _lips(mouth: Mouth) -> str:
    upper, lower = mouth.form.upper * mouth.volume, mouth.form.lower * mouth.volume
    drop = mouth.form.open + lower
    top = [
        mouth.at(-1, 0),
        mouth.at(-0.5, -0.72 * upper),
        mouth.at(-0.18, -1.12 * upper),
        mouth.at(0, -0.86 * upper),
        mouth.at(0.18, -1.12 * upper),
        mouth.at(0.5, -0.72 * upper),
        mouth.at(1, 0),
    ]
    bottom = [
        mouth.at(1, 0),
        mouth.at(0.62, 0.74 * drop),
        mouth.at(0, drop),
        mouth.at(-0.62, 0.74 * drop),
        mouth.at(-1, 0),
    ]
    return ring(top, bottom)


def _opening(mouth: Mouth) -> list[Shape]:
    def below(depth: float, reach: float) -> list[Point]:
        return [
            mouth.at(x * reach, share * depth)
            for x, share in ((1, 0), (0.62, 0.74), (0, 1), (-0.62, 0.74), (-1, 0))
        ]

    form = mouth.form
    inner = [mouth.at(x, 1) for x in (-0.93, -0.45, 0, 0.45, 0.93)]
    shapes = [Shape(ring(inner, below(form.open, 0.93)), INSIDE, MOUTH)]
    if form.teeth < 1:
        tongue = [
            mouth.at(x, form.open * s) for x, s in ((-0.5, 0.8), (0, 0.6), (0.5, 0.8))
        ]
        floor = [
            mouth.at(x, form.open * s) for x, s in ((0.5, 0.8), (0, 0.97), (-0.5, 0.8))
        ]
        shapes.append(Shape(ring(tongue, floor), TONGUE))
    depth = form.open * (form.teeth if form.teeth < 1 else 0.9)
    shapes.append(Shape(ring(inner, below(depth, 0.9)), TEETH))
    return shapes


def mouth_shadow(mouth: Mouth, skin: SkinTones) -> Shape:
    """The soft shadow below the lower lip."""
    drop = mouth.form.open + mouth.form.lower * mouth.volume + 5
    points = [mouth.at(x, drop + d) for x, d in ((-0.42, -2), (0, 2), (0.42, -2))]
    return Shape(curve(points), "none", None, skin.shade, 6, 0.6)


def _gloss(mouth: Mouth) -> Shape:
    drop = mouth.form.open + 0.5 * mouth.form.lower * mouth.volume
    points = [mouth.at(x, drop) for x in (-0.28, 0, 0.28)]
    return Shape(curve(points), "none", None, "#fff", 2.2 * mouth.volume, 0.3)


def _corners(mouth: Mouth, skin: SkinTones) -> list[Shape]:
    shapes = []
    for side in (-1, 1):
        x, y = mouth.at(side, 0)
        slant = 2.5 if mouth.form.lift > 5 else -2.0 if mouth.form.lift < -5 else 0.0
        points = [(x - side, y + slant), (x + 3 * side, y - slant)]
        shapes.append(Shape(curve(points), "none", None, skin.line, 2.6, 0.8))
    return shapes


def lip_gradient(skin: SkinTones) -> str:
    """SVG gradient of the lips: dark upper lip, light lower lip."""
    return (
        '<linearGradient id="lip" x2="0" y2="1">'
        f'<stop offset=".3" stop-color="{skin.lip_dark}"/>'
        f'<stop offset=".55" stop-color="{skin.lip}"/></linearGradient>'
    )
