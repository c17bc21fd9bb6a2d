"""SVG documents to pixels, many at a time."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray
from svg2png_py import FontDatabase, svg_to_rgba

RASTERIZER = f"svg2png-py {version('svg2png-py')}"
"""What turns documents into pixels: a part of every SVG engine's version."""

_NO_FONTS = FontDatabase()


def rasterize(document: str) -> NDArray[np.uint8]:
    """(height, width, 4) uint8 premultiplied RGBA of an SVG at its own size."""
    pixels, width, height = svg_to_rgba(document, _NO_FONTS)
    return np.frombuffer(pixels, dtype=np.uint8).reshape(height, width, 4)


def rasterize_each(documents: Sequence[str], size: int) -> NDArray[np.uint8]:
    """(n, size, size, 3) uint8 RGB of n opaque documents that are `size` wide.

    Rows are worked on by threads (the rasterizer runs outside Python's lock); each is
    independent of the others, so a batch has the same bytes as its rows one by one.
    The documents come ready made: writing them in the threads would fight for the lock.
    """
    pixels = np.empty((len(documents), size, size, 3), dtype=np.uint8)

    def fill(row: int) -> None:
        pixels[row] = rasterize(documents[row])[:, :, :3]

    workers = min(len(documents), os.cpu_count() or 1)
    if workers < 2:
        for row in range(len(documents)):
            fill(row)
        return pixels
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(fill, range(len(documents))))
    return pixels
