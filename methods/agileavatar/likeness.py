"""The distance of two pictures of avatars: perceptual, and of coarse colours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import torch
from torch import Tensor
from torch.nn import functional

from methods.agileavatar.options import LikenessOptions
from methods.swiftavatar.options import PerceptualName
from methods.swiftavatar.perceptual import (
    Features,
    Lite0Features,
    Perceptual,
    open_perceptual,
    required_weights,
)

NETWORK: PerceptualName = "lite0-features"
PREFIX = "likeness."
"""Start of the names of the network's tensors in a saved method."""


def likeness_files(options: LikenessOptions) -> tuple[str, ...]:
    """Names of the weight files (benchmark.weights) that these options read."""
    return required_weights(NETWORK) if options.perceptual_weight else ()


@dataclass(frozen=True)
class Targets:
    """Fixed pictures, with all that a comparison computes of them once."""

    features: Features | None
    coarse: Tensor


class Likeness:
    """Compares pictures (n, 3, S, S) in [-1, 1]; the network is frozen."""

    def __init__(self, options: LikenessOptions, network: Perceptual | None) -> None:
        self._options, self._network = options, network

    @classmethod
    def open(
        cls,
        options: LikenessOptions,
        weights: Mapping[str, Path],
        size: int,
        device: str,
    ) -> Self:
        """Read the network; MethodError where `weights` lacks its file."""
        if not options.perceptual_weight:
            return cls(options, None)
        return cls(options, open_perceptual(NETWORK, size, weights, device))

    @classmethod
    def restore(
        cls,
        options: LikenessOptions,
        tensors: Mapping[str, Tensor],
        size: int,
        device: str,
    ) -> Self:
        """The likeness of a saved method, from its tensors."""
        if not options.perceptual_weight:
            return cls(options, None)
        with torch.random.fork_rng(devices=[]):
            network = Lite0Features(size, None)
        network.load_state_dict(
            {k.removeprefix(PREFIX): v for k, v in tensors.items() if PREFIX in k}
        )
        return cls(options, network.eval().requires_grad_(False).to(device))

    def tensors(self) -> dict[str, Tensor]:
        """The network's tensors, for `restore`."""
        if self._network is None:
            return {}
        return {f"{PREFIX}{k}": v for k, v in self._network.state_dict().items()}

    def targets(self, pictures: Tensor) -> Targets:
        """What comparisons with n pictures need."""
        features = None if self._network is None else self._network.features(pictures)
        return Targets(features, self._coarse(pictures))

    def distances(self, pictures: Tensor, targets: Targets) -> Tensor:
        """(n,) distances of n pictures to n targets, or to a single one."""
        options = self._options
        coarse = (self._coarse(pictures) - targets.coarse).abs().mean((1, 2, 3))
        total = options.coarse_weight * coarse
        if self._network is not None and targets.features is not None:
            apart = self._network.distances(pictures, targets.features)
            total = total + options.perceptual_weight * apart
        return total

    def _coarse(self, pictures: Tensor) -> Tensor:
        return functional.adaptive_avg_pool2d(pictures, self._options.side)
