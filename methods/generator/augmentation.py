"""Augmentation of real pictures together with their part maps."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from methods.generator.recipe import Augmentation


def augment(
    pictures: Tensor, seg: Tensor, options: Augmentation, draws: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Mirror, shift, scale and rotate (n, 3, S, S) pictures and (n, K, S, S) maps.

    Both get the same transform. Pictures are sampled bilinearly and maps at the nearest
    point, with reflection at the border.
    """
    count = len(pictures)
    mirrored = torch.rand(count, generator=draws) < options.flip
    moves = torch.rand(count, 4, generator=draws) * 2 - 1
    if options.flip:
        chosen = mirrored.view(-1, 1, 1, 1).to(pictures.device)
        pictures = torch.where(chosen, pictures.flip(3), pictures)
        seg = torch.where(chosen, seg.flip(3), seg)
    if not (options.shift or options.scale or options.turn):
        return pictures, seg
    angle = moves[:, 0] * math.radians(options.turn)
    scale = 1 + moves[:, 1] * options.scale
    cos, sin = angle.cos() / scale, angle.sin() / scale
    shift = moves[:, 2:] * (2 * options.shift)
    rows = torch.stack([cos, -sin, shift[:, 0], sin, cos, shift[:, 1]], 1)
    grid = functional.affine_grid(
        rows.view(-1, 2, 3).to(pictures), list(pictures.shape), align_corners=False
    )
    return _sample(pictures, grid, "bilinear"), _sample(seg, grid, "nearest")


def _sample(pictures: Tensor, grid: Tensor, mode: str) -> Tensor:
    return functional.grid_sample(
        pictures, grid, mode=mode, padding_mode="reflection", align_corners=False
    )
