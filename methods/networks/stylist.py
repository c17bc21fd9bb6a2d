"""The network that draws a face as an avatar: a small U-Net."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

LEVELS = 3
"""Halvings of the picture's side."""
GROUPS = 8


class Stylist(nn.Module):
    """Maps (n, 3, S, S) faces to (n, 3, S, S) avatars, both in [-1, 1].

    S is a multiple of 8. Each level has a shortcut from the face to the avatar.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        widths = [width * 2**level for level in range(LEVELS + 1)]
        self.entry = _unit(3, width)
        self.down = nn.ModuleList(
            _unit(before, after, stride=2) for before, after in pairwise(widths)
        )
        self.middle = _unit(widths[-1], widths[-1])
        self.up = nn.ModuleList(
            _unit(deep + shallow, shallow)
            for shallow, deep in reversed(list(pairwise(widths)))
        )
        self.draw = nn.Sequential(nn.Conv2d(width, 3, 3, padding=1), nn.Tanh())

    def forward(self, faces: Tensor) -> Tensor:
        """Map (n, 3, S, S) to (n, 3, S, S)."""
        levels = [self.entry(faces)]
        for layer in self.down:
            levels.append(layer(levels[-1]))
        deep = self.middle(levels.pop())
        for layer in self.up:
            larger = functional.interpolate(deep, scale_factor=2.0, mode="nearest")
            deep = layer(torch.cat([larger, levels.pop()], dim=1))
        return self.draw(deep)


def _unit(before: int, after: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, stride, 1, bias=False),
        nn.GroupNorm(math.gcd(GROUPS, after), after),
        nn.ReLU(),
    )
