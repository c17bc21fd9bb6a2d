"""BiSeNet for face parsing, with 19 classes of CelebAMask-HQ.

Yu et al., "BiSeNet: Bilateral Segmentation Network for Real-time Semantic Segmentation"
(ECCV 2018), in the version of the public face-parsing weights: the context path is a
ResNet-18 whose features of every 8 pixels replace the spatial path. Layers have the
names of those weights, so their state dict loads unchanged.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmark.avatars.part_classes import PART_IDS, PART_NAMES
from benchmark.system.torchvision_ops import declare_missing_operators
from methods.networks.face_parser import ParserOutput

CLASSES: Final = (
    ("background", "background"),
    ("skin", "skin"),
    ("left brow", "brows"),
    ("right brow", "brows"),
    ("left eye", "eyes"),
    ("right eye", "eyes"),
    ("eyeglasses", "glasses"),
    ("left ear", "ears"),
    ("right ear", "ears"),
    ("ear-ring", "earring"),
    ("nose", "nose"),
    ("mouth", "mouth"),
    ("upper lip", "mouth"),
    ("lower lip", "mouth"),
    ("neck", "neck"),
    ("necklace", "neck"),
    ("cloth", "cloth"),
    ("hair", "hair"),
    ("hat", "hat"),
)
"""The classes by id, each with the part that it belongs to."""

SIZE: Final = 512
"""Side in pixels of the pictures that the public weights were trained on."""
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_LEAST = 1e-8
"""Smallest probability before the logarithm."""


class BiSeNet(nn.Module):
    """Maps faces to probabilities of the 13 parts and to features.

    The two auxiliary outputs of the training are in the state dict and never computed.
    """

    def __init__(self) -> None:
        super().__init__()
        self.cp = _ContextPath()
        self.ffm = _Fusion(256)
        self.conv_out = _Output(256, 256)
        self.conv_out16 = _Output(128, 64)
        self.conv_out32 = _Output(128, 64)
        self.register_buffer("parts", _part_matrix(), persistent=False)

    @property
    def size(self) -> int:
        """Side in pixels of the training pictures."""
        return SIZE

    def forward(self, pictures: Tensor) -> Tensor:
        """Map (n, 3, S, S) pictures in [-1, 1] to (n, 13, S, S) log probabilities."""
        found = self.read(pictures).probabilities
        side = pictures.shape[-1]
        return (
            functional.interpolate(found, side, mode="bilinear").clamp_min(_LEAST).log()
        )

    def read(self, pictures: Tensor) -> ParserOutput:
        """Compute features and probabilities of (n, 3, S, S) pictures in [-1, 1].

        They are (n, 256, S / 8, S / 8) and (n, 13, S / 8, S / 8).
        """
        fine, context = self.cp(_normalised(pictures))
        fused = self.ffm(torch.cat([fine, context], dim=1))
        classes = self.conv_out(fused).softmax(dim=1)
        matrix = self.get_buffer("parts")
        return ParserOutput(fused, torch.einsum("pc,nchw->nphw", matrix, classes))


def _part_matrix() -> Tensor:
    """(13, 19): 1 where a class belongs to a part."""
    matrix = torch.zeros(len(PART_NAMES), len(CLASSES))
    for index, (_, part) in enumerate(CLASSES):
        matrix[PART_IDS[part], index] = 1
    return matrix


def _normalised(pictures: Tensor) -> Tensor:
    """Normalise pictures in [-1, 1] to the ImageNet statistics."""
    mean, deviation = (
        pictures.new_tensor(each).view(1, 3, 1, 1) for each in (_MEAN, _DEVIATION)
    )
    return ((pictures + 1) / 2 - mean) / deviation


class _Unit(nn.Module):
    """Convolution, batch normalisation, ReLU."""

    def __init__(self, width_in: int, width_out: int, kernel: int = 3) -> None:
        super().__init__()
        padding = kernel // 2
        self.conv = nn.Conv2d(width_in, width_out, kernel, padding=padding, bias=False)
        self.bn = nn.BatchNorm2d(width_out)

    def forward(self, features: Tensor) -> Tensor:
        return self.bn(self.conv(features)).relu()


class _Output(nn.Module):
    """A unit followed by class scores."""

    def __init__(self, width_in: int, width: int) -> None:
        super().__init__()
        self.conv = _Unit(width_in, width)
        self.conv_out = nn.Conv2d(width, len(CLASSES), 1, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        return self.conv_out(self.conv(features))


class _Refinement(nn.Module):
    """A unit whose channels are gated by their global means."""

    def __init__(self, width_in: int, width_out: int) -> None:
        super().__init__()
        self.conv = _Unit(width_in, width_out)
        self.conv_atten = nn.Conv2d(width_out, width_out, 1, bias=False)
        self.bn_atten = nn.BatchNorm2d(width_out)

    def forward(self, features: Tensor) -> Tensor:
        found = self.conv(features)
        gate = self.bn_atten(self.conv_atten(_means(found))).sigmoid()
        return found * gate


class _Fusion(nn.Module):
    """Mixes the features of both paths and adds gated channels."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.convblk = _Unit(width, width, 1)
        self.conv1 = nn.Conv2d(width, width // 4, 1, bias=False)
        self.conv2 = nn.Conv2d(width // 4, width, 1, bias=False)

    def forward(self, both: Tensor) -> Tensor:
        mixed = self.convblk(both)
        gate = self.conv2(self.conv1(_means(mixed)).relu()).sigmoid()
        return mixed + mixed * gate


class _ContextPath(nn.Module):
    """ResNet-18 whose coarse features are refined and upsampled to every 8 pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.resnet = _residual_network()
        self.arm16 = _Refinement(256, 128)
        self.arm32 = _Refinement(512, 128)
        self.conv_head32 = _Unit(128, 128)
        self.conv_head16 = _Unit(128, 128)
        self.conv_avg = _Unit(512, 128, 1)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """ResNet's own and the refined features, both (n, 128, S / 8, S / 8)."""
        fine, middle, coarse = self._levels(pictures)
        lowest = self.arm32(coarse) + self.conv_avg(_means(coarse))
        raised = self.conv_head32(_enlarged(lowest, middle))
        refined = self.arm16(middle) + raised
        return fine, self.conv_head16(_enlarged(refined, fine))

    def _levels(self, pictures: Tensor) -> list[Tensor]:
        """ResNet's features every 8, 16 and 32 pixels."""
        net = self.resnet
        found = net["maxpool"](net["bn1"](net["conv1"](pictures)).relu())
        levels = []
        for stage in ("layer1", "layer2", "layer3", "layer4"):
            found = net[stage](found)
            levels.append(found)
        return levels[1:]


def _residual_network() -> nn.ModuleDict:
    """The layers of ResNet-18 by name, without its classifier."""
    declare_missing_operators()
    from torchvision.models import resnet18

    layers = dict(resnet18(weights=None).named_children())
    return nn.ModuleDict({k: v for k, v in layers.items() if k not in _HEAD})


_HEAD = ("relu", "avgpool", "fc")


def _means(features: Tensor) -> Tensor:
    """(n, C, 1, 1)."""
    return features.mean((2, 3), keepdim=True)


def _enlarged(features: Tensor, like: Tensor) -> Tensor:
    """Upsample to the size of another level, nearest neighbour."""
    return functional.interpolate(features, like.shape[2:], mode="nearest")
