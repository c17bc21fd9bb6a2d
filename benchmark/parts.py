"""The thirteen SemanticStyleGAN part classes that part maps and parsing maps share."""

from __future__ import annotations

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
