"""Draw facial hair, which follows the jaw and leaves the lips free."""

from __future__ import annotations

from benchmark.avatars.part_classes import PART_IDS
from benchmark.engines.toon.head import EYE_LINE, MIDDLE, Head
from benchmark.engines.toon.mouth import Mouth
from benchmark.engines.toon.nose import Nose
from benchmark.engines.toon.palette import HairTones
from benchmark.engines.toon.svg import Point, Shape, curve, mirrored, ring

SKIN = PART_IDS["skin"]


def draw_facial_hair(
    name: str, head: Head, nose: Nose, mouth: Mouth, hair: HairTones
) -> list[Shape]:
    """The facial hair `name`; none for `none`. Beards are skin in part maps."""
    shapes = _shapes(name, head, nose, mouth, hair)
    return [shape._replace(beard=True) for shape in shapes]


def _shapes(
    name: str, head: Head, nose: Nose, mouth: Mouth, hair: HairTones
) -> list[Shape]:
    if name == "none":
        return []
    if name == "stubble":
        return [Shape(_beard(head, nose, mouth, -1), "url(#stubble)")]
    moustache = _moustache(nose, mouth)
    if name == "moustache":
        shape = Shape(moustache, hair.base, SKIN, hair.line, 1.6)
        return [shape, *_whiskers(mouth, hair)]
    if name == "goatee":
        area = _goatee(head, nose, mouth)
    else:
        area = _beard(head, nose, mouth, 7)
    shapes = [Shape(area, hair.base, SKIN, hair.line, 1.8)]
    shapes += _strands(name, head, mouth, hair)
    shapes.append(Shape(moustache, hair.base, SKIN, hair.line, 1.2))
    return shapes


def _lip_line(mouth: Mouth) -> float:
    """Canvas y of the upper lip's edge."""
    return mouth.at(0, -mouth.form.upper * mouth.volume)[1]


def _lip_floor(mouth: Mouth) -> float:
    """Canvas y of the lower lip's edge."""
    return mouth.at(0, mouth.form.open + mouth.form.lower * mouth.volume)[1]


def _moustache(nose: Nose, mouth: Mouth) -> str:
    """Path of two wings on the upper lip that taper beyond its corners."""
    left, right = (_wing(nose, mouth, side) for side in (-1, 1))
    top = [*reversed(left[0]), *right[0]]
    bottom = [*reversed(right[1]), *left[1]]
    return ring(top[:4], top[3:], bottom[:4], bottom[3:])


def _wing(nose: Nose, mouth: Mouth, side: int) -> tuple[list[Point], list[Point]]:
    """Upper and lower edge of half a moustache, from the middle to the tip."""
    reach = max(1.16, 42 / mouth.half_width)
    lip = mouth.form.upper * mouth.volume
    upper, lower = [], []
    for x, share, thick in (
        (0.03, 0.6, 13),
        (0.3, 0.7, 20),
        (0.7, 0.4, 15),
        (1, -0.3, 0),
    ):
        across = MIDDLE + side * x * reach * mouth.half_width
        low = mouth.at(side * min(x * reach, 1.08), -share * lip)[1]
        high = max(low - thick, min(nose.base + 3, low - 6)) if thick else low
        upper.append((across, high))
        lower.append((across, low))
    return upper, lower


def _whiskers(mouth: Mouth, hair: HairTones) -> list[Shape]:
    lines = [
        curve([mouth.at(0.14 * s, -16), mouth.at(0.7 * s, -5 - 4 * k)])
        for s in (-1, 1)
        for k in (0, 1)
    ]
    return [Shape("".join(lines), "none", None, hair.line, 1.6, 0.4)]


def _beard(head: Head, nose: Nose, mouth: Mouth, grow: float) -> str:
    """Path from sideburn to sideburn around the chin, below a curved cheek line."""
    low = max(head.chin + grow, _lip_floor(mouth) + 16)

    def side(share: float, inset: float, wide: float = 1) -> Point:
        y = EYE_LINE + share * head.face
        return MIDDLE + wide * head.side(y) - inset, y

    jaw = [
        side(0.02, 2),
        side(0.3, -0.3 * grow),
        side(0.6, -0.8 * grow),
        side(0.8, -grow),
    ]
    corner_x, corner_y = side(0.925, -grow)
    jaw.append((corner_x, corner_y + 0.7 * grow))
    outer = [*jaw, (MIDDLE, low), *mirrored(jaw)]
    top = min(nose.base + 6, _lip_line(mouth) - 9)
    right = [
        (MIDDLE, top),
        (MIDDLE + 0.3 * head.jaw, top + 3),
        side(0.55, 0, 0.6),
        side(0.46, 0, 0.8),
        side(0.24, 13),
        side(0.02, 13),
    ]
    return ring(outer, [*mirrored(right)[:-1], *right])


def _goatee(head: Head, nose: Nose, mouth: Mouth) -> str:
    reach = max(mouth.half_width * 1.14, 34)
    x_chin = min(reach, 1.05 * head.side(head.chin - 0.16 * head.face))
    top = min(nose.base + 6, _lip_line(mouth) - 8)
    low = max(head.chin + 9, _lip_floor(mouth) + 16)
    y = mouth.at(1, 0)[1]
    right: list[Point] = [
        (MIDDLE, top),
        (MIDDLE + 0.7 * reach, top + 4),
        (MIDDLE + 1.04 * reach, y),
        (MIDDLE + x_chin, head.chin - 0.13 * head.face),
        (MIDDLE + 0.55 * x_chin, low - 3),
        (MIDDLE, low),
    ]
    return ring([*right, *mirrored(right[1:-1]), right[0]])


def _strands(name: str, head: Head, mouth: Mouth, hair: HairTones) -> list[Shape]:
    start = _lip_floor(mouth) + 6
    shapes = []
    reaches = (
        (-0.5, -0.17, 0.17, 0.5) if name == "goatee" else (-0.8, -0.45, 0, 0.45, 0.8)
    )
    for x in reaches:
        far = x * mouth.half_width * (1 if name == "goatee" else 1.4)
        points = [
            (MIDDLE + far, start + 4 - 12 * abs(x)),
            (MIDDLE + 0.86 * far, head.chin - 4 - 10 * abs(x)),
        ]
        shapes.append(Shape(curve(points), "none", None, hair.line, 2, 0.45))
    return shapes


def stubble_gradient(hair: HairTones) -> str:
    """SVG gradient of stubble: faint at the sideburns, dense on the chin."""
    return (
        '<linearGradient id="stubble" x2="0" y2="1">'
        f'<stop stop-color="{hair.dark}" stop-opacity=".12"/>'
        f'<stop offset=".6" stop-color="{hair.dark}" stop-opacity=".42"/>'
        f'<stop offset="1" stop-color="{hair.dark}" stop-opacity=".5"/>'
        "</linearGradient>"
    )
