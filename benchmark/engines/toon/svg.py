"""SVG paths and documents of the toon artwork."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

CANVAS = 512
"""Width and height of the drawing in its own coordinates."""

Point = tuple[float, float]

PART_STEP = 16
"""Difference of the red values of successive part classes."""


class Shape(NamedTuple):
    """One path of a drawing.

    Attributes:
        path: SVG path data.
        fill: a colour, `url(#gradient)` or `none`.
        part: part class; None for shading, which part maps leave out.
        stroke: colour of the outline.
        width: width of the outline; 0 for none.
        opacity: opacity of fill and outline, 0-1.
        beard: whether the shape is facial hair.
    """

    path: str
    fill: str = "none"
    part: int | None = None
    stroke: str = ""
    width: float = 0
    opacity: float = 1
    beard: bool = False


def picture_document(shapes: Iterable[Shape], defs: str, size: int) -> str:
    """An SVG document of size x size pixels; `defs` are its gradients."""
    body = "".join([_element(shape) for shape in shapes])
    return _document(f"<defs>{defs}</defs>{body}", size)


def part_document(shapes: Iterable[Shape], size: int) -> str:
    """An SVG part map without anti-aliasing: red is class id times `PART_STEP`."""
    parts = [(s, s.part * PART_STEP) for s in shapes if s.part is not None]
    return _flat_document(parts, size)


def beard_document(shapes: Iterable[Shape], size: int) -> str:
    """An SVG map of visible facial hair without anti-aliasing: red is 255, else 0."""
    shown = [s for s in shapes if s.part is not None or s.beard]
    return _flat_document([(s, 255 * s.beard) for s in shown], size)


def _flat_document(shapes: Iterable[tuple[Shape, int]], size: int) -> str:
    """Each shape painted in one colour with its red value."""
    body = "".join([_flat_element(shape, red) for shape, red in shapes])
    return _document(f'<g shape-rendering="crispEdges">{body}</g>', size)


def _document(body: str, size: int) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}" '
        f'viewBox="0 0 {CANVAS} {CANVAS}" stroke-linecap="round" '
        f'stroke-linejoin="round">{body}</svg>'
    )


def _element(shape: Shape) -> str:
    pen = ""
    if shape.width:
        pen = f' stroke="{shape.stroke}" stroke-width="{shape.width:g}"'
    if shape.opacity != 1:
        # `opacity` is slower: the rasterizer draws such a shape on a separate layer.
        a = f"{shape.opacity:g}"
        pen += f' fill-opacity="{a}" stroke-opacity="{a}"'
    return f'<path d="{shape.path}" fill="{shape.fill}"{pen}/>'


def _flat_element(shape: Shape, red: int) -> str:
    colour = f"rgb({red},0,0)"
    fill = "none" if shape.fill == "none" else colour
    pen = f' stroke="{colour}" stroke-width="{shape.width:g}"' if shape.width else ""
    return f'<path d="{shape.path}" fill="{fill}"{pen}/>'


def line(points: Sequence[Point]) -> str:
    """An open path of straight lines."""
    return "M" + "L".join([f"{x:.1f} {y:.1f}" for x, y in points])


def run(points: Sequence[Point]) -> str:
    """A smooth open curve through `points`, without its leading M or L."""
    return _spline(points, points[0], points[-1])


def curve(points: Sequence[Point]) -> str:
    """A smooth open path through `points`."""
    return "M" + run(points)


def blob(points: Sequence[Point]) -> str:
    """A smooth closed path through `points`."""
    return "M" + _spline([*points, points[0]], points[-1], points[1]) + "Z"


def ring(*sides: Sequence[Point]) -> str:
    """A closed path of smooth sides that meet in corners."""
    return "M" + "L".join([run(side) for side in sides]) + "Z"


def _spline(points: Sequence[Point], before: Point, after: Point) -> str:
    """A uniform Catmull-Rom spline as smooth cubic Bezier segments.

    `before` and `after` set the slopes at both ends.
    """
    (bx, by), (x, y), (nx, ny) = before, points[0], points[1]
    numbers = [x, y, x + (nx - bx) / 6, y + (ny - by) / 6]
    for here, there in pairwise((*points[1:], after)):
        bx, by, (x, y), (nx, ny) = x, y, here, there
        numbers += (x - (nx - bx) / 6, y - (ny - by) / 6, x, y)
    # One format operation for the whole curve: this is the hot spot of drawing.
    return _spline_format(len(points)) % tuple(numbers)


@cache
def _spline_format(count: int) -> str:
    return "%.1f %.1fC%.1f %.1f " + "S".join(["%.1f %.1f %.1f %.1f"] * (count - 1))


def bumps(points: Sequence[Point], bulge: float = 0.62) -> str:
    """Arcs from point to point that bulge to the left, without the leading M."""
    pieces = [f"{points[0][0]:.1f} {points[0][1]:.1f}"]
    for (x0, y0), (x1, y1) in pairwise(points):
        radius = max(1.0, bulge * ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5)
        pieces.append(f"A{radius:.1f} {radius:.1f} 0 0 1 {x1:.1f} {y1:.1f}")
    return "".join(pieces)


def oval(x: float, y: float, rx: float, ry: float) -> str:
    """The path of an ellipse around (x, y) with radii rx and ry."""
    return (
        f"M{x - rx:.1f} {y:.1f}a{rx:.1f} {ry:.1f} 0 1 0 {2 * rx:.1f} 0"
        f"a{rx:.1f} {ry:.1f} 0 1 0 {-2 * rx:.1f} 0Z"
    )


def mirrored(points: Sequence[Point]) -> list[Point]:
    """The points mirrored at the vertical middle line, in reverse order."""
    return [(CANVAS - x, y) for x, y in reversed(points)]
