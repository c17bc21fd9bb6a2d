"""The perceptual term of the inversion (SwiftAvatar, section 3.2, equation 5).

The networks are frozen and the targets stay the same for all steps, so features of the
targets are computed once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmark.weights import ALEXNET, EFFICIENTNET_LITE0, VGG16
from benchmark.weights.convolutions import UnreadableWeights
from benchmark.weights.lpips_net import load_lpips
from methods.base import MethodError
from methods.networks.backbones import (
    Backbone,
    WeightMismatch,
    load_imagenet,
    make_backbone,
)
from methods.swiftavatar.options import PerceptualName

_WEIGHTS: dict[PerceptualName, str] = {
    "lpips-vgg": VGG16,
    "lpips-alex": ALEXNET,
    "lite0-features": EFFICIENTNET_LITE0,
}
_LEAST_SIDES: dict[PerceptualName, int] = {
    "lpips-vgg": 16,
    "lpips-alex": 32,
    "lite0-features": 16,
}
"""Smallest sides in pixels at which the deepest features are not empty."""
_LITE0_READ = (1, 2, 3, 5)
"""Stages whose output is compared: every 2, 4, 8 and 16 pixels."""
_EPSILON = 1e-10

Features = list[Tensor]
"""(n, C, h, w) features of each layer."""


def required_weights(name: PerceptualName) -> tuple[str, ...]:
    """Weight files (benchmark.weights) of the perceptual term of equation 5."""
    return (_WEIGHTS[name],)


def weight_file(name: PerceptualName, weights: Mapping[str, Path]) -> Path:
    """The weight file of the perceptual term of SwiftAvatar, equation 5.

    Raises MethodError if it is missing in `weights`.
    """
    wanted = _WEIGHTS[name]
    if wanted not in weights:
        raise MethodError(
            f"{name} needs the weight file {wanted}: run `avatarbench weights fetch "
            f"{wanted}` or set inversion.perceptual to another network"
        )
    return weights[wanted]


class Perceptual(nn.Module, ABC):
    """A frozen network that compares pictures (first term of SwiftAvatar, equation 5).

    Pictures are (n, 3, S, S) in [-1, 1]. Those larger than `size` are reduced to it by
    area averaging.
    """

    def __init__(self, name: PerceptualName, size: int) -> None:
        super().__init__()
        self.name: PerceptualName = name
        self.size = size

    @abstractmethod
    def _layers(self, pictures: Tensor) -> Iterable[Tensor]:
        """The raw features of resized pictures."""

    @abstractmethod
    def _weights(self) -> Sequence[Tensor | None]:
        """For each layer, (C, 1, 1) factors of its normalised features, or None."""

    def features(self, pictures: Tensor) -> Features:
        """Compute the normalised, weighted features of (n, 3, S, S) pictures.

        Raises MethodError if the pictures are too small for the network.
        """
        least = _LEAST_SIDES[self.name]
        if min(pictures.shape[-1], self.size) < least:
            raise MethodError(
                f"{self.name} needs pictures of {least} px or more, got "
                f"{pictures.shape[-1]} px at a perceptual_size of {self.size}: give a "
                "larger one, or another inversion.perceptual"
            )
        if pictures.shape[-1] > self.size:
            pictures = functional.adaptive_avg_pool2d(pictures, self.size)
        pictures = pictures.contiguous(memory_format=torch.channels_last)
        pairs = zip(self._layers(pictures), self._weights(), strict=True)
        return [_normalised(layer, weight) for layer, weight in pairs]

    def distances(self, pictures: Tensor, targets: Features) -> Tensor:
        """The (n,) distances of equation 5 from n pictures to features of n others."""
        pairs = zip(self.features(pictures), targets, strict=True)
        each = [(one - other).square().sum(1).mean((1, 2)) for one, other in pairs]
        return torch.stack(each).sum(0)


class Lpips(Perceptual):
    """LPIPS (Zhang et al., CVPR 2018) of SwiftAvatar, equation 5.

    Values equal those of the `lpips` package, version 0.1. Its weights of squared
    differences are folded into the features as square roots.
    """

    def __init__(self, name: PerceptualName, size: int, file: Path) -> None:
        """Read the backbone; MethodError if the file holds another network."""
        super().__init__(name, size)
        try:
            net = load_lpips("vgg" if name == "lpips-vgg" else "alex", file)
        except UnreadableWeights as error:
            raise MethodError(
                f"{name}: {error}; run `avatarbench weights fetch {_WEIGHTS[name]}`"
            ) from error
        self.scaling, self.trunk = net.scaling_layer, net.net
        self.slices = len(net.lins)
        for index, head in enumerate(net.lins):
            root = head.model[1].weight.detach()[0].sqrt()
            self.register_buffer(f"root_{index}", root, persistent=False)

    def _layers(self, pictures: Tensor) -> Iterable[Tensor]:
        return self.trunk(self.scaling(pictures))

    def _weights(self) -> Sequence[Tensor | None]:
        return [self.get_buffer(f"root_{index}") for index in range(self.slices)]


class Lite0Features(Perceptual):
    """A distance between normalised features of four stages of EfficientNet-Lite0.

    It replaces LPIPS in SwiftAvatar, equation 5, where LPIPS is too slow or its
    backbone is not available. No weights are fitted to human judgements. Values are
    about 8 times those of ST-LPIPS (random avatars of toon-tiktok at 64 px: 2.1 instead
    of 0.27), so a perceptual_weight of 0.12 corresponds to 1.
    """

    def __init__(self, size: int, file: Path | None) -> None:
        """Read the backbone; MethodError if the file holds another network.

        Without a file, its weights are random, to be replaced by a state dict.
        """
        super().__init__("lite0-features", size)
        whole = make_backbone("efficientnet_lite0")
        try:
            if file is not None:
                load_imagenet(whole, "efficientnet_lite0", file)
        except WeightMismatch as error:
            raise MethodError(f"{self.name}: {error}") from error
        self.backbone: Backbone = whole.first(_LITE0_READ[-1] + 1)

    def _layers(self, pictures: Tensor) -> Iterable[Tensor]:
        found = self.backbone.normalise(pictures)
        for index, stage in enumerate(self.backbone.stages):
            found = stage(found)
            if index in _LITE0_READ:
                yield found

    def _weights(self) -> Sequence[Tensor | None]:
        return [None] * len(_LITE0_READ)


def open_perceptual(
    name: PerceptualName, size: int, weights: Mapping[str, Path], device: str
) -> Perceptual:
    """Open the frozen network of the perceptual term of SwiftAvatar, equation 5.

    Raises MethodError if its file is missing in `weights` or holds another network.
    """
    file = weight_file(name, weights)
    with torch.random.fork_rng(devices=[]):
        if name == "lite0-features":
            net = Lite0Features(size, file)
        else:
            net = Lpips(name, size, file)
    return net.eval().requires_grad_(False).to(device)


def _normalised(layer: Tensor, weight: Tensor | None) -> Tensor:
    """Scale features to unit length over channels; zeros stay zero."""
    # The constant gives the root a gradient at zero.
    scale = torch.rsqrt(layer.square().sum(1, keepdim=True) + _EPSILON**2)
    return layer * scale if weight is None else layer * scale * weight
