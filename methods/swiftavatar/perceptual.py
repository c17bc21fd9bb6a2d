"""Perceptual distances that inversion descends: LPIPS, or plain features of a net.

The nets of the inversion are frozen, and its targets stay the same for hundreds of
steps: features of targets are read once.
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
"""Sides in pixels from which on the deepest features have a place to stand."""
_LITE0_READ = (1, 2, 3, 5)
"""Stages whose last features are read: every 2, 4, 8 and 16 pixels."""
_EPSILON = 1e-10

Features = list[Tensor]
"""(n, C, h, w) of each layer that is read."""


def required_weights(name: PerceptualName) -> tuple[str, ...]:
    """Names of the weight files (benchmark.weights) that a perceptual net reads."""
    return (_WEIGHTS[name],)


def weight_file(name: PerceptualName, weights: Mapping[str, Path]) -> Path:
    """The file that a perceptual net reads; MethodError where `weights` lacks it."""
    wanted = _WEIGHTS[name]
    if wanted not in weights:
        raise MethodError(
            f"{name} wants the weight file {wanted}: run `avatarbench weights fetch "
            f"{wanted}` or set inversion.perceptual to another net"
        )
    return weights[wanted]


class Perceptual(nn.Module, ABC):
    """A frozen net whose features, scaled, are compared by squared differences.

    Pictures are (n, 3, S, S) in [-1, 1]. Those larger than `size` are averaged down to
    it, smaller ones stay.
    """

    def __init__(self, name: PerceptualName, size: int) -> None:
        super().__init__()
        self.name: PerceptualName = name
        self.size = size

    @abstractmethod
    def _layers(self, pictures: Tensor) -> Iterable[Tensor]:
        """Raw features of pictures that have their size already."""

    @abstractmethod
    def _weights(self) -> Sequence[Tensor | None]:
        """For each layer, (C, 1, 1) factors on its normalised features, if any."""

    def features(self, pictures: Tensor) -> Features:
        """Channel-normalised, weighted features of (n, 3, S, S) pictures.

        Raises MethodError for pictures too small for the net.
        """
        least = _LEAST_SIDES[self.name]
        if min(pictures.shape[-1], self.size) < least:
            raise MethodError(
                f"{self.name} wants pictures of {least} px or more, got "
                f"{pictures.shape[-1]} px at a perceptual_size of {self.size}: take a "
                "larger one, or another inversion.perceptual"
            )
        if pictures.shape[-1] > self.size:
            pictures = functional.adaptive_avg_pool2d(pictures, self.size)
        pictures = pictures.contiguous(memory_format=torch.channels_last)
        pairs = zip(self._layers(pictures), self._weights(), strict=True)
        return [_normalised(layer, weight) for layer, weight in pairs]

    def distances(self, pictures: Tensor, targets: Features) -> Tensor:
        """(n,) distances of n pictures to the features of n others."""
        pairs = zip(self.features(pictures), targets, strict=True)
        each = [(one - other).square().sum(1).mean((1, 2)) for one, other in pairs]
        return torch.stack(each).sum(0)


class Lpips(Perceptual):
    """LPIPS of Zhang et al. (CVPR 2018), version 0.1 of the `lpips` package.

    The distance weighs squared differences channel by channel; the roots of those
    weights are folded into the features here, so that the value is the package's.
    """

    def __init__(self, name: PerceptualName, size: int, file: Path) -> None:
        """Read the backbone's convolutions; MethodError where the file has others."""
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
    """Distance of EfficientNet-Lite0's normalised features after four of its stages.

    No weights were learnt on people's choices, and none are published: this is not
    LPIPS, and it serves where LPIPS would be too slow or its backbone is not at hand.
    Its scale is its own: random avatars of toon-tiktok at 64 px are 2.1 apart, eight
    times their ST-LPIPS of 0.27. A perceptual_weight of about 0.12 stands for a 1.
    """

    def __init__(self, size: int, file: Path) -> None:
        """Read the backbone; MethodError where the file holds another."""
        super().__init__("lite0-features", size)
        whole = make_backbone("efficientnet_lite0")
        try:
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
    """The frozen net of a name, from the file of `required_weights`.

    Raises MethodError where `weights` lacks that file, or where it holds another net.
    """
    file = weight_file(name, weights)
    with torch.random.fork_rng(devices=[]):
        if name == "lite0-features":
            net = Lite0Features(size, file)
        else:
            net = Lpips(name, size, file)
    return net.eval().requires_grad_(False).to(device)


def _normalised(layer: Tensor, weight: Tensor | None) -> Tensor:
    """Unit length over channels, zeros where there is none, times the weight."""
    # The root of a sum of squares has no gradient at zero; with the constant it has.
    scale = torch.rsqrt(layer.square().sum(1, keepdim=True) + _EPSILON**2)
    return layer * scale if weight is None else layer * scale * weight
