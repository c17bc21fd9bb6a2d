"""Draw glasses, aligned with the eyes."""

from __future__ import annotations

from benchmark.avatars.part_classes import PART_IDS
from benchmark.engines.toon.eyes import Eye
from benchmark.engines.toon.head import EYE_LINE, MIDDLE, Head
from benchmark.engines.toon.svg import Shape, blob, curve

GLASSES = PART_IDS["glasses"]
RIM = "#2c2e38"


def draw_arms(eye: Eye, head: Head) -> list[Shape]:
    """The arms of the glasses, which are painted before the hair."""
    shapes = []
    for side in (-1, 1):
        start = (MIDDLE + side * (eye.x + _reach(eye)), EYE_LINE - 10)
        end = (MIDDLE + side * (head.side(EYE_LINE) + 3), EYE_LINE - 13)
        shapes.append(Shape(curve([start, end]), "none", GLASSES, RIM, 7))
    return shapes


def draw_glasses(eye: Eye) -> list[Shape]:
    """Lenses, rims and bridge."""
    shapes = [_lens(eye, side) for side in (-1, 1)]
    shapes += [_rim(shape) for shape in shapes]
    inner = eye.x - _reach(eye)
    bridge = [
        (MIDDLE - inner, EYE_LINE - 6),
        (MIDDLE, EYE_LINE - 13),
        (MIDDLE + inner, EYE_LINE - 6),
    ]
    shapes.append(Shape(curve(bridge), "none", GLASSES, RIM, 6))
    shapes += [_glare(eye, side) for side in (-1, 1)]
    return shapes


def _reach(eye: Eye) -> float:
    return min(44.0, eye.x - 8)


def _lens(eye: Eye, side: int) -> Shape:
    w, h = _reach(eye), 36.0
    points = [
        (MIDDLE + side * (eye.x + dx * w), EYE_LINE + 3 + dy * h)
        for dx, dy in (
            (-0.86, -0.72), (0, -0.93), (0.9, -0.8), (1.0, -0.35),
            (0.9, 0.42), (0.5, 0.93), (-0.3, 0.98), (-0.84, 0.6), (-0.98, -0.2),
        )
    ]  # fmt: skip
    return Shape(blob(points), "#e8f3ff", GLASSES, opacity=0.2)


def _rim(lens: Shape) -> Shape:
    return Shape(lens.path, "none", GLASSES, RIM, 6.5)


def _glare(eye: Eye, side: int) -> Shape:
    x, w = MIDDLE + side * eye.x, _reach(eye)
    points = [(x - 0.7 * w, EYE_LINE + 8), (x - 0.42 * w, EYE_LINE - 18)]
    return Shape(curve(points), "none", None, "#fff", 6, 0.5)
