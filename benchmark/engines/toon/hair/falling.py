"""Draw hair that falls beside the face: bobs, shoulder-length and long hair."""

from __future__ import annotations

from benchmark.engines.toon.hair.scalp import Hair, Scalp, swayed
from benchmark.engines.toon.head import MIDDLE
from benchmark.engines.toon.svg import CANVAS, Point, Shape, mirrored, ring

FLOOR = CANVAS + 14.0


def _flip(points: list[Point]) -> list[Point]:
    return [(CANVAS - x, y) for x, y in points]


def _temple(s: Scalp, low: float, spread: float) -> list[Point]:
    """The inner edge of the right-hand fall, from y = low up to the temple."""
    points = [(MIDDLE + spread * s.head.skull, low)]
    if low > s.y(-1.1):
        points.append((MIDDLE + 0.66 * s.head.skull, s.y(-1.02)))
    for v, grow in ((-0.62, -4.0), (-0.3, -11.0), (0.0, -15.0), (0.24, -19.0)):
        point = s.edge(v, grow)
        if point[1] < low - 18:
            points.append(point)
    return points


def _side(s: Scalp, pad: float, low: float, spread: float) -> list[Point]:
    """The outer edge of the left-hand fall, from y = low up to the dome."""
    wide = s.head.skull + pad
    points = [(MIDDLE - spread * wide, low)]
    step = s.y(-0.66)
    if low > s.y(-1.1):
        points.append((MIDDLE - 0.5 * (1 + spread) * wide, 0.5 * (low + step)))
    if low > step + 20:
        points.append((MIDDLE - 1.015 * wide, step))
    return [*points, (MIDDLE - 1.02 * wide, s.y(-0.1))]


def _back(s: Scalp, wide: float, low: float) -> Shape:
    """Hair behind the neck, `wide` from the middle, down to y = low."""
    top = s.y(0.3)
    return s.behind(
        ring(
            [
                (MIDDLE - 0.8 * wide, top),
                (MIDDLE - wide, low - 16),
                (MIDDLE - 0.8 * wide, low),
            ],
            [
                (MIDDLE + 0.8 * wide, low),
                (MIDDLE + wide, low - 16),
                (MIDDLE + 0.8 * wide, top),
            ],
        )
    )


def _centre(s: Scalp, lift: float = 0.9) -> list[Point]:
    """Both halves of a middle parting's hairline, from the right temple to the left."""
    right = [s.at(0.74, 0.46), s.at(0.4, 0.68)]
    return [*right, s.at(0.0, lift), *mirrored(right)]


def _fringe(s: Scalp) -> list[Point]:
    """A full, blunt fringe just above the brows."""
    right = [s.at(0.76, 0.45), s.at(0.4, 0.46)]
    return [*right, s.at(0, 0.45), *mirrored(right)]


def _swept(s: Scalp, part: float = -0.46) -> list[Point]:
    """A fringe that sweeps to the right from a parting on the left."""
    return [
        s.at(0.8, 0.32),
        s.at(0.5, 0.5),
        s.at(0.0, 0.68),
        s.at(part, 0.9),
        s.at(-0.64, 0.66),
        s.at(-0.78, 0.42),
    ]


def _fall(
    s: Scalp, forehead: list[Point], low: float, pad: float, spread: float, inner: float
) -> str:
    """The whole front mass: both falls joined over the crown."""
    side = _side(s, pad, low, spread)
    outer = [*side, *s.dome(pad, pad + 8, 172, 8, 9), *mirrored(side)]
    temple = _temple(s, low, inner)
    inside = s.within([*temple, *forehead, *mirrored(temple)])
    right = _hem(outer[-1], inside[0])
    return ring(outer, right, inside, mirrored(right))


def _hem(outer: Point, inner: Point) -> list[Point]:
    """The rounded end of the right-hand fall."""
    (x0, y), (x1, _) = outer, inner
    return [
        (x0 - 1, y + 3),
        (x0 + 0.25 * (x1 - x0), y + 11),
        (x0 + 0.75 * (x1 - x0), y + 10),
        (x1, y + 2),
    ]


def _locks(s: Scalp, low: float, spread: float, pad: float) -> list[list[Point]]:
    """Strand lines down both falls."""
    lines = []
    for side in (-1, 1):
        for share in (0.3, 0.66):
            x = s.head.skull + share * pad - 8
            lines.append(
                [
                    (MIDDLE + side * x * 0.97, s.y(0.3)),
                    (MIDDLE + side * (x + 2), s.y(-0.35)),
                    (MIDDLE + side * x * (0.9 + 0.1 * spread), low - 22),
                ]
            )
    return lines


def _crown_lines(s: Scalp, part: float) -> list[list[Point]]:
    """Strand lines from the parting over both sides of the crown."""
    lines = []
    for side in (-1, 1):
        for k in (0, 1):
            lines.append(
                [
                    s.at(part + 0.05 * side, 1.08 - 0.08 * k),
                    s.at(0.5 * part + side * (0.62 - 0.1 * k), 0.9 - 0.12 * k),
                    s.at(side * (0.98 - 0.08 * k), 0.36 - 0.1 * k),
                ]
            )
    return lines


def _straight(
    s: Scalp,
    forehead: list[Point],
    low: float,
    pad: float,
    spread: float,
    inner: float,
    part: float | None,
) -> list[Shape]:
    front = [s.mass(_fall(s, forehead, low, pad, spread, inner))]
    lines = _locks(s, low, spread, pad)
    if part is None:
        lines += [
            [s.at(0.3 * u, 1.04), s.at(0.8 * u, 0.76), s.at(u, 0.42)]
            for u in (-0.6, -0.3, 0.02, 0.32, 0.6)
        ]
    else:
        lines += _crown_lines(s, part)
    return [*front, s.strands(*lines), s.halo(pad - 16, pad - 6, 152, 108)]


