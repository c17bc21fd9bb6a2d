"""Designers: rule tables from visible attributes to ground-truth avatar vectors."""

from benchmark.faces.portraits.designer.agreement import agreement, agreement_markdown
from benchmark.faces.portraits.designer.truths import (
    DESIGNERS,
    ENGINES,
    truth,
    write_truths,
)

__all__ = [
    "DESIGNERS",
    "ENGINES",
    "agreement",
    "agreement_markdown",
    "truth",
    "write_truths",
]
