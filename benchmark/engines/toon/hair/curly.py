"""Draw curly and coily hair, with bumpy contours and small rings."""

from __future__ import annotations

from benchmark.engines.toon.hair.cropped import SIDEBURN, shaved_sides
from benchmark.engines.toon.hair.scalp import (
    HAIR,
    Hair,
    Scalp,
    hairline,
    scalloped,
    spaced,
)
from benchmark.engines.toon.head import MIDDLE
from benchmark.engines.toon.svg import Point, Shape, bumps, curve, mirrored, ring


def _rows(
    s: Scalp, low: tuple[float, float], high: tuple[float, float], size: float
) -> list[Shape]:
    """Curls in rows between two domes, each given as (pad, rise)."""
    places: list[Point] = []
    rows = max(2, round((high[1] - low[1]) / (2.6 * size)))
    for row in range(rows):
        share = (row + 0.5) / rows
        pad = low[0] + (high[0] - low[0]) * share
        rise = low[1] + (high[1] - low[1]) * share
        turn = 8 if row % 2 else 2
        places += spaced(s.dome(pad, rise, 170 - turn, 10 + turn, 12), 3.1 * size)
    return s.curls(places, size)


def curly_short(s: Scalp) -> Hair:
    """Round curls over crown, forehead and the tops of the ears."""
    left = [s.edge(v, 12, -1) for v in (-0.06, 0.14)]
    outer = spaced([*left, *s.dome(16, 38, 176, 4, 13), *mirrored(left)], 31)
    inner = [
        s.edge(-0.06, -12), s.edge(0.16, -18), s.at(0.72, 0.46), s.at(0.46, 0.55),
        s.at(0.22, 0.48), s.at(-0.04, 0.56), s.at(-0.28, 0.49), s.at(-0.52, 0.56),
        s.at(-0.74, 0.46), s.edge(0.16, -18, -1), s.edge(-0.06, -12, -1),
    ]  # fmt: skip
    return Hair([*scalloped(s, outer, inner), *_rows(s, (-30, -40), (8, 32), 9)])


def curly_fade(s: Scalp) -> Hair:
    """Shaved sides and tall curls on the top."""
    outer = spaced(
        [s.edge(0.52, 0, -1), *s.dome(-4, 62, 155, 25, 11), s.edge(0.52, 0)], 30
    )
    inner = [
        s.at(u, 0.6 + (0.06 if i % 2 else 0.0))
        for i, u in enumerate((0.8, 0.54, 0.28, 0.02, -0.26, -0.54, -0.8))
    ]
    top = scalloped(s, outer, inner)
    curls = [
        s.at(u, v)
        for v, us in (
            (0.8, (-0.62, -0.3, 0.04, 0.36, 0.66)),
            (1.0, (-0.7, -0.4, -0.1, 0.22, 0.54)),
            (1.2, (-0.5, -0.2, 0.1, 0.4)),
        )
        for u in us
    ]
    return Hair([*shaved_sides(s), *top, *s.curls(curls, 9)])


def coily_short(s: Scalp) -> Hair:
    """A close crop of tight coils with a neat, curved hairline."""
    outer = spaced(s.cap(6, 18, SIDEBURN), 11)
    inner = spaced(hairline(s, 0.76, 0.6, 0.69, SIDEBURN), 11)
    return Hair([*scalloped(s, outer, inner), *_rows(s, (-16, -30), (2, 12), 4.5)])


def flat_top(s: Scalp) -> Hair:
    """A tall, level block of coils over shaved sides."""
    right = [
        s.edge(0.56, 1),
        s.at(0.98, 0.9),
        s.at(1.04, 1.2),
        s.at(0.96, 1.3),
        s.at(0.4, 1.33),
    ]
    outer = spaced(
        [*[(2 * MIDDLE - x, y) for x, y in right], s.at(0, 1.335), *right[::-1]], 12
    )
    inner = spaced(
        [
            s.edge(0.58, -4),
            s.at(0.7, 0.66),
            s.at(0, 0.68),
            s.at(-0.7, 0.66),
            s.edge(0.58, -4, -1),
        ],
        12,
    )
    places = [
        s.at(u * (0.74 + 0.22 * (v - 0.7)) + (0.06 if k % 2 else -0.04), v)
        for k, v in enumerate((0.78, 0.92, 1.06, 1.2))
        for u in (-1, -0.66, -0.33, 0, 0.33, 0.66, 1)
    ]
    return Hair([*shaved_sides(s), *scalloped(s, outer, inner), *s.curls(places, 4.5)])


def afro(s: Scalp) -> Hair:
    """A large, round afro of coils."""
    back = _cloud(s, 56, 58, -0.34, 22)
    left = [s.edge(-0.2, 40, -1), s.edge(0.1, 52, -1)]
    outer = spaced([*left, *s.dome(56, 58, 176, 4, 15), *mirrored(left)], 22)
    right = [s.edge(-0.2, -6), s.edge(0.14, -18), s.at(0.72, 0.5), s.at(0.4, 0.6)]
    inner = spaced([*right, s.at(0, 0.62), *mirrored(right)], 17)
    return Hair(
        [*scalloped(s, outer, inner), *_rows(s, (-22, -34), (50, 54), 6.5)], [back]
    )


