"""The thirteen SemanticStyleGAN part classes that part maps and parsing maps share."""

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
"""Class names by id (CelebAMask-HQ merge of SemanticStyleGAN, Shi et al. 2022)."""

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
"""RGB (0-255) that each class is shown in, by id (SemanticStyleGAN's palette)."""


def colour_parts(parsing: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The (..., 3) uint8 RGB picture of a (...) map of class ids.

    Raises ValueError for an id that is no class.
    """
    if parsing.size and int(parsing.max()) >= len(PART_NAMES):
        raise ValueError(
            f"class {int(parsing.max())} in a part map: classes are "
            f"0-{len(PART_NAMES) - 1}"
        )
    return np.array(PART_COLOURS, dtype=np.uint8)[parsing]
