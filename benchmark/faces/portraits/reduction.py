"""Crowds of small pictures: drawn as large as the embedded train faces, then reduced.

Film grain and sharpening are drawn per pixel. A picture drawn at 64 px therefore has
another look than a face of the embedded train split reduced to 64 px.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars.part_classes import PART_IDS
from benchmark.faces.portraits.splits import SPLITS, VERSION, RenderedFace

DRAWN_SIZE = SPLITS["train"][0].size
"""Edge in pixels at which small pictures are drawn: that of the train split."""
SMALLEST = 32
"""Edge in pixels from which pictures are reduced."""
REDUCED_VERSION = "2"
"""Version of crowds of reduced pictures. Version 1 drew them at their own size."""
RAREST_FIRST = (
    "hat",
    "earring",
    "eyes",
    "ears",
    "brows",
    "glasses",
    "mouth",
    "nose",
    "neck",
    "cloth",
    "hair",
    "skin",
    "background",
)
"""Part classes by their share of a crowd."""
_RAREST_FIRST = np.array([PART_IDS[name] for name in RAREST_FIRST], np.uint8)


def drawn_size(size: int) -> int:
    """Edge in pixels at which a crowd of `size` px is drawn.

    It is 128 for 32 and 64 px. Pictures of other sizes are drawn at their own size:
    large ones, sizes that do not divide 128, and tiny ones, which serve tests only.
    """
    reduced = SMALLEST <= size < DRAWN_SIZE and DRAWN_SIZE % size == 0
    return DRAWN_SIZE if reduced else size


def crowd_version(size: int) -> str:
    """The version of the drawing of a crowd of `size` px."""
    return VERSION if drawn_size(size) == size else REDUCED_VERSION


def reduce_face(face: RenderedFace, size: int) -> RenderedFace:
    """Reduce a rendered person to `size` px, which must divide the drawn size."""
    if len(face.picture) == size:
        return face
    return replace(
        face,
        picture=reduce_picture(face.picture, size),
        parsing=reduce_parts(face.parsing, size),
    )


def reduce_picture(picture: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Mean of each block of an (S, S, 3) picture, rounded: (size, size, 3)."""
    side = len(picture) // size
    blocks = picture.reshape(size, side, size, side, 3)
    total = blocks.sum((1, 3), dtype=np.uint32)
    return ((total + side**2 // 2) // side**2).astype(np.uint8)


def reduce_parts(parsing: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """The commonest class of each block of (S, S) classes: (size, size).

    Of classes that tie, the rarer one in a crowd remains.
    """
    side = len(parsing) // size
    blocks = parsing.reshape(size, side, size, side)
    counts = np.stack([(blocks == part).sum((1, 3)) for part in _RAREST_FIRST])
    return _RAREST_FIRST[counts.argmax(0)]
