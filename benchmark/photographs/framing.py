"""Whether a picture is already aligned as in FFHQ."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.photographs.alignment import crop_corners
from benchmark.photographs.detection import SIDES, detect

TOLERANCE = 0.25
"""Largest distance, in sides of the picture, of a corner of the picture from that of
the aligned square. Pictures of FFHQ and of the embedded portraits are below 0.2; most
photographs that show shoulders or more are above 0.25."""


def is_aligned(picture: NDArray[np.uint8]) -> bool:
    """Whether the largest face of a picture is about where FFHQ has it.

    Args:
        picture: (S, S, 3) uint8 RGB.
    """
    found = detect(picture, SIDES[:1])
    if not found:
        return False
    face = max(found, key=lambda face: face.area)
    side = picture.shape[0]
    corners = (crop_corners(face.landmarks) + 0.5) / side
    square = np.array([[0, 0], [0, 1], [1, 1], [1, 0]])
    return bool(np.abs(corners - square).max() <= TOLERANCE)
