"""ImageNet backbones: ResNet-18 and EfficientNet-Lite0."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmark import weights
from benchmark.system.torchvision_ops import declare_missing_operators

BackboneName = Literal["resnet18", "efficientnet_lite0"]

WEIGHT_FILES: dict[BackboneName, str] = {
    "resnet18": weights.RESNET18,
    "efficientnet_lite0": weights.EFFICIENTNET_LITE0,
}
"""The ImageNet weight file of each backbone."""

STAGE_COUNTS: dict[BackboneName, int] = {"resnet18": 5, "efficientnet_lite0": 9}
"""Number of stages: the stem and, for EfficientNet, the last convolution included."""

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

# Depth, kernel, stride, expansion and width of each stage (Tan and Le 2019, B0). The
# Lite version has no squeeze-and-excitation and uses ReLU6.
_LITE0_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
_LITE0_STEM, _LITE0_HEAD = 32, 1280


class WeightMismatch(ValueError):
    """A weight file does not match the network; the message names both."""


class Backbone(nn.Module):
    """Consecutive stages on ImageNet-normalised pictures, then mean pooling.

    Attributes:
        stages: the stages.
        widths: output channels of each stage.
        strides: pixels of the picture between two output positions of each stage.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self, stages: nn.Sequential, widths: tuple[int, ...], strides: tuple[int, ...]
    ) -> None:
        super().__init__()
        self.stages = stages
        self.widths = widths
        self.strides = strides
        # Depthwise convolutions are about twice as fast in this memory format.
        for parameter in stages.parameters():
            if parameter.ndim == 4:
                parameter.data = parameter.data.to(memory_format=torch.channels_last)
        shape = (1, 3, 1, 1)
        # Pictures are in [-1, 1]; the published statistics are for [0, 1].
        mean = torch.tensor(IMAGENET_MEAN).view(shape) * 2 - 1
        std = torch.tensor(IMAGENET_STD).view(shape) * 2
        self.register_buffer("mean", mean, persistent=False)
        self.register_buffer("std", std, persistent=False)

    def first(self, count: int) -> Backbone:
        """Return a backbone of the first `count` stages; it shares their weights."""
        return Backbone(
            nn.Sequential(*list(self.stages)[:count]),
            self.widths[:count],
            self.strides[:count],
        )

    def normalise(self, pictures: Tensor) -> Tensor:
        """Normalise (n, 3, H, W) pictures in [-1, 1] to the ImageNet statistics."""
        pictures = pictures.contiguous(memory_format=torch.channels_last)
        return (pictures - self.mean) / self.std

    def forward(self, pictures: Tensor) -> Tensor:
        """Map (n, 3, H, W) pictures in [-1, 1] to (n, widths[-1]) features."""
        return self.stages(self.normalise(pictures)).mean(dim=(2, 3))


def make_backbone(name: BackboneName) -> Backbone:
    """Build a backbone with random weights from torch's global generator."""
    if name == "resnet18":
        return _resnet18()
    return _efficientnet_lite0()


def load_imagenet(backbone: Backbone, name: BackboneName, file: Path) -> None:
    """Load the published ImageNet weights of that name into a backbone.

    Raises WeightMismatch if the file holds another network.
    """
    try:
        state = torch.load(file, map_location="cpu", weights_only=True)
        renamed = _RENAMED[name](state)
        backbone.stages.load_state_dict(renamed)
    except (RuntimeError, KeyError, AttributeError) as error:
        reason = str(error).splitlines()[0]
        raise WeightMismatch(
            f"{file} does not hold the weights of {name}: {reason}"
        ) from error


def _resnet18() -> Backbone:
    declare_missing_operators()
    from torchvision.models import resnet18

    net = resnet18(weights=None)
    stem = nn.Sequential(net.conv1, net.bn1, net.relu, net.maxpool)
    stages = (stem, net.layer1, net.layer2, net.layer3, net.layer4)
    return Backbone(
        nn.Sequential(*stages),
        widths=(64, 64, 128, 256, 512),
        strides=(4, 4, 8, 16, 32),
    )


