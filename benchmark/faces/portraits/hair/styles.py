"""The hair styles of all families."""

from __future__ import annotations

from benchmark.faces.portraits.hair.style import Style
from benchmark.faces.portraits.hair.styles_shifted import (
    HELDOUT_STYLES,
    VALIDATION_STYLES,
)
from benchmark.faces.portraits.hair.styles_train import TRAIN_STYLES

STYLES: dict[str, Style] = {**TRAIN_STYLES, **VALIDATION_STYLES, **HELDOUT_STYLES}
"""Style by family name, except ``bald``."""


def style_of(family: str) -> Style | None:
    """Return the style of a family; None for ``bald``.

    Raises:
        ValueError: If the family is unknown.
    """
    if family == "bald":
        return None
    if family not in STYLES:
        raise ValueError(
            f"hair_family {family!r} has no style; known: {sorted(STYLES)}"
        )
    return STYLES[family]
