"""SemanticStyleGAN's dual-branch discriminator (Shi et al. 2022, section 3.4).

A StyleGAN2 residual stack for the picture and one for its segmentation meet at 4 x 4.
Parameter names and shapes are those of the released checkpoints.
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
"""Samples that one standard deviation is taken over."""
LAST = 4
"""Edge in pixels at which the branches meet."""


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
    """Convolution of stride 1 that keeps the size, bias, leaky ReLU."""

    def __init__(self, inputs: int, outputs: int, size: int) -> None:
        super().__init__(EqualConv(inputs, outputs, size), Bias(outputs))

    def forward(self, input: Tensor) -> Tensor:
        """(n, inputs, H, W) to (n, outputs, H, W)."""
        conv, bias = cast("tuple[EqualConv, Bias]", tuple(self))
        return _activated(input, conv, bias)


class HalvingConv(nn.Sequential):
    """Blur, 3 x 3 convolution of stride 2, bias, leaky ReLU."""

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
        """(n, inputs, H, W) to (n, outputs, H/2, W/2), over √2: half of the sum."""
        filtered, conv = cast("tuple[Kernel, EqualConv]", tuple(self))
        # Only every second point of the blurred picture is ever read.
        smooth = blur(input, filtered.kernel, padding=1, stride=2)
        return functional.conv2d(smooth, conv.weight * (conv.scale / GAIN))


class ResidualBlock(nn.Module):
    """Two convolutions beside a linear skip; halves the size."""

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
    """Append one channel: how much the samples of a group differ (Karras 2018).

    Group members lie batch / group samples apart. Raises ValueError for a batch that
    groups do not divide.
    """
    count, channels, height, width = features.shape
    group = min(count, GROUP)
    if count % group:
        raise ValueError(
            f"a batch of {count}: the discriminator compares groups of {GROUP}, give "
            f"fewer than {GROUP} samples or a multiple of {GROUP}"
        )
    grouped = features.view(group, -1, channels, height, width)
    spread = grouped.var(0, unbiased=False).add(EPSILON).sqrt().mean((1, 2, 3))
    plane = spread.repeat(group).view(count, 1, 1, 1).expand(-1, 1, height, width)
    return torch.cat([features, plane], dim=1)


class SemanticDiscriminator(nn.Module):
    """Judges pictures, alone or together with their segmentation.

    Args:
        size: edge of the pictures in pixels, a power of two, 8 to 1024.
        seg_dim: channels of the segmentation.
        channel_multiplier: factor of StyleGAN2's channel table from 64 px on.
        channels: our extension: channels by resolution that replace the table's.
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
        """(n, 1) logits, high for real.

        Args:
            image: (n, 3, size, size), about [-1, 1].
            seg: (n, seg_dim, size, size), -1 or 1 (generated: about that); without it
                the segmentation branch is left out.

        Raises:
            ValueError: for a batch of more than 4 that 4 does not divide.
        """
        features = self.convs_img(image)
        if seg is not None:
            features = features + self.convs_seg(seg)
        features = _with_deviation(features.contiguous())
        return self.final_linear(self.final_conv(features).flatten(1))
