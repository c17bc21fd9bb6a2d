"""What a camera does to a picture: lost detail, noise of the sensor, compression."""

from __future__ import annotations

import io

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional

from methods.shared.pictures import as_tensor
from methods.shared.randomness import uniform

FULL_SIDE = 128
"""Side from which on pictures lose the most detail. Smaller ones lose less, because a
photograph that is reduced loses blur, noise and traces of compression."""
COARSE, COARSEST = 0.4, 45
"""Share of pictures that lose detail by being reduced, and the smallest side."""
NOISE = 0.05
"""The largest standard deviation, as a share of the range from black to white."""
COMPRESSED = 0.6
QUALITIES = (20, 95)
"""JPEG qualities at the full side; the lowest rises for smaller pictures."""


def photograph(faces: Tensor, generator: torch.Generator, strength: float) -> Tensor:
    """Reduce, add noise to and compress some pictures.

    Args:
        faces: (n, 3, S, S) pictures in [0, 1].
        generator: draws everything, on the CPU.
        strength: factor of the noise and of the shares of pictures.

    Returns:
        (n, 3, S, S) pictures, which noise can bring a little out of the range.
    """
    faces = _coarsen(faces, generator, strength)
    faces = _add_noise(faces, generator, strength)
    return _compress(faces, generator, strength)


def _fineness(side: int) -> float:
    """The side as a share of the full side, at most 1."""
    return min(side / FULL_SIDE, 1.0)


def _coarsen(faces: Tensor, generator: torch.Generator, strength: float) -> Tensor:
    """Reduce and enlarge some pictures; the batch shares the factor."""
    factor, *_ = torch.rand(1, generator=generator).tolist()
    chosen = uniform(generator, faces, 1, 1, 1) < COARSE * strength
    side = faces.shape[-1]
    least = COARSEST / min(side, FULL_SIDE)
    small = functional.interpolate(
        faces, round(side * (least + (0.95 - least) * factor)), mode="area"
    )
    coarse = functional.interpolate(small, side, mode="bilinear", align_corners=False)
    return torch.where(chosen, coarse, faces)


def _add_noise(faces: Tensor, generator: torch.Generator, strength: float) -> Tensor:
    """Add noise of a sensor: grain of each pixel and blotches of two by two."""
    count, channels, side, _ = faces.shape
    level = NOISE * strength * _fineness(side) * uniform(generator, faces, 1, 1, 1) ** 2
    fine = torch.randn(count, channels, side, side, generator=generator)
    half = -(-side // 2)
    blotches = torch.randn(count, channels, half, half, generator=generator)
    blotches = functional.interpolate(blotches.to(faces.device), side, mode="nearest")
    return faces + level * (fine.to(faces.device) + blotches) / 2**0.5


def _compress(faces: Tensor, generator: torch.Generator, strength: float) -> Tensor:
    """Compress some pictures as JPEG."""
    chosen = torch.rand(len(faces), generator=generator) < COMPRESSED * strength
    low, high = QUALITIES
    low = round(high - (high - low) * _fineness(faces.shape[-1]))
    qualities = torch.randint(low, high + 1, (len(faces),), generator=generator)
    rows = chosen.nonzero()[:, 0]
    if not len(rows):
        return faces
    pixels = (faces[rows.to(faces.device)].clamp(0, 1) * 255).round().byte()
    decoded = [
        _jpeg(picture, int(quality))
        for picture, quality in zip(
            pixels.permute(0, 2, 3, 1).cpu().numpy(), qualities[rows], strict=True
        )
    ]
    faces = faces.clone()
    faces[rows.to(faces.device)] = (as_tensor(np.stack(decoded)) / 2 + 0.5).to(
        faces.device
    )
    return faces


def _jpeg(picture: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "JPEG", quality=quality)
    return np.asarray(Image.open(stream))
