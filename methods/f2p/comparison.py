"""Comparison of avatars with faces: both terms of the similarity, for each face."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from methods.f2p.alignment import Frame
from methods.f2p.similarity import SimilarityTerm

TERMS = ("identity", "content")
"""Names of the distances, before weighting; 0 means a perfect match."""


@dataclass(frozen=True)
class SimilarityNetwork:
    """Measures the distance between avatars and faces.

    Attributes:
        terms: the terms in use, by name; the distance of a missing term is 0.
        faces: positions of eyes and mouth in faces.
        avatars: positions of eyes and mouth in avatars.
    """

    terms: Mapping[str, SimilarityTerm]
    faces: Frame
    avatars: Frame

    @torch.no_grad()
    def against(self, faces: Tensor) -> Comparison:
        """A comparison with (n, 3, H, H) faces in [-1, 1], whose features it stores."""
        targets = {
            name: term.features(faces, self.faces) for name, term in self.terms.items()
        }
        return Comparison(self, targets)


@dataclass(frozen=True)
class Comparison:
    """Distances of pictures of avatars to n fixed faces."""

    similarity: SimilarityNetwork
    targets: Mapping[str, Tensor]

    def __call__(self, pictures: Tensor) -> Tensor:
        """(n, 2) `TERMS` of (n, 3, S, S) pictures in [-1, 1], differentiable.

        Picture i is compared with face i.
        """
        return torch.stack([self._distance(name, pictures) for name in TERMS], dim=1)

    def _distance(self, name: str, pictures: Tensor) -> Tensor:
        term = self.similarity.terms.get(name)
        if term is None:
            return pictures.new_zeros(len(pictures))
        candidates = term.features(pictures, self.similarity.avatars)
        return term.distance(candidates, self.targets[name])
