"""Facial hair that follows the jaw and leaves the lips free."""

from __future__ import annotations

from benchmark.engines.toon.head import EYE_LINE, MIDDLE, Head
from benchmark.engines.toon.mouth import Mouth
from benchmark.engines.toon.nose import Nose
from benchmark.engines.toon.palette import HairTones
from benchmark.engines.toon.svg import Point, Shape, curve, mirrored, ring
from benchmark.parts import PART_IDS

SKIN = PART_IDS["skin"]


def draw_facial_hair(
    name: str, head: Head, nose: Nose, mouth: Mouth, hair: HairTones
) -> list[Shape]:
    """The named facial hair, or nothing; beards count as skin in part maps."""
    if name == "none":
        return []
    if name == "stubble":
        area = _beard(head, nose, mouth, 1, 0.34)
        return [Shape(area, hair.dark, None, opacity=0.36)]
    tache = _moustache(nose, mouth)
    if name == "moustache":
        return [Shape(tache, hair.base, SKIN, hair.line, 1.6), *_whiskers(mouth, hair)]
    if name == "goatee":
        area = _goatee(head, nose, mouth)
    else:
        area = _beard(head, nose, mouth, 7, 0.2)
    shapes = [Shape(area, hair.base, SKIN, hair.line, 1.8)]
    shapes += _strands(name, head, mouth, hair)
    shapes.append(Shape(tache, hair.base, SKIN, hair.line, 1.2))
    return shapes


def _lip_line(mouth: Mouth) -> float:
    """Height of the upper lip's edge."""
    return mouth.at(0, -mouth.form.upper * mouth.volume)[1]


def _lip_floor(mouth: Mouth) -> float:
    """Height of the lower lip's edge."""
    return mouth.at(0, mouth.form.open + mouth.form.lower * mouth.volume)[1]


def _moustache(nose: Nose, mouth: Mouth) -> str:
    lip, base = _lip_line(mouth), nose.base
    top = min(base + 5, lip - 9)
    reach = max(mouth.half_width * 1.04, 30)
    x, y = mouth.at(1, 0)
    del x
    right = [
        (MIDDLE, top + 2),
        (MIDDLE + 0.4 * reach, top + 1),
        (MIDDLE + 0.86 * reach, 0.5 * (top + y)),
        (MIDDLE + 1.1 * reach, y + 7),
    ]
    under = [
        (MIDDLE + 1.1 * reach, y + 7),
        (MIDDLE + 0.66 * reach, mouth.at(0.6, -0.3 * mouth.form.upper)[1]),
        (MIDDLE + 0.3 * reach, lip + 3),
        (MIDDLE, lip + 1),
    ]
    return ring(right, under, mirrored(under), mirrored(right))


def _whiskers(mouth: Mouth, hair: HairTones) -> list[Shape]:
    lip = _lip_line(mouth)
    reach = mouth.half_width
    return [
        Shape(
            curve(
                [
                    (MIDDLE + s * 0.12 * reach, lip - 7),
                    (MIDDLE + s * 0.5 * reach, lip - 3),
                ]
            ),
            "none",
            None,
            hair.line,
            1.6,
            0.5,
        )
        for s in (-1, 1)
    ]


def _beard(head: Head, nose: Nose, mouth: Mouth, grow: float, cheek: float) -> str:
    """From sideburn to sideburn around the chin; `cheek` sets how low it starts."""
    low = max(head.chin + grow, _lip_floor(mouth) + 16)
    jaw = [
        (MIDDLE + head.side(EYE_LINE + s * head.face) + g, EYE_LINE + s * head.face)
        for s, g in ((0.02, -2.0), (0.3, 0.3 * grow), (0.6, 0.8 * grow), (0.8, grow))
    ]
    chin = [(MIDDLE + 1.05 * head.chin_width, head.chin - 6 + grow), (MIDDLE, low)]
    outer = [*jaw, *chin, *mirrored([*jaw, *chin[:1]])]
    top = min(nose.base + 6, _lip_line(mouth) - 8)
    inner = [
        (MIDDLE - head.side(EYE_LINE) + 12, EYE_LINE + 0.02 * head.face),
        (
            MIDDLE - 0.84 * head.side(EYE_LINE + 0.4 * head.face),
            EYE_LINE + (0.24 + cheek) * head.face,
        ),
        (MIDDLE - 0.42 * head.cheek, top + 6),
        (MIDDLE, top),
    ]
    return ring(outer, [*inner, *mirrored(inner[:-1])])


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
