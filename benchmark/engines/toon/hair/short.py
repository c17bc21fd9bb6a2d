"""Draw short straight and wavy hair."""

from __future__ import annotations

from benchmark.engines.toon.hair.cropped import SIDEBURN, faded_sides, shaved_sides
from benchmark.engines.toon.hair.scalp import (
    Hair,
    Scalp,
    hairline,
    swayed,
)
from benchmark.engines.toon.svg import Point, line, mirrored, ring


def _facing(points: list[Point], side: int) -> list[Point]:
    """The points; for side = -1 mirrored and in reverse order."""
    return points if side > 0 else mirrored(points)


def _side_part(s: Scalp, side: int) -> Hair:
    """Combed over from a parting; side = 1 parts on the left of the picture."""
    outer = [
        s.edge(SIDEBURN, 3, -1),
        s.edge(0.16, 4, -1),
        s.at(-1.05, 0.42),
        s.at(-0.92, 0.82),
        s.at(-0.52, 1.04),
        s.at(0.0, 1.21),
        s.at(0.52, 1.17),
        s.at(0.92, 0.93),
        s.at(1.11, 0.52),
        s.edge(0.16, 7),
        s.edge(SIDEBURN, 3),
    ]
    inner = [
        s.edge(SIDEBURN, -13),
        s.edge(0.2, -15),
        s.at(0.83, 0.47),
        s.at(0.5, 0.55),
        s.at(0.05, 0.63),
        s.at(-0.36, 0.72),
        s.at(-0.5, 0.79),
        s.at(-0.62, 0.69),
        s.at(-0.78, 0.55),
        s.edge(0.2, -15, -1),
        s.edge(SIDEBURN, -13, -1),
    ]
    sweeps = [
        [s.at(-0.48, 0.8), s.at(-0.1, 0.98), s.at(0.46, 0.94), s.at(0.9, 0.58)],
        [s.at(-0.44, 0.77), s.at(0.0, 0.84), s.at(0.5, 0.76), s.at(0.86, 0.5)],
        [s.at(-0.4, 0.9), s.at(0.04, 1.11), s.at(0.6, 1.05), s.at(1.0, 0.66)],
    ]
    part = [s.at(-0.5, 0.79), s.at(-0.5, 0.92), s.at(-0.44, 1.03)]
    glow = [[s.at(-0.22, 0.98), s.at(0.12, 1.05), s.at(0.46, 1.0)]]
    return Hair(
        [
            *s.shell(_facing(outer, side), _facing(inner, side)),
            s.strands(*(_facing(points, side) for points in sweeps)),
            s.strands(_facing(part, side), width=3, alpha=0.8),
            s.glints(*(_facing(points, side) for points in glow), width=8),
        ]
    )


def side_part_short_left(s: Scalp) -> Hair:
    """Combed to the right from a parting on the left."""
    return _side_part(s, 1)


def side_part_short_right(s: Scalp) -> Hair:
    """Combed to the left from a parting on the right."""
    return _side_part(s, -1)


def slick_back(s: Scalp) -> Hair:
    """Combed straight back from a high hairline."""
    right = [
        s.edge(SIDEBURN, -13),
        s.edge(0.22, -13),
        s.at(0.8, 0.56),
        s.at(0.62, 0.78),
        s.at(0.34, 0.86),
    ]
    inner = [*right, s.at(0, 0.76), *mirrored(right)]
    lines = [
        [s.at(u, 0.82 + 0.02 * abs(u)), s.at(0.92 * u, 0.98), s.at(0.62 * u, 1.1)]
        for u in (-0.5, -0.26, 0.26, 0.5)
    ]
    lines += [
        [s.edge(0.5, -14, k), s.edge(0.68, -8, k), s.edge(0.86, -6, k)] for k in (-1, 1)
    ]
    lines += [
        [s.edge(0.16, -7, k), s.edge(0.36, -5, k), s.edge(0.56, -3, k)] for k in (-1, 1)
    ]
    lines.append([s.at(0, 0.8), s.at(0, 1.1)])
    glow = [[s.at(-0.36, 1.0), s.at(-0.1, 1.04)], [s.at(0.06, 1.04), s.at(0.24, 1.02)]]
    shell = s.shell(s.cap(4, 22, SIDEBURN), inner)
    return Hair([*shell, s.strands(*lines), s.glints(*glow, width=9)])


