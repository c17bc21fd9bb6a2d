"""The oracle's dual-branch discriminator, with the official state-dict keys.

Written from the maths alone (StyleGAN2's residual discriminator, twice). No outputs of
the official discriminator were at hand to compare with, its state-dict listing was.
"""

from __future__ import annotations

import math

import torch
from sequential_layers import Bias, Conv, Fir, Linear, channel_table
from torch import nn


class Halving(nn.Module):
    """A residual block of the discriminator: half the size."""

    def __init__(self, n_in, n_out):
        super().__init__()
        self.conv1 = nn.Sequential(Conv(n_in, n_in, 3, pad=1), Bias(n_in))
        self.conv2 = nn.Sequential(
            Fir((2, 2)), Conv(n_in, n_out, 3, stride=2), Bias(n_out)
        )
        self.skip = nn.Sequential(Fir((1, 1)), Conv(n_in, n_out, 1, stride=2))

    def forward(self, x):
        return (self.conv2(self.conv1(x)) + self.skip(x)) / math.sqrt(2)


class SequentialDiscriminator(nn.Module):
    """Two branches, one for images, one for segmentations, that meet at 4×4."""

    def __init__(self, size, seg_dim, channel_multiplier=2, channels=None):
        super().__init__()
        table = channel_table(channel_multiplier, channels)
        self.convs_img = self.branch(3, size, table)
        self.convs_seg = self.branch(seg_dim, size, table)
        top = table[4]
        self.final_conv = nn.Sequential(Conv(top + 1, top, 3, pad=1), Bias(top))
        self.final_linear = nn.Sequential(
            Linear(top * 16, top, activate=True), Linear(top, 1)
        )

    @staticmethod
    def branch(n_in, size, table):
        first = nn.Sequential(Conv(n_in, table[size], 1), Bias(table[size]))
        blocks = []
        while size > 4:
            blocks.append(Halving(table[size], table[size // 2]))
            size //= 2
        return nn.Sequential(first, *blocks)

    @staticmethod
    def deviation(x):
        """(n, 1, h, w): how much samples of a group differ."""
        n, channels, height, width = x.shape
        group = min(n, 4)
        spread = x.view(group, -1, 1, channels, height, width)
        spread = (spread.var(0, unbiased=False) + 1e-8).sqrt().mean((2, 3, 4))
        return spread.repeat(group, 1)[:, :, None, None].expand(-1, -1, height, width)

    def forward(self, image, seg=None):
        x = self.convs_img(image)
        if seg is not None:
            x = x + self.convs_seg(seg)
        x = self.final_conv(torch.cat([x, self.deviation(x)], 1))
        return self.final_linear(x.flatten(1))
