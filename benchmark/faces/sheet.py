"""Contact sheet of portraits beside their coloured part maps."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmark.avatars.part_classes import colour_parts
from benchmark.faces.parsed import ParsedFaces

_GAP = 4


def draw_parsed(
    faces: ParsedFaces, path: Path, count: int = 64, columns: int = 8
) -> None:
    """Write a PNG of faces, each followed by its part map at the same size.

    Args:
        faces: the faces to choose from.
        path: the PNG.
        count: number of faces, spread evenly over the set; at most all of them.
        columns: faces per row.
    """
    from PIL import Image

    count = min(count, len(faces))
    chosen = np.linspace(0, len(faces) - 1, count).round().astype(np.int64)
    pictures, parsing = faces.batch(chosen)
    pairs = np.concatenate([pictures, colour_parts(parsing)], axis=2)
    width, height = 2 * faces.size + _GAP, faces.size + _GAP
    across, down = min(columns, count), -(-count // columns)
    sheet = Image.new("RGB", (across * width - _GAP, down * height - _GAP), "white")
    for index, pair in enumerate(pairs):
        corner = (index % columns * width, index // columns * height)
        sheet.paste(Image.fromarray(pair), corner)
    sheet.save(path, "PNG")
