"""SemanticStyleGAN's dual-branch discriminator (Shi et al. 2022, section 3.4).

It has a StyleGAN2 residual stack for the picture and one for its segmentation. Their
features are added at 4 x 4. Parameter names and shapes are those of the released
checkpoints.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from methods.networks.generator_config import channel_table
from methods.networks.stylegan_layers import (
    EPSILON,
    GAIN,
    Bias,
    EqualConv,
    EqualLinear,
    Kernel,
    activate,
    blur,
)

GROUP = 4
"""Samples in each group of the minibatch standard deviation."""
LAST = 4
"""Side in pixels at which the branches are added."""


def _activated(
    pictures: Tensor, conv: EqualConv, bias: Bias, stride: int = 1
) -> Tensor:
    """Convolution, bias and leaky ReLU with its gain."""
    return activate(
        functional.conv2d(
            pictures,
            conv.weight * (conv.scale * GAIN),
            bias.bias * GAIN,
            stride=stride,
            padding=conv.weight.shape[-1] // 2 if stride == 1 else 0,
        )
    )


class ActivatedConv(nn.Sequential):
    """Convolution of stride 1 that keeps the size, then bias and leaky ReLU."""

    def __init__(self, inputs: int, outputs: int, size: int) -> None:
        super().__init__(EqualConv(inputs, outputs, size), Bias(outputs))

    def forward(self, input: Tensor) -> Tensor:
        """(n, inputs, H, W) to (n, outputs, H, W)."""
        conv, bias = cast("tuple[EqualConv, Bias]", tuple(self))
        return _activated(input, conv, bias)


class HalvingConv(nn.Sequential):
    """Blur, 3 x 3 convolution of stride 2, bias and leaky ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(Kernel(), EqualConv(inputs, outputs, 3), Bias(outputs))

    def forward(self, input: Tensor) -> Tensor:
        """(n, inputs, H, W) to (n, outputs, H/2, W/2)."""
        filtered, conv, bias = cast("tuple[Kernel, EqualConv, Bias]", tuple(self))
        smooth = blur(input, filtered.kernel, padding=2)
        return _activated(smooth, conv, bias, stride=2)


class HalvingSkip(nn.Sequential):
    """Blur, then a linear 1 x 1 convolution of stride 2."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(Kernel(), EqualConv(inputs, outputs, 1))

    def forward(self, input: Tensor) -> Tensor:
        """(n, inputs, H, W) to (n, outputs, H/2, W/2), divided by √2."""
        filtered, conv = cast("tuple[Kernel, EqualConv]", tuple(self))
        # The 1 x 1 convolution reads only every second position.
        smooth = blur(input, filtered.kernel, padding=1, stride=2)
        return functional.conv2d(smooth, conv.weight * (conv.scale / GAIN))


class ResidualBlock(nn.Module):
    """Two convolutions and a linear shortcut; halves the size."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = ActivatedConv(inputs, inputs, 3)
        self.conv2 = HalvingConv(inputs, outputs)
        self.skip = HalvingSkip(inputs, outputs)

    def forward(self, pictures: Tensor) -> Tensor:
        """(n, inputs, H, W) to (n, outputs, H/2, W/2)."""
        deep = self.conv2(self.conv1(pictures))
        return torch.add(self.skip(pictures), deep, alpha=1 / GAIN)


def _branch(inputs: int, size: int, table: Mapping[int, int]) -> nn.Sequential:
    edges = [size >> k for k in range(int(math.log2(size // LAST)) + 1)]
    blocks = (
        ResidualBlock(table[edge], table[half])
        for edge, half in itertools.pairwise(edges)
    )
    return nn.Sequential(ActivatedConv(inputs, table[size], 1), *blocks)


def _with_deviation(features: Tensor) -> Tensor:
    """Append a channel with the minibatch standard deviation (Karras et al. 2018).

    Members of a group are batch / group samples apart. Raises ValueError if the batch
    is not a multiple of the group.
    """
    count, channels, height, width = features.shape
    group = min(count, GROUP)
    if count % group:
        raise ValueError(
            f"a batch of {count} is no multiple of {GROUP}, the group size of the "
            f"discriminator: give a multiple of {GROUP} or fewer than {GROUP}"
        )
    grouped = features.view(group, -1, channels, height, width)
    spread = grouped.var(0, unbiased=False).add(EPSILON).sqrt().mean((1, 2, 3))
    plane = spread.repeat(group).view(count, 1, 1, 1).expand(-1, 1, height, width)
    return torch.cat([features, plane], dim=1)


class SemanticDiscriminator(nn.Module):
    """Scores pictures, alone or together with their segmentation.

    Args:
        size: side of the pictures in pixels, a power of two, 8 to 1024.
        seg_dim: channels of the segmentation.
        channel_multiplier: factor of StyleGAN2's channel table from 64 px on.
        channels: channels by resolution that replace the table's (our extension).
    """

    def __init__(
        self,
        size: int,
        seg_dim: int = 13,
        channel_multiplier: int = 2,
        channels: Mapping[int, int] | None = None,
    ) -> None:
        super().__init__()
        if size & (size - 1) or not LAST < size <= 1024:
            raise ValueError(f"size must be a power of two, 8 to 1024, not {size}")
        table = channel_table(channel_multiplier, channels)
        self.size = size
        self.seg_dim = seg_dim
        self.convs_img = _branch(3, size, table)
        self.convs_seg = _branch(seg_dim, size, table)
        last = table[LAST]
        self.final_conv = ActivatedConv(last + 1, last, 3)
        self.final_linear = nn.Sequential(
            EqualLinear(last * LAST * LAST, last, active=True), EqualLinear(last, 1)
        )

    def forward(self, image: Tensor, seg: Tensor | None = None) -> Tensor:
        """Return (n, 1) logits, high for real.

        Args:
            image: (n, 3, size, size) pictures, about [-1, 1].
            seg: (n, seg_dim, size, size) segmentations of about -1 or 1; None leaves
                the segmentation branch out.

        Raises:
            ValueError: if n is above 4 and no multiple of 4.
        """
        features = self.convs_img(image)
        if seg is not None:
            features = features + self.convs_seg(seg)
        features = _with_deviation(features.contiguous())
        return self.final_linear(self.final_conv(features).flatten(1))
