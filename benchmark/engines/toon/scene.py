"""Draw the backdrop, shoulders and clothes."""

from __future__ import annotations

from benchmark.avatars.part_classes import PART_IDS
from benchmark.engines.toon.head import MIDDLE, Head
from benchmark.engines.toon.svg import CANVAS, Shape, curve, mirrored, ring

CLOTH = PART_IDS["cloth"]
_KNIT, _KNIT_DARK, _KNIT_LINE = "#4f7d8c", "#41697a", "#2b4854"

SCENE_GRADIENTS = (
    '<linearGradient id="sky" x2="0" y2="1"><stop stop-color="#d3e0ee"/>'
    '<stop offset="1" stop-color="#aebfd6"/></linearGradient>'
    '<linearGradient id="knit" x2="0" y2="1"><stop stop-color="#5b8c9b"/>'
    '<stop offset="1" stop-color="#467282"/></linearGradient>'
)


def draw_backdrop() -> list[Shape]:
    """The backdrop, a vertical gradient."""
    whole = f"M0 0H{CANVAS}V{CANVAS}H0Z"
    return [Shape(whole, "url(#sky)", PART_IDS["background"])]


def draw_clothes(head: Head) -> list[Shape]:
    """A knitted crew neck, which follows the neck's width."""
    y = head.collar
    wide = head.neck + 16
    shoulder = [
        (MIDDLE + wide, y),
        (MIDDLE + wide + 52, y + 22),
        (MIDDLE + wide + 112, y + 56),
        (MIDDLE + wide + 140, CANVAS + 30),
    ]
    collar = [(MIDDLE - wide, y), (MIDDLE, y + 42), (MIDDLE + wide, y)]
    trim = [(MIDDLE + wide + 9, y + 3), (MIDDLE, y + 57), (MIDDLE - wide - 9, y + 3)]
    body = ring(mirrored(shoulder), collar, shoulder)
    shapes = [
        Shape(body, "url(#knit)", CLOTH, _KNIT_LINE, 2.5),
        Shape(ring(collar, trim), _KNIT_DARK, CLOTH, _KNIT_LINE, 2),
    ]
    for side in (-1, 1):
        fold = [
            (MIDDLE + side * (wide + 72), y + 78),
            (MIDDLE + side * (wide + 66), 520),
        ]
        shapes.append(Shape(curve(fold), "none", None, _KNIT_LINE, 2.5, 0.5))
    return shapes
