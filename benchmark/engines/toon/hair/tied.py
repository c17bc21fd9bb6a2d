"""Draw tied hair: buns, a ponytail and braids."""

from __future__ import annotations

from benchmark.engines.toon.hair.scalp import Hair, Scalp, hairline
from benchmark.engines.toon.head import MIDDLE
from benchmark.engines.toon.svg import Point, Shape, blob, mirrored, oval, ring

_TIE = "#c9586a"


def _drawn_back(s: Scalp, part: float | None) -> list[Shape]:
    """Hair drawn tight over the skull, with or without a parting."""
    right = [s.edge(0.0, -7), s.edge(0.2, -12), s.at(0.82, 0.5), s.at(0.62, 0.72)]
    if part is None:
        inner = [
            *right,
            s.at(0.3, 0.78),
            s.at(0, 0.79),
            s.at(-0.3, 0.78),
            *mirrored(right),
        ]
        lines = [
            [s.at(u, 0.8), s.at(0.76 * u, 0.98), s.at(0.3 * u, 1.1)]
            for u in (-0.44, -0.15, 0.15, 0.44)
        ]
        lines += [
            [s.edge(0.24, -8, k), s.edge(0.58, -9, k), s.edge(0.9, -8, k)]
            for k in (-1, 1)
        ]
    else:
        inner = [*right, s.at(part, 0.88), *mirrored(right)]
        lines = [
            [
                s.at(part + 0.06 * k, 1.02 - 0.09 * n),
                s.at(0.62 * k, 0.86 - 0.08 * n),
                s.at(0.99 * k, 0.3),
            ]
            for k in (-1, 1)
            for n in (0, 1)
        ]
        lines.append([s.at(part, 0.9), s.at(part, 1.08)])
    return [*s.shell(s.cap(4, 11, 0.0), inner), s.strands(*lines)]


def _bun(s: Scalp, x: float, y: float, rx: float, ry: float) -> list[Shape]:
    """A coil of hair with its windings."""
    turns = [
        [
            (x - 0.7 * rx, y + 0.3 * ry),
            (x, y - 0.1 * ry),
            (x + 0.72 * rx, y - 0.34 * ry),
        ],
        [
            (x - 0.4 * rx, y + 0.72 * ry),
            (x + 0.2 * rx, y + 0.4 * ry),
            (x + 0.8 * rx, y + 0.2 * ry),
        ],
        [
            (x - 0.66 * rx, y - 0.24 * ry),
            (x - 0.2 * rx, y - 0.56 * ry),
            (x + 0.3 * rx, y - 0.74 * ry),
        ],
    ]
    glow = [[(x - 0.52 * rx, y - 0.5 * ry), (x - 0.1 * rx, y - 0.76 * ry)]]
    return [s.mass(oval(x, y, rx, ry)), s.strands(*turns), s.glints(*glow, width=7)]


def bun_top(s: Scalp) -> Hair:
    """All hair drawn up into a bun on the crown."""
    y = s.head.crown - 32
    bun = _bun(s, MIDDLE, y, 46, 38)
    band = [(MIDDLE - 27, y + 29), (MIDDLE, y + 36), (MIDDLE + 27, y + 29)]
    return Hair(
        [
            *_drawn_back(s, None),
            s.strands(band, width=5, alpha=0.7),
            s.halo(-12, -4, 142, 108),
        ],
        bun,
    )


def bun_low(s: Scalp) -> Hair:
    """Parted hair tied in a low bun, with a loose lock before each ear."""
    front = _drawn_back(s, 0.0)
    for k in (-1, 1):
        outer = [
            s.edge(v, g, k) for v, g in ((0.4, -5), (0.1, 3), (-0.2, 7), (-0.62, 5))
        ]
        inner = [s.edge(-0.62, 5, k), s.edge(-0.22, -9, k), s.edge(0.1, -13, k)]
        inner.append(s.edge(0.4, -5, k))
        front.append(s.mass(ring(outer, inner)))
    x, y = s.at(0.74, -0.92)
    return Hair([*front, s.halo(-10, -4, 146, 104)], _bun(s, x, y, 48, 44))


