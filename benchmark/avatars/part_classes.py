"""The thirteen part classes of SemanticStyleGAN, which all part maps use."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PART_NAMES: tuple[str, ...] = (
    "background",
    "skin",
    "eyes",
    "brows",
    "mouth",
    "nose",
    "ears",
    "hair",
    "neck",
    "cloth",
    "glasses",
    "hat",
    "earring",
)
"""Class names by id: CelebAMask-HQ merged as in SemanticStyleGAN (Shi et al. 2022)."""

PART_IDS: dict[str, int] = {name: index for index, name in enumerate(PART_NAMES)}
"""Class ids by name, 0 to 12."""

PART_COLOURS: tuple[tuple[int, int, int], ...] = (
    (0, 0, 0),
    (239, 234, 90),
    (44, 105, 154),
    (4, 139, 168),
    (13, 179, 158),
    (131, 227, 119),
    (185, 231, 105),
    (107, 137, 198),
    (241, 196, 83),
    (242, 158, 76),
    (234, 114, 71),
    (215, 95, 155),
    (207, 113, 192),
)
"""RGB (0-255) of each class by id, SemanticStyleGAN's palette."""


def colour_parts(parsing: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Colour a (...) map of class ids as (..., 3) uint8 RGB.

    Raises ValueError for an unknown class id.
    """
    if parsing.size and int(parsing.max()) >= len(PART_NAMES):
        raise ValueError(
            f"part map holds class {int(parsing.max())}; the classes are "
            f"0-{len(PART_NAMES) - 1}"
        )
    return np.array(PART_COLOURS, dtype=np.uint8)[parsing]
