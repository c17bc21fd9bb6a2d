"""The interface of the two terms of F2P's similarity, identity and content."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from methods.f2p.alignment import Frame


class SimilarityTerm(Protocol):
    """A term: features of pictures, and distances between features.

    Features of a target are computed once. Features of a candidate are differentiable
    in its pixels. A frame gives the positions of eyes and mouth in the pictures.
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