def _cloud(s: Scalp, pad: float, rise: float, low: float, step: float) -> Shape:
    """Shape of the part of a large hairstyle that lies behind ears and neck."""
    left = [
        s.at(-0.5, low - 0.12),
        s.edge(low, 0.55 * pad, -1),
        s.edge(0.5 * low, 0.84 * pad, -1),
    ]
    outer = spaced([*left, *s.dome(pad, rise, 176, 4, 13), *mirrored(left)], step)
    return s.behind(f"M{bumps(outer)}Z")


def bob_curly(s: Scalp) -> Hair:
    """A full head of curls that ends at the chin."""
    return _curly_fall(s, 38, 42, -0.92, 29)


def long_curly(s: Scalp) -> Hair:
    """Curls that fall over the shoulders from a middle parting."""
    return _curly_fall(s, 34, 34, -1.62, 31)


def _curly_fall(s: Scalp, pad: float, rise: float, low: float, step: float) -> Hair:
    wide = s.head.skull + pad
    drop = s.y(low)
    left = [
        (MIDDLE - 0.66 * wide, drop),
        (MIDDLE - 0.98 * wide, drop - 16),
        (MIDDLE - 1.12 * wide, 0.45 * s.y(0.3) + 0.55 * drop),
        (MIDDLE - 1.06 * wide, s.y(0.0)),
    ]
    outer = spaced([*left, *s.dome(pad, rise, 174, 6, 13), *mirrored(left)], step)
    right = [
        (MIDDLE + 0.6 * wide, drop),
        (MIDDLE + 0.62 * wide, min(drop - 8, s.y(-1.06))),
        s.edge(-0.62, -4),
        s.edge(-0.2, -12),
        s.edge(0.16, -18),
        s.at(0.6, 0.52),
        s.at(0.3, 0.66),
    ]
    inner = spaced([*right, s.at(0, 0.82), *mirrored(right)], 0.8 * step)
    places: list[Point] = []
    for side in (-1, 1):
        for k, v in enumerate((0.2, 0.0, -0.2, -0.4, -0.6, -0.8, -1.0, -1.2, -1.4)):
            if v < low + 0.1:
                break
            near = s.head.side(s.y(max(v, -0.7))) + 6
            span = 1.04 * wide - near
            for share in (0.22, 0.72) if k % 2 else (0.0, 0.48):
                places.append((MIDDLE + side * (near + share * span), s.y(v)))
    back = s.behind(
        ring(
            [(MIDDLE - 0.8 * wide, s.y(0.5)), (MIDDLE - 0.85 * wide, drop - 14)],
            [(MIDDLE + 0.85 * wide, drop - 14), (MIDDLE + 0.8 * wide, s.y(0.5))],
        )
    )
    curls = [*s.curls(places, 9.5), *_rows(s, (-26, -34), (pad - 6, rise - 6), 9.5)]
    return Hair([*scalloped(s, outer, inner), *curls], [back], ears=False)


def locs(s: Scalp) -> Hair:
    """Locs to the shoulders with a middle parting, drawn as thick strands."""
    right = [s.edge(-0.1, -10), s.edge(0.2, -14), s.at(0.72, 0.55), s.at(0.34, 0.76)]
    inner = [*right, s.at(0, 0.88), *mirrored(right)]
    front = s.shell(s.cap(10, 20, -0.1), inner)
    for side in (-1, 1):
        for k in (5, 4, 3, 2, 1, 0):
            front += _rope(s, _loc(s, side, k))
    corners = [s.at(-0.9, 0.5), s.at(-0.95, -1.1)]
    back = s.behind(ring(corners, mirrored(corners)))
    return Hair(front, [back], ears=False)


def _loc(s: Scalp, side: int, k: int) -> list[Point]:
    """Points along loc k on one side; loc 0 is beside the face."""
    temple_x, temple_y = s.edge(0.24, -6 + 5.5 * k, side)
    cheek_x, cheek_y = s.edge(-0.34, 2 + 8 * k, side)
    return [
        s.at(side * 0.04, 0.92 + 0.037 * k),
        s.at(side * (0.46 + 0.055 * k), 0.68 + 0.055 * k),
        (temple_x, temple_y - 4 * k),
        (cheek_x, cheek_y),
        (
            MIDDLE + side * (0.66 + 0.14 * k) * s.head.skull,
            s.y(-1.24 + 0.06 * abs(k - 2)),
        ),
    ]


def _rope(s: Scalp, points: list[Point]) -> list[Shape]:
    path = curve(points)
    knots = spaced(points, 13)
    twists = "".join(
        [f"M{x - 5:.1f} {y - 2:.1f}L{x + 5:.1f} {y + 2:.1f}" for x, y in knots[2:-1]]
    )
    return [
        Shape(path, "none", HAIR, s.tones.line, 19),
        Shape(path, "none", HAIR, s.tones.base, 15),
        Shape(twists, "none", None, s.tones.line, 2, 0.55),
    ]
