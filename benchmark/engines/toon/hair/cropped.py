"""Draw close-cropped, receding and bald heads."""

from __future__ import annotations

from benchmark.engines.toon.hair.scalp import HAIR, Hair, Scalp, hairline
from benchmark.engines.toon.head import MIDDLE
from benchmark.engines.toon.svg import Shape, mirrored, ring

SIDEBURN = -0.06
"""v at which short hair ends in front of the ears."""


def bald(s: Scalp) -> Hair:
    """No hair; the scalp has a highlight."""
    shine = s.dome(-26, -16, 128, 100, 4)
    path = ring(shine, [(x, y + 9) for x, y in reversed(shine)])
    return Hair([Shape(path, s.skin.light, opacity=0.8)])


def buzz(s: Scalp) -> Hair:
    """Stubble on a shaved head."""
    front = s.within(hairline(s, 0.74, 0.62, 0.71, SIDEBURN))
    left = [s.edge(v, 0, -1) for v in (SIDEBURN, 0.1, 0.28)]
    dome = [(MIDDLE + x, y) for x, y in s.head.half[1:4]]
    outer = [*left, *mirrored(dome), (MIDDLE, s.head.crown), *dome, *mirrored(left)]
    path = ring(outer, front)
    return Hair([Shape(path, s.tones.dark, HAIR, opacity=0.6)])


def shaved_sides(s: Scalp) -> list[Shape]:
    """Shaved sides: darker skin beside the face."""
    shapes = []
    for side in (-1, 1):
        outer = [s.edge(v, 0, side) for v in (SIDEBURN, 0.12, 0.3, 0.45, 0.6, 0.76)]
        inner = [s.edge(0.74, -24, side), s.edge(0.5, -20, side)]
        inner += [s.edge(0.2, -16, side), s.edge(SIDEBURN, -13, side)]
        shapes.append(Shape(ring(outer, inner), s.tones.dark, HAIR, opacity=0.55))
    return shapes


def crew_cut(s: Scalp) -> Hair:
    """Short all over, a little longer and flat on top."""
    shell = s.shell(s.cap(3, 16, SIDEBURN, 2.5), hairline(s, 0.76, 0.6, 0.7, SIDEBURN))
    ticks = [
        [s.at(u, 0.74 - 0.08 * abs(u)), s.at(u * 1.04, 0.86 - 0.08 * abs(u))]
        for u in (-0.56, -0.34, -0.12, 0.12, 0.34, 0.56)
    ]
    return Hair([*shell, *faded_sides(s), s.strands(*ticks), s.halo(-12, 4)])


def faded_sides(s: Scalp) -> list[Shape]:
    """Darker, closer sides."""
    shapes = []
    for side in (-1, 1):
        outer = [s.edge(v, 2, side) for v in (SIDEBURN, 0.1, 0.3)]
        outer.append((s.x(side * 0.985), s.y(0.56)))
        inner = [(s.x(side * 0.83), s.y(0.5)), s.edge(0.2, -14, side)]
        inner.append(s.edge(SIDEBURN, -12, side))
        shapes.append(Shape(ring(outer, inner), s.tones.line, opacity=0.3))
    return shapes


def receding_short(s: Scalp) -> Hair:
    """Short hair that recedes at both temples."""
    right = [
        s.edge(SIDEBURN, -11),
        s.edge(0.2, -10),
        s.at(0.83, 0.5),
        s.at(0.74, 0.74),
        s.at(0.58, 0.87),
        s.at(0.4, 0.85),
        s.at(0.22, 0.73),
    ]
    inner = [*right, s.at(0, 0.7), *mirrored(right)]
    lines = [[s.at(u, 0.76), s.at(1.1 * u, 0.94)] for u in (-0.2, -0.06, 0.08, 0.2)]
    shell = s.shell(s.cap(3, 9, SIDEBURN), inner)
    return Hair([*shell, *faded_sides(s), s.strands(*lines)])


def horseshoe(s: Scalp) -> Hair:
    """A bald crown above a rim of hair."""
    shapes = bald(s).front
    for side in (-1, 1):
        outer = [
            s.edge(v, g, side)
            for v, g in ((-0.16, 1), (0.02, 6), (0.22, 8), (0.44, 5), (0.64, -3))
        ]
        inner = [
            s.edge(0.58, -3, side),
            s.edge(0.42, -12, side),
            s.edge(0.22, -14, side),
        ]
        inner += [s.edge(0.06, -14, side), s.edge(-0.16, -12, side)]
        shapes.append(s.mass(ring(outer, inner)))
        hairs = [
            [s.edge(v - 0.07, -9, side), s.edge(v, 8, side)]
            for v in (0.04, 0.16, 0.28, 0.4)
        ]
        shapes.append(s.strands(*hairs))
    return Hair(shapes)