def bob_straight(s: Scalp) -> Hair:
    """A chin-length bob with a middle parting."""
    low = s.y(-0.86)
    front = _straight(s, _centre(s), low, 17, 0.96, 0.76, 0.0)
    front.append(s.strands([s.at(0, 0.9), s.at(0, 1.16)], width=3, alpha=0.8))
    return Hair(front, [_back(s, s.head.skull + 8, low - 4)], ears=False)


def bob_fringe(s: Scalp) -> Hair:
    """A chin-length bob with a full fringe."""
    low = s.y(-0.72)
    front = _straight(s, _fringe(s), low, 22, 1.02, 0.84, None)
    return Hair(front, [_back(s, s.head.skull + 12, low - 2)], ears=False)


def bob_side(s: Scalp) -> Hair:
    """A bob whose fringe sweeps to the left from a parting on the right."""
    low = s.y(-0.92)
    forehead = list(reversed(_flip(_swept(s))))
    front = _straight(s, forehead, low, 16, 0.82, 0.6, 0.46)
    front.append(s.strands(_sweep_line(s, -1), width=2.2))
    return Hair(front, [_back(s, s.head.skull, low - 6)], ears=False)


def _sweep_line(s: Scalp, side: int) -> list[Point]:
    points = [s.at(-0.42, 0.94), s.at(0.04, 0.82), s.at(0.52, 0.62), s.at(0.88, 0.24)]
    return points if side > 0 else _flip(points)


def curtain_medium(s: Scalp) -> Hair:
    """Shoulder-length hair with a fringe that opens like a curtain."""
    low = s.y(-1.22)
    front = _straight(s, _centre(s), low, 15, 0.98, 0.72, 0.0)
    for side in (-1, 1):
        outer = [
            s.at(0, 1.1),
            s.at(side * 0.62, 0.86),
            s.at(side * 1.02, 0.3),
            (s.x(side * 1.06), s.y(-0.3)),
        ]
        inner = [
            (s.x(side * 1.06), s.y(-0.3)),
            s.at(side * 0.86, -0.06),
            s.at(side * 0.66, 0.3),
            s.at(side * 0.36, 0.56),
            s.at(0, 0.84),
        ]
        line = [
            s.at(side * 0.06, 1.0),
            s.at(side * 0.56, 0.68),
            s.at(side * 0.92, 0.04),
        ]
        front += [s.mass(ring(outer, inner)), s.strands(line)]
    return Hair(
        [*front, s.halo(2, 12, 140, 108)],
        [_back(s, s.head.skull + 8, low - 8)],
        ears=False,
    )


def long_straight(s: Scalp) -> Hair:
    """Long straight hair with a middle parting."""
    front = _straight(s, _centre(s), FLOOR, 13, 1.12, 0.66, 0.0)
    front.append(s.strands([s.at(0, 0.9), s.at(0, 1.12)], width=3, alpha=0.8))
    return Hair(front, [_back(s, s.head.skull + 6, FLOOR)], ears=False)


def long_fringe(s: Scalp) -> Hair:
    """Long straight hair with a full fringe."""
    front = _straight(s, _fringe(s), FLOOR, 19, 1.2, 0.74, None)
    return Hair(front, [_back(s, s.head.skull + 12, FLOOR)], ears=False)


def _waves(
    s: Scalp,
    forehead: list[Point],
    low: float,
    pad: float,
    spread: float,
    amount: float,
    flip: bool,
) -> Hair:
    """Wavy falls of either length; `flip` moves the parting to the right."""
    left = swayed(_side(s, pad, low, spread), amount, 40)
    outer = [*left, *s.dome(pad, pad + 12, 170, 10, 9), *mirrored(left)]
    temple = swayed(_temple(s, low, 0.7 * spread), 0.6 * amount, 36)
    inner = [*temple, *forehead, *mirrored(temple)]
    lines = [swayed(points, 0.8 * amount, 34) for points in _locks(s, low, spread, pad)]
    sweep = [
        _sweep_line(s, 1),
        [s.at(-0.4, 1.04), s.at(0.2, 1.04), s.at(0.8, 0.72), s.at(1.06, 0.2)],
    ]
    lines += [_flip(points) if flip else points for points in sweep]
    inside = s.within(list(reversed(_flip(inner))) if flip else inner)
    right = _hem(outer[-1], inside[0])
    path = ring(outer, right, inside, mirrored(right))
    glow = swayed([s.at(-1.07, 0.1), s.at(-1.08, -0.5)], 0.8 * amount, 34)
    front = [
        s.mass(path),
        s.strands(*lines),
        s.glints(glow, _flip(glow)),
        s.halo(pad - 16, pad - 4),
    ]
    return Hair(front, [_back(s, s.head.skull + 0.6 * pad, low - 10)], ears=False)


def bob_wavy(s: Scalp) -> Hair:
    """A wavy bob, parted on the left."""
    return _waves(s, _swept(s), s.y(-0.98), 26, 0.94, 9, False)


def shoulder_wavy(s: Scalp) -> Hair:
    """Shoulder-length waves, parted on the right."""
    return _waves(s, _swept(s), s.y(-1.36), 20, 1.02, 7, True)


def long_wavy(s: Scalp) -> Hair:
    """Long, full waves, parted on the left."""
    return _waves(s, _swept(s), FLOOR, 30, 1.16, 10, False)
