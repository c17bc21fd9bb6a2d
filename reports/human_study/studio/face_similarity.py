"""Which faces look alike, so that a designer can start from a face done before."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars.colour import srgb_to_lab
from reports.human_study.studio.canvas import Faces

PIXELS = 64
CELLS = 16
BORDER = 2
"""Cells at each edge that do not count: there is background."""
KEPT_FACES = 100_000


class Likeness:
    """Compares aligned faces by what stands where: colours of a coarse grid, CIELAB.

    That finds people of like skin, hair and hairline, which is what a copied avatar
    saves work on; it is no measure of identity.
    """

    def __init__(self, faces: Faces) -> None:
        self._faces = faces
        self._look = lru_cache(KEPT_FACES)(self._measure)

    def nearest(self, face: str, others: Iterable[str]) -> str | None:
        """The most alike of some other faces, the first of equals; None of none."""
        mine = self._look(face)
        distances = {
            other: float(np.linalg.norm(self._look(other) - mine, axis=-1).mean())
            for other in others
            if other != face
        }
        return min(distances, key=distances.__getitem__, default=None)

    def _measure(self, face: str) -> NDArray[np.float64]:
        """(c, c, 3) CIELAB of the grid's inner cells."""
        pixels = self._faces.pixels(face, PIXELS)
        cells = pixels.reshape(CELLS, PIXELS // CELLS, CELLS, PIXELS // CELLS, 3)
        inner = slice(BORDER, CELLS - BORDER)
        return srgb_to_lab(cells.mean(axis=(1, 3)) / 255)[inner, inner]
