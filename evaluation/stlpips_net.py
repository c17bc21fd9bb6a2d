"""The network of ST-LPIPS: a shift-tolerant AlexNet (Ghildyal and Liu, ECCV 2022).

Like LPIPS (Zhang et al., CVPR 2018), it compares features of a trunk network. The trunk
is trained from scratch and changes little under small shifts: the first convolution has
stride 1, and each downsampling is a 3x3 binomial blur of stride 2 with reflection
padding, after a max-pool of stride 1 where AlexNet pools (Zhang, "Making convolutional
networks shift-invariant again", ICML 2019).
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

CHANNELS = (64, 192, 384, 256, 256)
"""Channels of the trunk's five feature maps."""


class BlurPool(nn.Module):
    """Downsample by 2: 1-2-1 blur in both directions with reflection padding of 2."""

    filt: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        taps = torch.tensor([1.0, 2.0, 1.0])
        kernel = torch.outer(taps, taps) / 16
        self.register_buffer("filt", kernel.expand(channels, 1, 3, 3).clone())

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, C, H, W) to (n, C, (H + 3) // 2, (W + 3) // 2)."""
        padded = functional.pad(features, (2, 2, 2, 2), mode="reflect")
        return functional.conv2d(padded, self.filt, stride=2, groups=self.filt.shape[0])


class Trunk(nn.Module):
    """The anti-aliased AlexNet; its layers have the names of the published file."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [
            nn.Conv2d(3, 64, 11, padding=2),
            BlurPool(64),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=1),
            BlurPool(64),
            nn.Conv2d(64, 192, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=1),
            BlurPool(192),
            nn.Conv2d(192, 384, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(384, 256, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(256, 256, 3, padding=1),
            nn.ReLU(),
        ]
        ends = (3, 7, 11, 13, 15)
        starts = (0, *ends[:-1])
        for number, (start, end) in enumerate(zip(starts, ends, strict=True), start=1):
            # The file numbers the layers through all slices.
            slice_ = nn.Sequential()
            for index in range(start, end):
                slice_.add_module(str(index), layers[index])
            self.add_module(f"slice{number}", slice_)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Map (n, 3, H, W) scaled pictures to five (n, C, h, w) maps, after ReLU."""
        maps = []
        features = pictures
        for slice_ in self.children():
            features = slice_(features)
            maps.append(features)
        return maps


class ShiftTolerantNet(nn.Module):
    """Weighted squared differences of the unit-length features of two pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.scaling_layer = nn.Module()
        self.scaling_layer.register_buffer("shift", torch.zeros(1, 3, 1, 1))
        self.scaling_layer.register_buffer("scale", torch.ones(1, 3, 1, 1))
        self.net = Trunk()
        for number, channels in enumerate(CHANNELS):
            # In the file a dropout layer comes first, so the weights are `model.1`.
            head = nn.Module()
            head.model = nn.ModuleDict({"1": nn.Conv2d(channels, 1, 1, bias=False)})
            self.add_module(f"lin{number}", head)

    def features(self, pictures: Tensor) -> list[Tensor]:
        """Five (n, C, h, w) unit-length feature maps.

        `pictures` are (n, 3, H, W) float32 in [-1, 1]; CHANNELS has the C of each map.
        """
        scaling = self.scaling_layer
        scaled = (pictures - cast("Tensor", scaling.shift)) / cast(
            "Tensor", scaling.scale
        )
        return [unit_length(features) for features in self.net(scaled)]

    def distance(self, first: list[Tensor], second: list[Tensor]) -> Tensor:
        """(n,) distances, 0 or more, of the `features` of two batches of n pictures."""
        total = torch.zeros(len(first[0]), device=first[0].device)
        for number, (one, other) in enumerate(zip(first, second, strict=True)):
            weight = cast("Tensor", self.get_parameter(f"lin{number}.model.1.weight"))
            difference = functional.conv2d((one - other) ** 2, weight)
            total = total + difference.mean(dim=(1, 2, 3))
        return total


def load_net(file: Path, device: str = "cpu") -> ShiftTolerantNet:
    """The network with the published weights, in evaluation mode without gradients.

    Raises RuntimeError if keys or shapes in the file differ.
    """
    net = ShiftTolerantNet()
    net.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
    # On CPUs the convolutions run twice as fast with channels last.
    net = net.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return net.eval().requires_grad_(False)


def unit_length(features: Tensor) -> Tensor:
    """Divide (n, C, H, W) features by their Euclidean length over the channels."""
    length = features.square().sum(dim=1, keepdim=True).sqrt()
    return features / (length + 1e-10)
