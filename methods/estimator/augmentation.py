"""Augmentation of training pictures, the same for every estimator."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from methods.estimator.backgrounds import plain_backdrop, replace_background
from methods.estimator.camera import photograph
from methods.shared.options import NewerOptions
from methods.shared.randomness import generator_of

EXPOSURE = 0.35
CONTRAST = 0.25
SIDELIGHT = 0.3
WHITE_BALANCE = 0.06
SATURATION = 0.25
SHIFT = 0.06
SCALE = 0.08
BLUR_SIGMA = 0.012
"""The largest standard deviation of the blur, as a share of the picture's side."""

_DRAWS = 14


class Augmentation(NewerOptions):
    """Which disturbances training pictures get.

    Attributes:
        light: exposure, contrast and light from one side.
        blur: a Gaussian blur.
        crop: shift and scale.
        colour: white balance and saturation.
        flip: mirror half of the pictures. Off by default, since it would put a hair
            parting on the wrong side.
        background: put pictures with a plain backdrop, such as renders, before another
            background, in 70 % of the cases.
        camera: reduce, add noise to and compress some pictures.
        strength: factor of the ranges of light, blur, crop and colour, and of how often
            and how much background and camera change a picture.
    """

    NEWER: ClassVar[frozenset[str]] = frozenset({"background", "camera", "strength"})

    light: bool = True
    blur: bool = True
    crop: bool = True
    colour: bool = True
    flip: bool = False
    background: bool = False
    camera: bool = False
    strength: float = Field(default=1.0, ge=0, le=3)


def augment(
    pictures: Tensor, switches: Augmentation, generator: torch.Generator
) -> Tensor:
    """Disturb (n, 3, S, S) pictures in [-1, 1], each with its own random numbers.

    Every disturbance has its own random numbers, so switching one off does not change
    the others.
    """
    draws = torch.rand(len(pictures), _DRAWS, generator=generator).to(pictures.device)
    strength = switches.strength
    signed = (draws * 2 - 1) * strength
    own = 0
    if switches.background or switches.camera:
        own = int(torch.randint(2**62, (), generator=generator))
    if switches.flip:
        pictures = torch.where(
            _per_picture(draws[:, 0] < 0.5), pictures.flip(-1), pictures
        )
    if switches.background:
        faces = pictures / 2 + 0.5
        drawn = generator_of("background", own)
        faces = replace_background(faces, plain_backdrop(faces), drawn, strength)
        pictures = faces * 2 - 1
    if switches.crop:
        pictures = _crop(pictures, signed[:, 1:4])
    if switches.blur:
        pictures = _blur(pictures, draws[:, 4], strength)
    if switches.colour:
        pictures = _colour(pictures, signed[:, 5:9])
    if switches.light:
        pictures = _light(pictures, signed[:, 9:13])
    if switches.camera:
        faces = (pictures / 2 + 0.5).clamp(0, 1)
        faces = photograph(faces, generator_of("camera", own), strength)
        pictures = faces * 2 - 1
    return pictures.clamp(-1, 1)


def _per_picture(values: Tensor) -> Tensor:
    """Reshape (n,) numbers to broadcast over (n, 3, S, S) pictures."""
    return values[:, None, None, None]


def _crop(pictures: Tensor, signed: Tensor) -> Tensor:
    """Shift by up to 6 % of the side and scale by up to 8 %; borders are mirrored."""
    scale = 1 + SCALE * signed[:, 0]
    matrices = pictures.new_zeros(len(pictures), 2, 3)
    matrices[:, 0, 0] = matrices[:, 1, 1] = scale
    matrices[:, :, 2] = 2 * SHIFT * signed[:, 1:3]
    grid = functional.affine_grid(matrices, list(pictures.shape), align_corners=False)
    return functional.grid_sample(
        pictures, grid, padding_mode="reflection", align_corners=False
    )


def _blur(pictures: Tensor, width: Tensor, strength: float) -> Tensor:
    """Blur with a Gaussian of random width; half of the pictures stay nearly sharp."""
    count, channels, side, _ = pictures.shape
    largest = BLUR_SIGMA * strength
    sigma = (width**2 * largest * side).clamp_min(1e-3)
    radius = max(1, math.ceil(2 * largest * side))
    offsets = torch.arange(-radius, radius + 1, device=pictures.device)
    kernels = torch.exp(-(offsets**2) / (2 * sigma[:, None] ** 2))
    kernels = kernels / kernels.sum(dim=1, keepdim=True)
    kernels = kernels.repeat_interleave(channels, dim=0)[:, None, None, :]
    planes = pictures.reshape(1, count * channels, side, side)
    groups = count * channels
    for kernel, pads in (
        (kernels, (radius, radius, 0, 0)),
        (kernels.transpose(2, 3), (0, 0, radius, radius)),
    ):
        planes = functional.pad(planes, pads, mode="replicate")
        planes = functional.conv2d(planes, kernel, groups=groups)
    return planes.reshape(pictures.shape)


def _colour(pictures: Tensor, signed: Tensor) -> Tensor:
    """Change the white balance by up to 6 % a channel, saturation by up to 25 %."""
    gains = (1 + WHITE_BALANCE * signed[:, :3])[:, :, None, None]
    balanced = (pictures + 1) * gains - 1
    grey = balanced.mean(dim=1, keepdim=True)
    return grey + (balanced - grey) * _per_picture(1 + SATURATION * signed[:, 3])


def _light(pictures: Tensor, signed: Tensor) -> Tensor:
    """Change exposure and contrast and add light from one side."""
    side = pictures.shape[-1]
    ramp = torch.linspace(-1, 1, side, device=pictures.device)
    across = (
        _per_picture(signed[:, 0]) * ramp + _per_picture(signed[:, 1]) * ramp[:, None]
    )
    exposure = torch.exp2(_per_picture(EXPOSURE * signed[:, 2]) + SIDELIGHT * across)
    lit = (pictures + 1) * exposure - 1
    mean = lit.mean(dim=(1, 2, 3), keepdim=True)
    return mean + (lit - mean) * _per_picture(1 + CONTRAST * signed[:, 3])