def ponytail(s: Scalp) -> Hair:
    """A side fringe and a high ponytail that falls on the right."""
    tail_outer: list[Point] = [
        s.at(0.2, 1.1), s.at(0.62, 1.34), s.at(1.14, 1.16), s.at(1.44, 0.56),
        s.at(1.5, -0.2), s.at(1.42, -0.72), s.at(1.2, -1.16),
    ]  # fmt: skip
    tail_inner = [s.at(1.2, -1.16), s.at(1.1, -0.6), s.at(1.06, 0.1), s.at(0.84, 0.7)]
    lines = [
        [s.at(0.62, 1.2), s.at(1.06, 0.9), s.at(1.28, 0.1), s.at(1.24, -0.8)],
        [s.at(0.76, 1.22), s.at(1.24, 0.8), s.at(1.4, 0.0), s.at(1.3, -0.72)],
    ]
    glow = [[s.at(1.27, 0.66), s.at(1.4, 0.1)]]
    back = [
        s.mass(ring(tail_outer, tail_inner)),
        s.strands(*lines),
        s.glints(*glow, width=7),
    ]
    tie = blob([s.at(0.36, 1.16), s.at(0.56, 1.22), s.at(0.72, 1.02), s.at(0.56, 0.94)])
    inner = [
        s.edge(0.0, -7), s.edge(0.2, -12), s.at(0.8, 0.52), s.at(0.6, 0.74),
        s.at(0.46, 0.86), s.at(0.2, 0.64), s.at(-0.3, 0.56), s.at(-0.7, 0.38),
        s.edge(-0.02, -20, -1), s.edge(-0.34, 3, -1),
    ]  # fmt: skip
    outer = [s.edge(-0.34, 3, -1), *s.cap(6, 13, 0.0)]
    sweep = [
        [s.at(0.44, 0.9), s.at(0.0, 0.78), s.at(-0.5, 0.58), s.at(-0.88, 0.14)],
        [s.at(0.46, 1.0), s.at(-0.1, 0.98), s.at(-0.68, 0.76), s.at(-0.98, 0.24)],
        [s.at(0.8, 0.58), s.at(0.74, 0.8), s.at(0.6, 0.98)],
    ]
    front = [*s.shell(outer, inner), s.strands(*sweep), s.halo(-10, -4, 146, 106)]
    return Hair(front, [*back, Shape(tie, _TIE, back[0].part, "#7c2f3e", 2)])


def braids_twin(s: Scalp) -> Hair:
    """A middle parting and two braids that hang before the shoulders."""
    front = [*s.shell(s.cap(7, 13, -0.34), hairline(s, 0.8, 0.5, 0.9, -0.36))]
    lines = [
        [
            s.at(0.05 * k, 1.04 - 0.1 * n),
            s.at(0.6 * k, 0.86 - 0.12 * n),
            s.edge(-0.16, 1, k),
        ]
        for k in (-1, 1)
        for n in (0, 1)
    ]
    front += [
        s.strands(*lines, [s.at(0, 0.9), s.at(0, 1.09)]),
        s.halo(-8, -2, 146, 104),
    ]
    for k in (-1, 1):
        front += _braid(s, k)
    return Hair(front)


def _braid(s: Scalp, side: int) -> list[Shape]:
    shapes = []
    start_x, start_y = s.edge(-0.34, 2, side)
    steps = 6
    for i in range(steps):
        share = i / (steps - 1)
        x = start_x + side * (6 + 16 * share)
        y = start_y + 14 + (470 - start_y) * share
        for half in (-1, 1):
            leaf = [
                (x + half * 1.5, y - 17),
                (x + half * 17, y - 8),
                (x + half * 13, y + 12),
                (x - half * 3, y + 20),
            ]
            shapes.append(s.mass(blob(leaf)))
    tip_x, tip_y = start_x + side * 22, 488
    tail = [
        (tip_x - 9, tip_y),
        (tip_x + 9, tip_y),
        (tip_x + 12, 520),
        (tip_x - 12, 520),
    ]
    shapes.append(s.mass(blob(tail)))
    tie = [
        (tip_x - 10, tip_y - 3),
        (tip_x + 10, tip_y - 3),
        (tip_x + 10, tip_y + 7),
        (tip_x - 10, tip_y + 7),
    ]
    shapes.append(Shape(ring(tie[:2], tie[2:]), _TIE, shapes[0].part, "#7c2f3e", 2))
    return shapes
