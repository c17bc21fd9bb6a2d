"""Finds similar faces, so that a designer can start from an existing avatar."""

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
"""Cells at each edge that are ignored, because they show background."""
KEPT_FACES = 100_000


class FaceSimilarity:
    """Compares aligned faces by the CIELAB colours of a coarse grid.

    It finds people with similar skin, hair and hairline. It does not measure identity.
    """

    def __init__(self, faces: Faces) -> None:
        self._faces = faces
        self._colours = lru_cache(KEPT_FACES)(self._measure)

    def nearest(self, face: str, others: Iterable[str]) -> str | None:
        """The most similar of some other faces (the first if tied), or None."""
        mine = self._colours(face)
        distances = {
            other: float(np.linalg.norm(self._colours(other) - mine, axis=-1).mean())
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
