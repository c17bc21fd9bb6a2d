"""Random changes of real and generated pictures alike, before a discriminator.

Zhao et al., "Differentiable Augmentation for Data-Efficient GAN Training" (NeurIPS
2020). Part maps move with their pictures.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from methods.generator.recipe import DifferentiableAugmentation


def augment_alike(
    pictures: Tensor, seg: Tensor | None, options: DifferentiableAugmentation
) -> tuple[Tensor, Tensor | None]:
    """Change (n, 3, S, S) pictures at random, and shift (n, K, S, S) maps with them.

    Random numbers come from torch's global generator. Borders are repeated.
    """
    pictures = _recolour(pictures, options)
    margin = round(options.shift * pictures.shape[-1])
    if not margin:
        return pictures, seg
    shifts = torch.randint(0, 2 * margin + 1, (2, len(pictures)))
    shifts = shifts.to(pictures.device)
    moved = _crop(pictures, shifts, margin)
    return moved, None if seg is None else _crop(seg, shifts, margin)


def _recolour(pictures: Tensor, options: DifferentiableAugmentation) -> Tensor:
    change = torch.rand(3, len(pictures), 1, 1, 1).to(pictures) * 2 - 1
    brightness, saturation, contrast = change
    pictures = pictures + brightness * options.brightness
    grey = pictures.mean(1, keepdim=True)
    pictures = torch.lerp(grey, pictures, 1 + saturation * options.saturation)
    mean = pictures.mean((1, 2, 3), keepdim=True)
    return torch.lerp(mean, pictures, 1 + contrast * options.contrast)


def _crop(pictures: Tensor, shifts: Tensor, margin: int) -> Tensor:
    """Crop each picture to its size, from a copy with wider borders."""
    side = pictures.shape[-1]
    wide = functional.pad(pictures, [margin] * 4, mode="replicate")
    line = torch.arange(side, device=pictures.device)
    rows, columns = shifts[:, :, None] + line
    which = torch.arange(len(pictures), device=pictures.device)[:, None, None]
    return wide.movedim(1, 3)[which, rows[:, :, None], columns[:, None]].movedim(3, 1)
