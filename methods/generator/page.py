"""Contact sheets: panels of tiles with headings, side by side, drawn with PIL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont

TILE = 128
"""Height of a picture on a sheet in pixels; smaller pictures are enlarged."""
PAPER, INK, FAINT = "#ffffff", "#1f2933", "#66788a"
MARGIN, GAP, GUTTER = 20, 4, 32
TITLE, HEADING, CAPTION = 42, 30, 20
POINTS = {TITLE: 26, HEADING: 19, CAPTION: 14}


@dataclass(frozen=True)
class Panel:
    """A heading over (n, h, w, 3) uint8 tiles in rows of `columns`.

    `captions`, if given, are the column headings.
    """

    heading: str
    tiles: NDArray[np.uint8]
    columns: int
    captions: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Number of rows; the last may be incomplete."""
        return -(-len(self.tiles) // self.columns)

    @property
    def width(self) -> int:
        """Width in pixels."""
        return self.columns * (self.tiles.shape[2] + GAP) - GAP

    @property
    def top(self) -> int:
        """Pixels above the first tile."""
        return HEADING + (CAPTION if self.captions else 0)

    @property
    def height(self) -> int:
        """Height in pixels, with the heading."""
        return self.top + self.rows * (self.tiles.shape[1] + GAP) - GAP


def fitted(pictures: NDArray[np.uint8], side: int = TILE) -> NDArray[np.uint8]:
    """(n, S, S, 3) pictures, enlarged by a whole factor or reduced to fit `side`."""
    from PIL import Image

    size = pictures.shape[1]
    if size <= side:
        times = side // size
        return pictures.repeat(times, axis=1).repeat(times, axis=2)
    reduced = [
        np.asarray(Image.fromarray(each).resize((side, side), Image.Resampling.BOX))
        for each in pictures
    ]
    return np.stack(reduced)


def paired(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(n, h, 2 w, 3): each tile of `first`, with that of `second` to its right."""
    return np.concatenate([first, second], axis=2)


def draw_page(title: str, panels: Sequence[Panel]) -> NDArray[np.uint8]:
    """(H, W, 3) uint8: the title, with the panels side by side below it."""
    from PIL import Image, ImageDraw

    text = _font(POINTS[TITLE]).getlength(title)
    inner = max(
        sum(panel.width for panel in panels) + GUTTER * (len(panels) - 1), int(text)
    )
    height = 2 * MARGIN + TITLE + max(panel.height for panel in panels)
    page = Image.new("RGB", (inner + 2 * MARGIN, height), PAPER)
    pen = ImageDraw.Draw(page)
    _write(pen, (MARGIN, MARGIN), title, TITLE, inner)
    left = MARGIN
    for panel in panels:
        _draw_panel(page, pen, panel, (left, MARGIN + TITLE))
        left += panel.width + GUTTER
    return np.asarray(page)


def _draw_panel(
    page: Image.Image,
    pen: ImageDraw.ImageDraw,
    panel: Panel,
    corner: tuple[int, int],
) -> None:
    from PIL import Image

    left, top = corner
    high, wide = panel.tiles.shape[1] + GAP, panel.tiles.shape[2] + GAP
    _write(pen, corner, panel.heading, HEADING, panel.width)
    for column, caption in enumerate(panel.captions):
        place = (left + column * wide, top + HEADING)
        _write(pen, place, caption, CAPTION, wide - GAP, FAINT)
    for index, tile in enumerate(panel.tiles):
        row, column = divmod(index, panel.columns)
        place = (left + column * wide, top + panel.top + row * high)
        page.paste(Image.fromarray(tile), place)


def _write(
    pen: ImageDraw.ImageDraw,
    corner: tuple[int, int],
    text: str,
    kind: int,
    width: int,
    ink: str = INK,
) -> None:
    """Write a line of text, in a smaller font where it would exceed `width`."""
    points = POINTS[kind]
    while points > 8 and pen.textlength(text, font=_font(points)) > width:
        points -= 1
    pen.text(corner, text, fill=ink, font=_font(points))


@cache
def _font(points: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    from PIL import ImageFont

    return ImageFont.load_default(points)
