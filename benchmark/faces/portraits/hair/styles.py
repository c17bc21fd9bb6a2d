"""Styles of all families by name."""

from __future__ import annotations

from benchmark.faces.portraits.hair.style import Style
from benchmark.faces.portraits.hair.styles_shifted import (
    HELDOUT_STYLES,
    VALIDATION_STYLES,
)
from benchmark.faces.portraits.hair.styles_train import TRAIN_STYLES

STYLES: dict[str, Style] = {**TRAIN_STYLES, **VALIDATION_STYLES, **HELDOUT_STYLES}
"""Styles by family; ``bald`` has none."""


def style_of(family: str) -> Style | None:
    """Return a family's style, None for ``bald``.

    Raises:
        ValueError: No family has that name.
    """
    if family == "bald":
        return None
    if family not in STYLES:
        raise ValueError(
            f"hair_family {family!r} has no style; known: {sorted(STYLES)}"
        )
    return STYLES[family]