def quiff(s: Scalp) -> Hair:
    """Short sides and a tall front, brushed up and over."""
    top = [
        s.at(-0.82, 0.52),
        s.at(-0.96, 0.86),
        s.at(-0.78, 1.16),
        s.at(-0.3, 1.28),
        s.at(0.22, 1.4),
        s.at(0.74, 1.31),
        s.at(1.0, 1.04),
        s.at(0.94, 0.76),
        s.at(0.82, 0.52),
    ]
    brow = [
        s.at(0.82, 0.52),
        s.at(0.62, 0.66),
        s.at(0.2, 0.66),
        s.at(-0.24, 0.73),
        s.at(-0.62, 0.68),
        s.at(-0.82, 0.52),
    ]
    lines = [
        [s.at(-0.66, 0.66), s.at(-0.74, 0.92), s.at(-0.5, 1.12)],
        [s.at(-0.36, 0.73), s.at(-0.4, 0.98), s.at(-0.04, 1.2)],
        [s.at(0.0, 0.71), s.at(-0.02, 1.0), s.at(0.4, 1.24)],
        [s.at(0.36, 0.68), s.at(0.4, 0.92), s.at(0.76, 1.12)],
        [s.at(0.62, 0.68), s.at(0.7, 0.82), s.at(0.92, 0.92)],
    ]
    glow = [
        [s.at(-0.55, 0.98), s.at(-0.36, 1.12)],
        [s.at(-0.2, 1.0), s.at(0.06, 1.18)],
        [s.at(0.2, 1.02), s.at(0.44, 1.16)],
    ]
    sides = s.shell(s.cap(2, 6, SIDEBURN), hairline(s, 0.8, 0.58, 0.8, SIDEBURN))
    crest = s.shell(top, brow)
    return Hair(
        [*sides, *faded_sides(s), *crest, s.strands(*lines), s.glints(*glow, width=6)]
    )


def spiky(s: Scalp) -> Hair:
    """Stiff spikes that stand off the crown."""
    valleys = s.dome(6, 16, 168, 12, 9)
    peaks = s.dome(22, 62, 158, 22, 8)
    zigzag = [valleys[0]]
    for valley, peak in zip(valleys[1:], peaks, strict=True):
        zigzag += [(peak[0] + 3, peak[1]), valley]
    left = [s.edge(v, 3, -1) for v in (SIDEBURN, 0.18)]
    teeth = []
    for i, u in enumerate(
        (0.76, 0.58, 0.44, 0.27, 0.12, -0.05, -0.2, -0.37, -0.52, -0.66)
    ):
        teeth.append(s.at(u, 0.7 if i % 2 == 0 else 0.55 + 0.05 * abs(u)))
    inner = [s.edge(SIDEBURN, -13), s.edge(0.24, -14), s.at(0.8, 0.56), *teeth]
    inner += [s.at(-0.8, 0.56), s.edge(0.24, -14, -1), s.edge(SIDEBURN, -13, -1)]
    inner = s.within(inner)
    path = line([*left, *zigzag, *mirrored(left), *inner]) + "Z"
    lines = [
        [(0.5 * (v[0] + w[0]) * 0.4 + p[0] * 0.6, p[1] + 26), (p[0] + 1, p[1] + 12)]
        for v, w, p in zip(valleys, valleys[1:], peaks, strict=False)
    ]
    lines += [[(0.94 * x + 15, y + 22), (x, y + 2)] for x, y in valleys[2:-2]]
    front = [s.shadow(inner), s.mass(path), s.strands(*lines), s.halo(-8, 6)]
    return Hair(front)


def fringe_short(s: Scalp) -> Hair:
    """A short, blunt fringe combed forward."""
    notches = [
        s.at(u, 0.5 if i % 2 else 0.455)
        for i, u in enumerate((0.72, 0.5, 0.36, 0.12, -0.02, -0.26, -0.4, -0.62, -0.72))
    ]
    inner = [s.edge(SIDEBURN, -14), s.edge(0.22, -16), s.at(0.8, 0.5)]
    inner = s.within([*inner, *notches, *mirrored(inner)])
    path = ring(s.cap(4, 14, SIDEBURN), inner[:3])[:-1]
    path += line(inner[3:]).replace("M", "L", 1) + "Z"
    lines = [
        [s.at(0.55 * u, 1.0), s.at(0.9 * u, 0.78), s.at(u, 0.55)]
        for u in (-0.62, -0.36, -0.12, 0.14, 0.38, 0.62)
    ]
    front = [s.shadow(inner), s.mass(path), s.strands(*lines)]
    return Hair([*front, s.halo(-14, -4, 140, 60)])


def mop_straight(s: Scalp) -> Hair:
    """A bowl of straight hair over brow and ears."""
    outer = s.cap(15, 22, -0.3)
    right = [
        s.edge(-0.32, 2),
        s.edge(-0.12, -10),
        s.edge(0.16, -17),
        s.at(0.76, 0.42),
        s.at(0.4, 0.45),
    ]
    inner = [*right, s.at(0, 0.44), *mirrored(right)]
    lines = [
        [s.at(0.3 * u, 1.08), s.at(0.85 * u, 0.8), s.at(u, 0.4)]
        for u in (-0.7, -0.45, -0.18, 0.14, 0.42, 0.68)
    ]
    lines += [
        [s.at(0.7 * k, 0.98), s.at(1.0 * k, 0.6), s.edge(-0.2, 4, k)] for k in (-1, 1)
    ]
    return Hair([*s.shell(outer, inner), s.strands(*lines), s.halo(-10, -2, 148, 52)])


