"""The shift-tolerant AlexNet distance of Ghildyal and Liu (ECCV 2022), read from file.

A perceptual distance like LPIPS (Zhang et al. 2018), but trained from scratch on a
trunk that hardly reacts to small shifts: the first convolution keeps full resolution,
and every step down is a max-pool of stride one or nothing, then a 3x3 binomial blur of
stride two over a reflected border (Zhang, "Making convolutional networks
shift-invariant again", ICML 2019).
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

CHANNELS = (64, 192, 384, 256, 256)


class BlurPool(nn.Module):
    """Halve a map: reflect two border pixels, blur with 1-2-1, keep every second."""

    filt: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        taps = torch.tensor([1.0, 2.0, 1.0])
        kernel = torch.outer(taps, taps) / 16
        self.register_buffer("filt", kernel.expand(channels, 1, 3, 3).clone())

    def forward(self, features: Tensor) -> Tensor:
        """(n, C, H, W) to (n, C, (H + 3) // 2, (W + 3) // 2)."""
        padded = functional.pad(features, (2, 2, 2, 2), mode="reflect")
        return functional.conv2d(padded, self.filt, stride=2, groups=self.filt.shape[0])


class Trunk(nn.Module):
    """The anti-aliased AlexNet, its layers named as the published file names them."""

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
            # The file numbers layers through all slices, so each keeps its number.
            slice_ = nn.Sequential()
            for index in range(start, end):
                slice_.add_module(str(index), layers[index])
            self.add_module(f"slice{number}", slice_)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """(n, 3, H, W) scaled pictures to the five rectified maps."""
        maps = []
        features = pictures
        for slice_ in self.children():
            features = slice_(features)
            maps.append(features)
        return maps


class ShiftTolerantNet(nn.Module):
    """Weighted squared differences of unit features of two pictures in [-1, 1]."""

    def __init__(self) -> None:
        super().__init__()
        self.scaling_layer = nn.Module()
        self.scaling_layer.register_buffer("shift", torch.zeros(1, 3, 1, 1))
        self.scaling_layer.register_buffer("scale", torch.ones(1, 3, 1, 1))
        self.net = Trunk()
        for number, channels in enumerate(CHANNELS):
            # The file holds each weighting behind a dropout layer, as model.1.
            head = nn.Module()
            head.model = nn.ModuleDict({"1": nn.Conv2d(channels, 1, 1, bias=False)})
            self.add_module(f"lin{number}", head)

    def features(self, pictures: Tensor) -> list[Tensor]:
        """Unit-length features of (n, 3, H, W) float pictures in [-1, 1]."""
        scaling = self.scaling_layer
        scaled = (pictures - cast("Tensor", scaling.shift)) / cast(
            "Tensor", scaling.scale
        )
        return [unit_length(features) for features in self.net(scaled)]

    def distance(self, first: list[Tensor], second: list[Tensor]) -> Tensor:
        """(n,) distances of the `features` of two batches; 0 for equal ones."""
        total = torch.zeros(len(first[0]), device=first[0].device)
        for number, (one, other) in enumerate(zip(first, second, strict=True)):
            weight = cast("Tensor", self.get_parameter(f"lin{number}.model.1.weight"))
            difference = functional.conv2d((one - other) ** 2, weight)
            total = total + difference.mean(dim=(1, 2, 3))
        return total


def load_net(file: Path, device: str = "cpu") -> ShiftTolerantNet:
    """The net with the published weights; every key of the file must fit.

    Raises RuntimeError (torch's own) where keys or shapes differ.
    """
    net = ShiftTolerantNet()
    net.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
    # On processors the convolutions of this net run twice as fast channels last.
    net = net.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return net.eval().requires_grad_(False)


def unit_length(features: Tensor) -> Tensor:
    """(n, C, H, W) features over their length along the channels."""
    length = features.square().sum(dim=1, keepdim=True).sqrt()
    return features / (length + 1e-10)
