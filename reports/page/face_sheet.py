"""Draws a grid of faces and avatars as one picture, for documents and slides."""

from __future__ import annotations

import io
import textwrap
from functools import cache
from pathlib import Path

from matplotlib import get_data_path
from PIL import Image, ImageDraw, ImageFont

from reports.page.grid import PIXELS, Grid

BLOCK_ROWS = 12
"""Rows in a block; further rows go into another block next to it."""
GAP, BLOCK_GAP, MARGIN = 4, 36, 24
TITLE, LINE, HEAD, HEAD_LINE = 34, 19, 14, 16
INK, FAINT, PAPER, HOLE = "#1d1f21", "#5b6168", "#ffffff", "#eceeef"
HEAD_LETTERS, LETTER = 18, 8
"""Letters in a line of a column heading, and width of a letter of the note (px)."""
WEBP_QUALITY = 85


def sheet_bytes(grid: Grid, title: str, note: str) -> bytes:
    """The grid as WebP bytes: a title, a note and blocks of rows under headings."""
    blocks = [
        grid.rows[start : start + BLOCK_ROWS]
        for start in range(0, len(grid.rows), BLOCK_ROWS)
    ]
    step = PIXELS + GAP
    across = len(grid.heads) * step - GAP
    width = 2 * MARGIN + len(blocks) * (across + BLOCK_GAP) - BLOCK_GAP
    notes = textwrap.wrap(note, (width - 2 * MARGIN) // LETTER)
    heads = max(len(_wrap_head(head)) for head in grid.heads)
    top = MARGIN + TITLE + len(notes) * LINE + HEAD + heads * HEAD_LINE
    height = top + len(blocks[0]) * step - GAP + MARGIN
    page = Image.new("RGB", (width, height), PAPER)
    pen = ImageDraw.Draw(page)
    pen.text((MARGIN, MARGIN - 6), title, fill=INK, font=_font(24))
    for index, line in enumerate(notes):
        below = MARGIN + TITLE + index * LINE
        pen.text((MARGIN, below), line, fill=FAINT, font=_font(14))
    for index, rows in enumerate(blocks):
        left = MARGIN + index * (across + BLOCK_GAP)
        _draw_block(page, Grid(grid.engine, grid.heads, rows), (left, top))
    buffer = io.BytesIO()
    page.save(buffer, "webp", quality=WEBP_QUALITY, method=4)
    return buffer.getvalue()


def _draw_block(page: Image.Image, grid: Grid, start: tuple[int, int]) -> None:
    """`start` is the top left corner of the first picture; headings go above it."""
    pen, step = ImageDraw.Draw(page), PIXELS + GAP
    left, top = start
    for column, head in enumerate(grid.heads):
        lines = "\n".join(_wrap_head(head))
        middle = left + column * step + PIXELS / 2
        style = {"anchor": "md", "align": "center", "font": _font(13)}
        pen.text((middle, top - GAP), lines, fill=INK, **style)
    for row, pictures in enumerate(grid.rows):
        for column, picture in enumerate(pictures):
            corner = (left + column * step, top + row * step)
            if picture.path is not None:
                page.paste(picture.small().resize((PIXELS, PIXELS)), corner)
                continue
            far = (corner[0] + PIXELS - 1, corner[1] + PIXELS - 1)
            pen.rectangle((*corner, *far), fill=HOLE)
            text = (corner[0] + PIXELS / 2, corner[1] + PIXELS / 2)
            pen.text(text, picture.alt, fill=FAINT, anchor="mm", font=_font(13))


def _wrap_head(head: str) -> list[str]:
    return textwrap.wrap(head, HEAD_LETTERS)


@cache
def _font(points: int) -> ImageFont.FreeTypeFont:
    """DejaVu Sans from matplotlib; it has every character that labels use."""
    return ImageFont.truetype(
        Path(get_data_path()) / "fonts/ttf/DejaVuSans.ttf", points
    )
