"""A sheet of portraits, each beside its coloured part map."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmark.avatars.part_classes import colour_parts
from benchmark.faces.parsed import ParsedFaces

_GAP = 4


def draw_parsed(
    faces: ParsedFaces, path: Path, count: int = 64, columns: int = 8
) -> None:
    """Write a PNG of `count` faces, evenly through the set, `columns` of them in a row.

    Each face is followed by its part map at the same size; fewer faces where there are
    fewer.
    """
    from PIL import Image

    count = min(count, len(faces))
    chosen = np.linspace(0, len(faces) - 1, count).round().astype(np.int64)
    pictures, parsing = faces.batch(chosen)
    pairs = np.concatenate([pictures, colour_parts(parsing)], axis=2)
    wide, high = 2 * faces.size + _GAP, faces.size + _GAP
    across, down = min(columns, count), -(-count // columns)
    sheet = Image.new("RGB", (across * wide - _GAP, down * high - _GAP), "white")
    for index, pair in enumerate(pairs):
        place = (index % columns * wide, index // columns * high)
        sheet.paste(Image.fromarray(pair), place)
    sheet.save(path, "PNG")
