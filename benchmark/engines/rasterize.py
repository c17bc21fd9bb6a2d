"""Rasterize SVG documents, in parallel."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray
from svg2png_py import FontDatabase, svg_to_rgba

RASTERIZER = f"svg2png-py {version('svg2png-py')}"
"""Name and version of the rasterizer, part of every SVG engine's version."""

_NO_FONTS = FontDatabase()


def rasterize(document: str) -> NDArray[np.uint8]:
    """(height, width, 4) uint8 premultiplied RGBA of an SVG at its own size."""
    pixels, width, height = svg_to_rgba(document, _NO_FONTS)
    return np.frombuffer(pixels, dtype=np.uint8).reshape(height, width, 4)


def rasterize_each(documents: Sequence[str], size: int) -> NDArray[np.uint8]:
    """Rasterize opaque square documents of `size` px to (n, size, size, 3) uint8 RGB.

    Threads work on the documents, since the rasterizer releases the global interpreter
    lock. Documents are independent: a batch gives the same bytes as single documents.
    """
    pixels = np.empty((len(documents), size, size, 3), dtype=np.uint8)

    def rasterize_row(row: int) -> None:
        pixels[row] = rasterize(documents[row])[:, :, :3]

    workers = min(len(documents), os.cpu_count() or 1)
    if workers < 2:
        for row in range(len(documents)):
            rasterize_row(row)
        return pixels
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(rasterize_row, range(len(documents))))
    return pixels
