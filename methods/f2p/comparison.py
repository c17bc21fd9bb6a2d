"""Avatars compared with faces: both terms of the similarity, per face."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from methods.f2p.alignment import Frame
from methods.f2p.similarity import Similarity

TERMS = ("identity", "content")
"""The terms of the similarity, 0 for a perfect likeness, before they are weighed."""


@dataclass(frozen=True)
class Judge:
    """What tells how far avatars are from faces.

    Attributes:
        terms: those that are looked at; another counts as 0.
        faces: where faces have eyes and mouth.
        avatars: where avatars have them.
    """

    terms: Mapping[str, Similarity]
    faces: Frame
    avatars: Frame

    @torch.no_grad()
    def against(self, faces: Tensor) -> Comparison:
        """A comparison with (n, 3, H, H) faces in [-1, 1]; they are read once."""
        targets = {
            name: term.features(faces, self.faces) for name, term in self.terms.items()
        }
        return Comparison(self, targets)


@dataclass(frozen=True)
class Comparison:
    """How far pictures of avatars are from the n faces that it was made for."""

    judge: Judge
    targets: Mapping[str, Tensor]

    def __call__(self, pictures: Tensor) -> Tensor:
        """(n, 2) `TERMS` of (n, 3, S, S) pictures in [-1, 1], differentiable.

        Picture i is compared with face i.
        """
        return torch.stack([self._distance(name, pictures) for name in TERMS], dim=1)

    def _distance(self, name: str, pictures: Tensor) -> Tensor:
        term = self.judge.terms.get(name)
        if term is None:
            return pictures.new_zeros(len(pictures))
        candidates = term.features(pictures, self.judge.avatars)
        return term.distance(candidates, self.targets[name])
