"""Draw eyes for any blend of eye types: white, iris, lids and lashes."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians, sin

import numpy as np

from benchmark.avatars.part_classes import PART_IDS
from benchmark.engines.toon.head import EYE_LINE, MIDDLE, Head
from benchmark.engines.toon.palette import SkinTones
from benchmark.engines.toon.svg import Point, Shape, curve, oval, ring
from benchmark.engines.toon.traits import Traits

EYES = PART_IDS["eyes"]
LASH = "#2b1c18"

_BASE = np.array([33, 17, 19.5, 15, 12, 0, 8, 6], dtype=np.float64)
_DELTAS = np.array(
    [
        [-1, 8, 8, 8, 6, 1, 0, -1],
        [4, -2, -3, -5, -4, -7, 0, 0],
        [0, -3, -6, -6, -1, 1, 3, 9],
        [0, 1, -1, -4, 2, 9, 1, 1],
    ],
    dtype=np.float64,
)


@dataclass(frozen=True)
class Eye:
    """Measures of one eye in canvas units.

    Attributes:
        x: distance from the middle of the face.
        half_width: half the width of the opening.
        inner_lid, top_lid, outer_lid: heights of the upper lid's edge, up positive.
        lower_lid: depth of the lower lid's edge, down positive.
        outer: drop of the outer corner, down positive.
        crease: distance from the upper lid's edge to the fold above it.
        fold: thickness of the skin fold over the lid.
        turn: rotation in degrees.
        scale: size factor of the eye's details.
    """

    x: float
    half_width: float
    inner_lid: float
    top_lid: float
    outer_lid: float
    lower_lid: float
    outer: float
    crease: float
    fold: float
    turn: float
    scale: float

    @classmethod
    def of(cls, traits: Traits, head: Head) -> Eye:
        """The eye on the right of the picture."""
        breadth = head.skull / 114
        scale = (0.78 + 0.44 * traits.eye_size) * (0.6 + 0.4 * breadth)
        marks = (_BASE + np.asarray(traits.eye, dtype=np.float64) @ _DELTAS) * scale
        names = ("half_width", "inner_lid", "top_lid", "outer_lid", "lower_lid")
        names = (*names, "outer", "crease", "fold")
        measures = dict(zip(names, marks.tolist(), strict=True))
        offset = (47 + 20 * traits.eye_spacing) * (0.35 + 0.65 * breadth)
        # Large eyes must not overlap at the nose or extend beyond a narrow face.
        reach = measures["half_width"]
        offset = max(min(offset, head.side(EYE_LINE) - reach - 4), reach + 10)
        turn = -13 + 26 * traits.eye_rotation
        return cls(x=offset, turn=turn, scale=scale, **measures)

    @property
    def brow_gap(self) -> float:
        """Distance above the eye line that brows must keep."""
        return max(self.top_lid, self.inner_lid) + self.crease

    def place(self, x: float, y: float, side: int) -> Point:
        """Canvas position of an eye's point (x outward, y down); side is -1 or 1."""
        a = radians(-self.turn)
        across, down = x * cos(a) - y * sin(a), x * sin(a) + y * cos(a)
        return MIDDLE + side * (self.x + across), EYE_LINE + down


def draw_eyes(eye: Eye, skin: SkinTones) -> list[Shape]:
    """Both eyes with lids and lashes."""
    return [shape for side in (-1, 1) for shape in _draw_eye(eye, skin, side)]


def _draw_eye(eye: Eye, skin: SkinTones, side: int) -> list[Shape]:
    def put(points: list[Point]) -> list[Point]:
        return [eye.place(x, y, side) for x, y in points]

    w = eye.half_width
    upper = [
        (-w, 3.0),
        (-0.55 * w, -0.84 * eye.inner_lid),
        (0.02 * w, -eye.top_lid),
        (0.6 * w, -0.92 * eye.outer_lid + 0.3 * eye.outer),
        (w, eye.outer),
    ]
    lower = [
        (w, eye.outer),
        (0.55 * w, 0.86 * eye.lower_lid + 0.35 * eye.outer),
        (-0.05 * w, eye.lower_lid),
        (-0.6 * w, 0.75 * eye.lower_lid + 1),
        (-w, 3.0),
    ]
    rise = eye.crease
    fold = [
        (-1.04 * w, -1.0),
        (-0.6 * w, -0.9 * eye.inner_lid - rise),
        (0.02 * w, -eye.top_lid - rise),
        (0.68 * w, -0.9 * eye.outer_lid + 0.35 * eye.outer - rise),
        (1.14 * w, eye.outer - 0.35 * rise),
    ]
    lash = [
        (1.2 * w, eye.outer - 5 * eye.scale),
        (0.64 * w, -0.96 * eye.outer_lid + 0.3 * eye.outer - 5 * eye.scale),
        (0.02 * w, -eye.top_lid - 4.2 * eye.scale),
        (-0.6 * w, -0.86 * eye.inner_lid - 2.4 * eye.scale),
        (-1.02 * w, 2.5),
    ]
    under = [(x, y + 4.5 * eye.scale) for x, y in reversed(upper)]
    radius = max(0.46 * (eye.top_lid + eye.lower_lid), 10 * eye.scale) + 3 * eye.scale
    iris_x, iris_y = eye.place(0, eye.lower_lid - radius + 0.5, side)
    heavy = [(x, y + 0.75 * eye.fold) for x, y in reversed(fold)]
    return [
        Shape(ring(put(upper), put(lower)), "#fdfcfa", EYES),
        Shape(oval(iris_x, iris_y, radius, radius), "url(#iris)", None, "#2c1a12", 1.6),
        Shape(oval(iris_x, iris_y, 0.46 * radius, 0.46 * radius), "#1a0f0c"),
        Shape(
            oval(
                iris_x + 0.34 * radius,
                iris_y - 0.4 * radius,
                0.25 * radius,
                0.25 * radius,
            ),
            "#fff",
        ),
        Shape(
            oval(
                iris_x - 0.3 * radius,
                iris_y + 0.45 * radius,
                0.13 * radius,
                0.13 * radius,
            ),
            "#fff",
            opacity=0.7,
        ),
        Shape(ring(put(upper), put(under)), "#5a4a58", opacity=0.22),
        Shape(ring(put(fold), put(list(reversed(upper)))), skin.lid),
        Shape(ring(put(fold), put(heavy)), skin.shade, opacity=0.85),
        Shape(curve(put(fold)), "none", None, skin.line, 2 * eye.scale, 0.8),
        Shape(curve(put(lower)), "none", None, skin.line, 1.8 * eye.scale, 0.7),
        Shape(ring(put(upper), put(lash)), LASH, EYES),
    ]


def iris_gradient() -> str:
    """SVG gradient of the iris: dark at the top, light at the bottom."""
    return (
        '<linearGradient id="iris" x2="0" y2="1"><stop stop-color="#3b2314"/>'
        '<stop offset=".55" stop-color="#7a4a26"/>'
        '<stop offset="1" stop-color="#b57a3e"/></linearGradient>'
    )
