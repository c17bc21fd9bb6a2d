"""What the two terms of F2P's similarity have in common."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from methods.f2p.alignment import Frame


class Similarity(Protocol):
    """A term: features are read from pictures, distances are taken between features.

    The features of a target are read once; those of a candidate let gradients through
    to its pixels. The frame says where pictures of that kind have eyes and mouth.
    """

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over all that features depend on besides the pictures."""
        ...

    def features(self, pictures: Tensor, frame: Frame) -> Tensor:
        """(n, …) features of (n, 3, S, S) RGB pictures in [-1, 1].

        Raises ValueError for pictures of another shape or range.
        """
        ...

    def distance(self, candidates: Tensor, targets: Tensor) -> Tensor:
        """(n,) distances, 0 or more, of n candidates' features to n targets'."""
        ...
