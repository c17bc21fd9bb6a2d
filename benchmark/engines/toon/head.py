"""Draw the head: outline for any blend of head types, skin, ears and neck."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from benchmark.avatars.part_classes import PART_IDS
from benchmark.engines.toon.palette import SkinTones
from benchmark.engines.toon.svg import Point, Shape, blob, mirrored, oval, ring
from benchmark.engines.toon.traits import Traits

MIDDLE = 256.0
EYE_LINE = 238.0
NECK = 44.0

SKIN, EARS, NECK_PART = PART_IDS["skin"], PART_IDS["ears"], PART_IDS["neck"]

_BASE = np.array([84, 103, 114, 95, 47, 394], dtype=np.float64)
_DELTAS = np.array(
    [
        [2, 3, 9, 13, 12, -14],
        [0, 6, 2, 14, 20, -2],
        [-4, -3, -7, -7, -4, 16],
        [0, 8, 2, -13, -15, 6],
        [-2, -11, 9, -9, -13, 5],
        [2, -8, 3, 17, 15, 0],
    ],
    dtype=np.float64,
)


@dataclass(frozen=True)
class Head:
    """The head's landmarks in canvas units.

    `crown` and `chin` are y coordinates, the others half widths. Each head type adds
    its weight times its own change of every landmark, so that any weights in 0-1 give a
    valid outline.
    """

    crown: float
    temple: float
    cheek: float
    jaw: float
    chin_width: float
    chin: float

    @classmethod
    def of(cls, traits: Traits) -> Head:
        """The head of an avatar."""
        marks = _BASE + np.asarray(traits.head, dtype=np.float64) @ _DELTAS
        crown, temple, cheek, jaw, chin_width, chin = (float(m) for m in marks)
        wide = 0.87 + 0.26 * traits.head_width
        long = 0.86 + 0.28 * traits.head_length
        return cls(
            crown=EYE_LINE - (EYE_LINE - crown) * (0.75 + 0.25 * long),
            temple=temple * wide,
            cheek=cheek * wide,
            jaw=jaw * wide,
            chin_width=chin_width * wide,
            chin=EYE_LINE + (chin - EYE_LINE) * long,
        )

    @property
    def face(self) -> float:
        """Height from the eye line to the chin; 156 with all weights 0."""
        return self.chin - EYE_LINE

    @property
    def neck(self) -> float:
        """Half width of the neck."""
        return min(NECK, 0.78 * self.jaw)

    @property
    def collar(self) -> float:
        """Canvas y where clothes meet the neck; it moves half as far as the chin."""
        return 430 + 0.5 * (self.chin - 394)

    @cached_property
    def half(self) -> list[Point]:
        """(half width, height) from the crown down to the chin."""
        temple_line = EYE_LINE - (EYE_LINE - self.crown) * 0.47
        dome = temple_line - self.crown
        return [
            (0, self.crown),
            (0.47 * self.temple, self.crown + 0.105 * dome),
            (0.82 * self.temple, self.crown + 0.44 * dome),
            (self.temple, temple_line),
            (self.cheek, EYE_LINE + 0.07 * self.face),
            (self.jaw, EYE_LINE + 0.6 * self.face),
            (self.chin_width, EYE_LINE + 0.925 * self.face),
            (0, self.chin),
        ]

    @cached_property
    def skull(self) -> float:
        """Largest half width above the jaw."""
        return max(self.temple, self.cheek)

    def side(self, y: float) -> float:
        """Half width of the outline at canvas y; 0 above crown and below chin."""
        marks = self._trace
        i = bisect_left(marks, (y,))
        if i == 0 or i == len(marks):
            return 0.0
        (y0, x0), (y1, x1) = marks[i - 1], marks[i]
        return x0 + (x1 - x0) * (y - y0) / (y1 - y0)

    @cached_property
    def _trace(self) -> list[Point]:
        half = self.half
        ends = [(-half[1][0], half[1][1]), *half, (-half[-2][0], half[-2][1])]
        marks: list[Point] = []
        for before, here, there, after in zip(
            ends, ends[1:], ends[2:], ends[3:], strict=False
        ):
            for t in (0.0, 0.25, 0.5, 0.75):
                x, y = (
                    _spline(b, h, n, a, t)
                    for b, h, n, a in zip(before, here, there, after, strict=True)
                )
                marks.append((y, x))
        marks.append((half[-1][1], 0.0))
        return sorted(marks)

    @cached_property
    def outline(self) -> str:
        """The closed path around face and skull."""
        right = [(MIDDLE + x, y) for x, y in self.half]
        return blob([*right, *mirrored(right[1:-1])])


def _spline(before: float, here: float, there: float, after: float, t: float) -> float:
    slope, next_slope = (there - before) / 2, (after - here) / 2
    rise = there - here
    return (
        here
        + slope * t
        + (3 * rise - 2 * slope - next_slope) * t * t
        + (slope + next_slope - 2 * rise) * t**3
    )


def draw_neck(head: Head, skin: SkinTones) -> list[Shape]:
    """The neck, with the head's shadow on it."""
    top, width = head.chin - 60, head.neck
    right = [
        (MIDDLE + width, top),
        (MIDDLE + width + 1, 0.4 * head.chin + 0.6 * head.collar - 8),
        (MIDDLE + width + 17, head.collar + 6),
    ]
    low_right = [right[-1], (MIDDLE + width + 17, 530)]
    low = head.chin + 24
    shadow = [(MIDDLE + width - 1, low - 24), (MIDDLE, low + 8)]
    shadow = [*shadow, (MIDDLE - width + 1, low - 24)]
    return [
        Shape(
            ring(right, low_right, mirrored(low_right), mirrored(right)),
            skin.base,
            NECK_PART,
            skin.line,
            2.5,
        ),
        Shape(
            ring([(MIDDLE - width + 1, top), (MIDDLE + width - 1, top)], shadow),
            skin.shade,
            opacity=0.75,
        ),
    ]


