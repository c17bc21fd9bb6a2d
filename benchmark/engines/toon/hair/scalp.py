"""Coordinates that follow any head's outline, and shapes that hairstyles share."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from math import cos, pi, sin

from benchmark.avatars.part_classes import PART_IDS
from benchmark.engines.toon.head import EYE_LINE, MIDDLE, Head
from benchmark.engines.toon.palette import HairTones, SkinTones
from benchmark.engines.toon.svg import Point, Shape, bumps, curve, mirrored, ring

HAIR = PART_IDS["hair"]
FILL, BACK_FILL = "url(#hair)", "url(#hairback)"


@dataclass(frozen=True)
class Hair:
    """A drawn hairstyle.

    Attributes:
        front: shapes that are painted over the face.
        back: shapes that are painted behind the neck.
        ears: whether ears are drawn; false if the hair hides them.
    """

    front: list[Shape]
    back: list[Shape] = field(default_factory=list)
    ears: bool = True


@dataclass(frozen=True)
class Scalp:
    """Coordinates on a head: u across (-1 to 1), v up (-1 chin, 0 eyes, 1 crown)."""

    head: Head
    tones: HairTones
    skin: SkinTones

    def x(self, u: float) -> float:
        """Canvas x of u; u = 1 is the right edge of the skull's widest part."""
        return MIDDLE + u * self.head.skull

    def y(self, v: float) -> float:
        """Canvas y of v; 0 is the eye line, 1 the crown, -1 the chin."""
        if v < 0:
            return EYE_LINE - v * self.head.face
        return EYE_LINE - v * (EYE_LINE - self.head.crown)

    def at(self, u: float, v: float) -> Point:
        """Canvas position of (u, v)."""
        return self.x(u), self.y(v)

    def edge(self, v: float, grow: float, side: int = 1) -> Point:
        """Point of the face's outline at v, moved outwards by `grow` canvas units."""
        y = self.y(v)
        return MIDDLE + side * (self.head.side(y) + grow), y

    def dome(
        self,
        pad: float,
        rise: float,
        start: float = 180,
        end: float = 0,
        count: int = 9,
        square: float = 2.0,
    ) -> list[Point]:
        """Points over the crown from angle `start` to `end` (180 left, 0 right).

        The distance from the skull is `pad` at the sides and `rise` at the top. A
        `square` above 2 flattens the arc.
        """
        level = self.y(0.42)
        rx, ry = self.head.skull + pad, level - self.head.crown + rise
        points = []
        for i in range(count):
            angle = (start + (end - start) * i / (count - 1)) * pi / 180
            c, s = cos(angle), sin(angle)
            points.append(
                (
                    MIDDLE + rx * _power(c, 2 / square),
                    level - ry * _power(s, 2 / square),
                )
            )
        return points

    def cap(
        self, pad: float, rise: float, low: float, square: float = 2.0
    ) -> list[Point]:
        """The dome with straight sides down to v = `low`, from left to right."""
        left = []
        for share in (0.0, 0.36, 0.72):
            # Sides widen towards the dome; otherwise there would be a notch.
            y = self.y(low + (0.42 - low) * share)
            side = self.head.side(y)
            left.append((MIDDLE - side - pad - (self.head.skull - side) * share, y))
        return [*left, *self.dome(pad, rise, square=square), *mirrored(left)]

    def shell(self, outer: list[Point], inner: list[Point]) -> list[Shape]:
        """Hair between an outer contour (left to right) and a hairline (right to left).

        The hairline is limited to the face, so that no backdrop shows beside narrow
        temples. Its shadow falls on the face.
        """
        inner = self.within(inner)
        return [self.shadow(inner), self.mass(ring(outer, inner))]

    def within(self, points: list[Point]) -> list[Point]:
        """The points, moved inwards if they lie beyond a narrow forehead."""
        inside = []
        for x, y in points:
            reach = self.head.side(y) - 8
            if y < EYE_LINE and reach > 0:
                x = min(max(x, MIDDLE - reach), MIDDLE + reach)
            inside.append((x, y))
        return inside

    def shadow(self, inner: list[Point], drop: float = 10) -> Shape:
        """The shadow of a hairline on the skin below it."""
        inner = [
            (x, y)
            for x, y in inner
            if y < self.y(-0.5) and abs(x - MIDDLE) <= self.head.side(y)
        ]
        lower = [(x + 0.05 * (MIDDLE - x), y + drop) for x, y in reversed(inner)]
        return Shape(ring(inner, lower), self.skin.shade, opacity=0.6)

    def mass(self, path: str, fill: str = FILL) -> Shape:
        """A body of hair with an outline."""
        return Shape(path, fill, HAIR, self.tones.line, 2.5)

    def behind(self, path: str) -> Shape:
        """A body of hair behind the head, in darker tones."""
        return Shape(path, BACK_FILL, HAIR, self.tones.line, 2.5)

    def strands(
        self, *lines: list[Point], width: float = 2.2, alpha: float = 0.45
    ) -> Shape:
        """Thin dark lines along the hair."""
        path = "".join([curve(points) for points in lines])
        return Shape(path, "none", None, self.tones.line, width, alpha)

    def glints(
        self, *lines: list[Point], width: float = 5, alpha: float = 0.55
    ) -> Shape:
        """Highlights: light lines along the hair."""
        path = "".join([curve(points) for points in lines])
        return Shape(path, "none", None, self.tones.shine, width, alpha)

    def halo(
        self,
        pad: float,
        rise: float,
        start: float = 140,
        end: float = 98,
        wide: float = 13,
    ) -> Shape:
        """A highlight along the dome."""
        upper = self.dome(pad, rise, start, end, 5)
        lower = self.dome(pad - wide, rise - wide, end, start, 5)
        lower[0], lower[-1] = upper[-1], upper[0]
        return Shape(ring(upper, lower), self.tones.shine, opacity=0.5)

    def curls(
        self, points: list[Point], size: float, alpha: float = 0.5
    ) -> list[Shape]:
        """Small open rings at the given points, each with a highlight."""
        dark, light = [], []
        for i, (x, y) in enumerate(points):
            sweep, turn = i % 2, 1 if i % 2 else -1
            start = f"M{x - turn * 0.7 * size:.1f} {y + 0.4 * size:.1f}"
            end = f"{turn * 1.2 * size:.1f} {0.4 * size:.1f}"
            dark.append(f"{start}a{size:.1f} {size:.1f} 0 1 {sweep} {end}")
            light.append(
                f"M{x - 0.5 * size:.1f} {y - 0.9 * size:.1f}"
                f"a{size:.1f} {size:.1f} 0 0 1 {size:.1f} {-0.1 * size:.1f}"
            )
        return [
            Shape("".join(dark), "none", None, self.tones.line, 2.2, alpha),
            Shape("".join(light), "none", None, self.tones.shine, 2.4, alpha),
        ]


