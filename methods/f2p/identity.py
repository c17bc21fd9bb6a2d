"""Identity: the distance of face embeddings (TPAMI 2022, section 3.2)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from benchmark.storage.digests import file_digest
from methods.base import MethodError
from methods.f2p.alignment import LIGHTCNN, Frame, align
from methods.f2p.options import SimilarityOptions
from methods.networks.lightcnn import (
    EMBEDDING,
    WEIGHT_FILES,
    LightCNNName,
    load_lightcnn,
)


def identity_files(network: LightCNNName) -> tuple[str, ...]:
    """Names of the weight files (benchmark.weights) that `Identity` reads."""
    return (WEIGHT_FILES[network],)


class Identity:
    """1 - cosine of LightCNN's embeddings of aligned faces; the network is frozen.

    `digest` is the SHA-256 (hex) of the weight file.
    """

    digest: str

    def __init__(
        self,
        weights: Mapping[str, Path],
        options: SimilarityOptions,
        device: str = "cpu",
    ) -> None:
        """Load the network; MethodError where `weights` lacks its file.

        Raises WeightsError where the file is not a checkpoint of the network.
        """
        (name,) = identity_files(options.identity)
        if name not in weights:
            raise MethodError(
                f"identity needs the weight file {name}: run `avatarbench weights "
                f"fetch {name}`, or set the option identity to another network"
            )
        self.digest = file_digest(weights[name])
        self._network = load_lightcnn(options.identity, weights[name], device)

    def embeddings(self, pictures: Tensor, frame: Frame) -> Tensor:
        """(n, 256) embeddings, not normalised, of (n, 3, S, S) RGB in [-1, 1].

        Differentiable in the pictures. Raises ValueError for another shape or range.
        """
        if not len(pictures):
            return pictures.new_zeros(0, EMBEDDING)
        return self._network(align(pictures, frame, LIGHTCNN))

    def features(self, pictures: Tensor, frame: Frame) -> Tensor:
        """The embeddings (`SimilarityTerm.features`)."""
        return self.embeddings(pictures, frame)

    def distance(self, candidates: Tensor, targets: Tensor) -> Tensor:
        """(n,) 1 - cosine: 0 for the same direction, 2 for the opposite."""
        cosine = functional.cosine_similarity(candidates, targets, dim=1)
        # By rounding, the cosine of equal vectors can exceed 1.
        return torch.clamp(1 - cosine, min=0)