def draw_ears(head: Head, skin: SkinTones) -> list[Shape]:
    """Both ears, partly behind the head."""
    shapes = []
    y = EYE_LINE + 14
    x = head.side(y)
    for turn in (-1, 1):
        ear = [
            (MIDDLE + turn * (x + dx), y + dy)
            for dx, dy in (
                (-14, -26),
                (8, -29),
                (19, -12),
                (14, 14),
                (2, 30),
                (-14, 26),
            )
        ]
        inner = [
            (MIDDLE + turn * (x + dx), y + dy)
            for dx, dy in ((-4, -14), (7, -18), (12, -8), (8, 6), (3, 12), (-4, 14))
        ]
        shapes.append(Shape(blob(ear), skin.base, EARS, skin.line, 2.5))
        shapes.append(Shape(blob(inner), skin.shade, opacity=0.7))
    return shapes


def draw_face(head: Head, skin: SkinTones) -> list[Shape]:
    """The face's skin, with blush on the cheeks."""
    blush_y = EYE_LINE + 0.33 * head.face
    x = 0.6 * head.side(blush_y)
    shapes = [Shape(head.outline, "url(#face)", SKIN, skin.line, 2.5)]
    for turn in (-1, 1):
        shapes.append(
            Shape(oval(MIDDLE + turn * x, blush_y, 36, 26), "url(#blush)", opacity=0.42)
        )
    return shapes


def skin_gradients(skin: SkinTones) -> str:
    """SVG gradients of `draw_face`: lit forehead, shaded jaw, and blush."""
    return (
        '<radialGradient id="face" cx=".47" cy=".38" r=".66">'
        f'<stop offset="0" stop-color="{skin.light}"/>'
        f'<stop offset=".62" stop-color="{skin.base}"/>'
        f'<stop offset="1" stop-color="{skin.shade}"/></radialGradient>'
        f'<radialGradient id="blush"><stop stop-color="{skin.blush}"/>'
        f'<stop offset="1" stop-color="{skin.blush}" stop-opacity="0"/>'
        "</radialGradient>"
    )
