"""Strong randomisation of synthetic faces, so that a network works on photographs.

Wood et al., "Fake it till you make it" (ICCV 2021) train on synthetic faces only. Here
light, white balance, contrast, background, crop, pose, blur, noise and compression of
each picture are drawn anew in every step.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from methods.estimator.augmentation import Augmentation, augment
from methods.estimator.backgrounds import replace_background
from methods.estimator.camera import photograph
from methods.shared.pictures import as_tensor
from methods.shared.randomness import uniform

FFHQ_CROP = (0.905, -0.005, -0.042)
"""Scale and centre (x, y from -1 to 1) of FFHQ's square in a synthetic portrait.

They are means over detected landmarks of 24 portraits. Portraits are cropped more
widely than photographs are aligned.
"""
ROTATION = 12.0
"""Degrees."""
SCALE, STRETCH, SHIFT, SHEAR = 0.12, 0.05, 0.06, 0.08
GAMMA, EXPOSURE, CONTRAST, SIDELIGHT = 0.3, 0.5, 0.3, 0.5
"""The largest logarithms to base 2, except for the contrast, which is a share."""
BRIGHTER = -0.15
"""Mean exposure: faces of photographs are darker than portraits of the same skin."""
WARMTH, TINT, SATURATION = 0.15, 0.05, 0.4
COVERED = 0.15
"""Share of pictures in which a rectangle covers a part."""

_ONLY_BLUR = Augmentation(light=False, blur=True, crop=False, colour=False)


def randomise(
    pictures: NDArray[np.uint8],
    parts: NDArray[np.uint8],
    generator: torch.Generator,
    strength: float = 1.0,
    device: str = "cpu",
) -> Tensor:
    """Randomise synthetic portraits and crop them as photographs are aligned.

    Args:
        pictures: (n, S, S, 3) uint8 RGB portraits.
        parts: (n, S, S) uint8 part classes; class 0 is the background.
        generator: draws everything, on the CPU.
        strength: factor of every range and probability; 0 only crops.
        device: of the result.

    Returns:
        (n, 3, S, S) float32 in [-1, 1].
    """
    faces = (as_tensor(pictures, device) + 1) / 2
    backdrop = torch.from_numpy(parts == 0).to(device)
    faces = replace_background(faces, backdrop, generator, strength)
    faces = _pose(faces, generator, strength)
    if strength == 0:
        return (faces * 2 - 1).clamp(-1, 1)
    faces = _cover(faces, generator, strength)
    faces = _light(faces, generator, strength)
    faces = augment(faces * 2 - 1, _ONLY_BLUR, generator) / 2 + 0.5
    faces = photograph(faces, generator, strength)
    return (faces * 2 - 1).clamp(-1, 1)


def crop_portraits(pictures: NDArray[np.uint8], device: str = "cpu") -> Tensor:
    """Synthetic portraits cropped as photographs are aligned, in [-1, 1]."""
    parts = np.ones(pictures.shape[:3], np.uint8)
    return randomise(pictures, parts, torch.Generator(), 0.0, device)


def _signed(generator: torch.Generator, like: Tensor, *shape: int) -> Tensor:
    return uniform(generator, like, *shape) * 2 - 1


def _pose(faces: Tensor, generator: torch.Generator, strength: float) -> Tensor:
    """Crop as FFHQ does, then turn, scale, stretch, shear and shift a little."""
    signed = _signed(generator, faces, 6) * strength
    zoom, x, y = FFHQ_CROP
    angle = torch.deg2rad(ROTATION * signed[:, 0])
    scale = zoom * torch.exp2(SCALE * 2 * signed[:, 1])
    wide = scale * (1 + STRETCH * signed[:, 2])
    cos, sin = angle.cos(), angle.sin()
    matrices = faces.new_zeros(len(faces), 2, 3)
    matrices[:, 0, 0], matrices[:, 0, 1] = wide * cos, -scale * sin
    matrices[:, 1, 0], matrices[:, 1, 1] = wide * sin, scale * cos
    matrices[:, 0, 1] += SHEAR * signed[:, 3]
    matrices[:, 0, 2] = x + 2 * SHIFT * signed[:, 4]
    matrices[:, 1, 2] = y + 2 * SHIFT * signed[:, 5]
    grid = functional.affine_grid(matrices, list(faces.shape), align_corners=False)
    return functional.grid_sample(
        faces, grid, mode="bicubic", padding_mode="reflection", align_corners=False
    ).clamp(0, 1)


def _cover(faces: Tensor, generator: torch.Generator, strength: float) -> Tensor:
    """Cover a rectangle of some pictures with one colour, like a hand or a cup."""
    place = uniform(generator, faces, 4, 1, 1)
    colour = uniform(generator, faces, 3, 1, 1)
    chosen = uniform(generator, faces, 1, 1, 1) < COVERED * strength
    axis = torch.linspace(0, 1, faces.shape[-1], device=faces.device)
    x, y = axis[None, None, :], axis[None, :, None]
    inside = ((x - place[:, 0]).abs() < 0.04 + 0.1 * place[:, 2]) & (
        (y - place[:, 1]).abs() < 0.04 + 0.1 * place[:, 3]
    )
    return torch.where(inside[:, None] & chosen, colour, faces)


def _light(faces: Tensor, generator: torch.Generator, strength: float) -> Tensor:
    """Change gamma, exposure, light from a side, white balance and saturation."""
    signed = (_signed(generator, faces, 8) * strength)[..., None, None, None]
    ramp = torch.linspace(-1, 1, faces.shape[-1], device=faces.device)
    across = signed[:, 0] * ramp + signed[:, 1] * ramp[:, None]
    faces = faces.clamp_min(1e-4) ** torch.exp2(GAMMA * signed[:, 2])
    stops = BRIGHTER + EXPOSURE * signed[:, 3] + SIDELIGHT * across
    faces = faces * torch.exp2(stops)
    gains = torch.cat(
        [
            1 + WARMTH * signed[:, 4],
            1 + TINT * signed[:, 5],
            1 - WARMTH * signed[:, 4],
        ],
        dim=1,
    )
    faces = faces * gains
    grey = faces.mean(dim=1, keepdim=True)
    faces = grey + (faces - grey) * (1 + SATURATION * signed[:, 6])
    mean = faces.mean(dim=(1, 2, 3), keepdim=True)
    return (mean + (faces - mean) * (1 + CONTRAST * signed[:, 7])).clamp(0, 1)