def _resnet18_names(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename torchvision's keys to those of `Backbone.stages`; drop the classifier."""
    renamed = {}
    for key, value in state.items():
        key = re.sub(r"^conv1\.", "0.0.", key)
        key = re.sub(r"^bn1\.", "0.1.", key)
        key = re.sub(r"^layer(\d)\.", r"\1.", key)
        if not key.startswith("fc."):
            renamed[key] = value
    return renamed


class SameConv(nn.Conv2d):
    """A bias-free convolution with TensorFlow's SAME padding.

    The published weights were trained with it. At stride 2 it is uneven: the extra
    column and row are on the right and at the bottom.
    """

    def __init__(
        self, width_in: int, width_out: int, kernel: int, stride: int, groups: int = 1
    ) -> None:
        padding = kernel // 2 if stride == 1 else 0
        super().__init__(
            width_in, width_out, kernel, stride, padding, groups=groups, bias=False
        )

    def forward(self, input: Tensor) -> Tensor:
        """Return (n, width_out, ceil(H / stride), ceil(W / stride)) features."""
        if self.stride[0] > 1:
            height, width = input.shape[-2:]
            input = functional.pad(input, [*self._pads(width), *self._pads(height)])
        return super().forward(input)

    def _pads(self, side: int) -> tuple[int, int]:
        stride, kernel = self.stride[0], self.kernel_size[0]
        total = max((-(-side // stride) - 1) * stride + kernel - side, 0)
        return total // 2, total - total // 2


class InvertedResidual(nn.Module):
    """EfficientNet's block: expansion, depthwise convolution, projection, shortcut."""

    def __init__(
        self, width_in: int, width_out: int, kernel: int, stride: int, expansion: int
    ) -> None:
        super().__init__()
        wide = width_in * expansion
        self.expand = _unit(width_in, wide, 1) if expansion > 1 else nn.Identity()
        self.depthwise = _unit(wide, wide, kernel, stride, groups=wide)
        self.project = _unit(wide, width_out, 1, activate=False)
        self.skips = stride == 1 and width_in == width_out

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, width_in, H, W) to (n, width_out, H / stride, W / stride)."""
        result = self.project(self.depthwise(self.expand(features)))
        return features + result if self.skips else result


def _unit(
    width_in: int,
    width_out: int,
    kernel: int,
    stride: int = 1,
    groups: int = 1,
    activate: bool = True,
) -> nn.Sequential:
    """Convolution, batch normalisation and, if `activate`, ReLU6."""
    convolution = SameConv(width_in, width_out, kernel, stride, groups)
    normalisation = nn.BatchNorm2d(width_out, eps=1e-3, momentum=0.01)
    activation = [nn.ReLU6(inplace=True)] if activate else []
    return nn.Sequential(convolution, normalisation, *activation)


def _efficientnet_lite0() -> Backbone:
    stages: list[nn.Module] = [_unit(3, _LITE0_STEM, 3, stride=2)]
    width = _LITE0_STEM
    for depth, kernel, stride, expansion, width_out in _LITE0_STAGES:
        blocks = []
        for block in range(depth):
            first = (width, width_out, kernel, stride, expansion)
            later = (width_out, width_out, kernel, 1, expansion)
            blocks.append(InvertedResidual(*(later if block else first)))
        stages.append(nn.Sequential(*blocks))
        width = width_out
    stages.append(_unit(width, _LITE0_HEAD, 1))
    widths = (_LITE0_STEM, *(stage[-1] for stage in _LITE0_STAGES), _LITE0_HEAD)
    return Backbone(nn.Sequential(*stages), widths, (2, 2, 4, 8, 16, 16, 32, 32, 32))


_LITE0_UNITS = {
    "_expand_conv": "expand.0",
    "_bn0": "expand.1",
    "_depthwise_conv": "depthwise.0",
    "_bn1": "depthwise.1",
    "_project_conv": "project.0",
    "_bn2": "project.1",
}
_LITE0_ENDS = {
    "_conv_stem": "0.0",
    "_bn0": "0.1",
    "_conv_head": f"{len(_LITE0_STAGES) + 1}.0",
    "_bn1": f"{len(_LITE0_STAGES) + 1}.1",
}


def _lite0_names(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename the package's keys to those of `Backbone.stages`; drop the classifier."""
    places = [
        f"{stage}.{block}"
        for stage, (depth, *_) in enumerate(_LITE0_STAGES, start=1)
        for block in range(depth)
    ]
    renamed = {}
    for key, value in state.items():
        words = key.split(".")
        if words[0] == "_blocks":
            place, unit = places[int(words[1])], _LITE0_UNITS[words[2]]
            renamed[f"{place}.{unit}.{words[3]}"] = value
        elif words[0] != "_fc":
            renamed[f"{_LITE0_ENDS[words[0]]}.{words[1]}"] = value
    return renamed


_RENAMED = {"resnet18": _resnet18_names, "efficientnet_lite0": _lite0_names}