def undercut(s: Scalp) -> Hair:
    """Shaved sides below a long top that falls to the right."""
    top = [
        s.at(-0.8, 0.64),
        s.at(-0.84, 0.98),
        s.at(-0.5, 1.2),
        s.at(0.02, 1.3),
        s.at(0.58, 1.22),
        s.at(0.98, 0.94),
        s.at(1.06, 0.64),
        s.edge(0.44, 2),
    ]
    under = [
        s.edge(0.44, 2),
        s.at(0.86, 0.52),
        s.at(0.62, 0.56),
        s.at(0.2, 0.64),
        s.at(-0.3, 0.76),
        s.at(-0.8, 0.64),
    ]
    lines = [
        [s.at(-0.56, 0.86), s.at(-0.2, 1.1), s.at(0.42, 1.04), s.at(0.86, 0.7)],
        [s.at(-0.4, 0.8), s.at(0.1, 0.93), s.at(0.5, 0.82), s.at(0.8, 0.62)],
        [s.at(-0.4, 1.06), s.at(0.14, 1.2), s.at(0.66, 1.04), s.at(0.98, 0.76)],
    ]
    glow = [[s.at(-0.3, 1.06), s.at(0.08, 1.12), s.at(0.36, 1.06)]]
    return Hair(
        [
            *shaved_sides(s),
            *s.shell(top, under),
            s.strands(*lines),
            s.glints(*glow, width=8),
        ]
    )


def wavy_short(s: Scalp) -> Hair:
    """Loose waves that sweep to the left from a parting on the right."""
    left = [s.edge(v, 5, -1) for v in (SIDEBURN, 0.14)]
    outer = [*left, *swayed(s.dome(8, 34, 172, 8, 9), 7, 44), *mirrored(left)]
    inner = [
        s.edge(SIDEBURN, -12),
        s.edge(0.2, -15),
        s.at(0.78, 0.56),
        s.at(0.56, 0.76),
        s.at(0.34, 0.62),
        s.at(0.06, 0.62),
        s.at(-0.14, 0.46),
        s.at(-0.4, 0.5),
        s.at(-0.6, 0.36),
        s.at(-0.82, 0.42),
        s.edge(0.18, -13, -1),
        s.edge(SIDEBURN, -12, -1),
    ]
    lines = [
        swayed([s.at(0.52, a), s.at(0.0, a + 0.04), s.at(-0.78, a - 0.3)], 7, 34)
        for a in (0.8, 0.94, 1.06)
    ]
    glow = [swayed([s.at(0.1, 1.12), s.at(-0.5, 0.98)], 5, 26)]
    return Hair([*s.shell(outer, inner), s.strands(*lines), s.glints(*glow, width=6)])


def pixie(s: Scalp) -> Hair:
    """A close crop with a long side fringe and pointed locks before the ears."""
    outer = [s.edge(-0.3, -8, -1), *s.cap(8, 24, -0.02), s.edge(-0.3, -8)]
    inner = [
        s.edge(-0.3, -8),
        s.edge(-0.1, -17),
        s.edge(0.12, -20),
        s.at(0.78, 0.26),
        s.at(0.5, 0.43),
        s.at(0.04, 0.57),
        s.at(-0.36, 0.66),
        s.at(-0.5, 0.8),
        s.at(-0.66, 0.6),
        s.at(-0.8, 0.36),
        s.edge(0.04, -15, -1),
        s.edge(-0.3, -8, -1),
    ]
    lines = [
        [s.at(-0.46, 0.84), s.at(0.0, 0.78), s.at(0.46, 0.6), s.at(0.82, 0.3)],
        [s.at(-0.42, 0.92), s.at(0.06, 0.92), s.at(0.56, 0.7), s.at(0.9, 0.3)],
        [s.at(-0.36, 1.02), s.at(0.2, 1.06), s.at(0.72, 0.8), s.at(0.98, 0.36)],
        [s.at(-0.5, 0.84), s.at(-0.76, 0.7), s.at(-0.92, 0.32)],
    ]
    nape = [s.edge(-0.2, 8, -1), s.edge(-0.44, 8, -1), s.edge(-0.62, -4, -1)]
    back = s.behind(
        ring([*nape, s.at(-0.4, -0.6)], mirrored([*nape, s.at(-0.4, -0.6)]))
    )
    glow = [[s.at(-0.2, 0.98), s.at(0.14, 0.98), s.at(0.4, 0.88)]]
    front = [*s.shell(outer, inner), s.strands(*lines), s.glints(*glow, width=8)]
    return Hair(front, [back])