def _power(value: float, exponent: float) -> float:
    return abs(value) ** exponent * (1 if value >= 0 else -1)


def hairline(
    s: Scalp, corner: float, top: float, front: float, low: float
) -> list[Point]:
    """A plain hairline from the right sideburn to the left one.

    `corner` and `top` are u and v of the temple corner, `front` is v of the middle, and
    `low` is v of the sideburns.
    """
    right = [
        s.edge(low, -13),
        s.edge(0.5 * (low + top) - 0.05, -15),
        s.at(corner, top),
        s.at(0.55 * corner, front - 0.015),
    ]
    return [*right, s.at(0, front), *mirrored(right)]


def scalloped(s: Scalp, outer: list[Point], inner: list[Point]) -> list[Shape]:
    """Hair with a bumpy contour, and the hairline's shadow."""
    inner = s.within(inner)
    mass = s.mass(f"M{bumps(outer)}L{bumps(inner)}Z")
    return [s.shadow(inner, 16), mass]


def spaced(points: list[Point], step: float) -> list[Point]:
    """Resample a polyline in equal steps of about `step`."""
    lengths = [0.0]
    for (x0, y0), (x1, y1) in pairwise(points):
        lengths.append(lengths[-1] + ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5)
    count = max(2, round(lengths[-1] / step) + 1)
    walked, i = [], 0
    for k in range(count):
        target = lengths[-1] * k / (count - 1)
        while i < len(lengths) - 2 and lengths[i + 1] < target:
            i += 1
        share = (target - lengths[i]) / max(lengths[i + 1] - lengths[i], 1e-6)
        (x0, y0), (x1, y1) = points[i], points[i + 1]
        walked.append((x0 + (x1 - x0) * share, y0 + (y1 - y0) * share))
    return walked


def swayed(points: list[Point], amount: float, step: float) -> list[Point]:
    """Resample a polyline and offset its points alternately, which gives a wave."""
    walked = spaced(points, step)
    waves = [walked[0]]
    for i in range(1, len(walked) - 1):
        (x0, y0), (x1, y1) = walked[i - 1], walked[i + 1]
        length = max(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5, 1e-6)
        push = amount if i % 2 else -amount
        x, y = walked[i]
        waves.append((x + push * (y1 - y0) / length, y - push * (x1 - x0) / length))
    return [*waves, walked[-1]]


def hair_gradients(tones: HairTones) -> str:
    """SVG gradients of hair in front of and behind the head."""
    return (
        '<linearGradient id="hair" x2=".25" y2="1">'
        f'<stop stop-color="{tones.light}"/>'
        f'<stop offset=".45" stop-color="{tones.base}"/>'
        f'<stop offset="1" stop-color="{tones.dark}"/></linearGradient>'
        '<linearGradient id="hairback" x2="0" y2="1">'
        f'<stop stop-color="{tones.base}"/>'
        f'<stop offset=".6" stop-color="{tones.dark}"/></linearGradient>'
    )
