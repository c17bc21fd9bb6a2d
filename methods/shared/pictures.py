"""Picture sizes and value ranges: conversion and validation."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

RANGE_SLACK = 1e-3


def resized(images: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Resize (n, S, S, 3) uint8 pictures to (n, size, size, 3), by Lanczos."""
    if images.shape[1] == size:
        return images
    from PIL import Image

    def one(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        picture = Image.fromarray(image)
        return np.asarray(picture.resize((size, size), Image.Resampling.LANCZOS))

    rows = [one(image) for image in images]
    return np.stack(rows) if rows else np.zeros((0, size, size, 3), np.uint8)


def as_tensor(images: NDArray[np.uint8], device: str = "cpu") -> Tensor:
    """Convert (n, S, S, 3) uint8 pictures to (n, 3, S, S) float32 in [-1, 1]."""
    # The copy makes read-only arrays acceptable to torch.
    pictures = torch.from_numpy(np.array(images)).to(device)
    return pictures.permute(0, 3, 1, 2).float() / 127.5 - 1


def as_images(pictures: Tensor) -> NDArray[np.uint8]:
    """(n, S, S, 3) uint8 of (n, 3, S, S) pictures in [-1, 1]."""
    images = ((pictures + 1) * 127.5).round().byte()
    return images.permute(0, 2, 3, 1).cpu().numpy()


def at_effective_resolution(
    pictures: Tensor, size: int, resolution: int | None = None
) -> Tensor:
    """Resize (n, 3, S, S) pictures to (n, 3, size, size), limiting their detail.

    Pictures larger than `resolution` px are first reduced to it by area averaging; None
    sets no limit. Bilinear interpolation then gives `size` px.
    """
    if resolution is not None and pictures.shape[-1] > resolution:
        pictures = functional.interpolate(pictures, resolution, mode="area")
    side = pictures.shape[-1]
    if side == size:
        return pictures
    return functional.interpolate(
        pictures, size, mode="bilinear", antialias=side > size
    )


def check_faces(faces: Tensor, size: int) -> None:
    """Raise ValueError unless `faces` are (n, 3, size, size) float32 in [-1, 1]."""
    if faces.ndim != 4 or tuple(faces.shape[1:]) != (3, size, size):
        raise ValueError(
            f"faces must be (n, 3, {size}, {size}), got {tuple(faces.shape)}"
        )
    if faces.dtype != torch.float32:
        raise ValueError(f"faces must be float32, got {faces.dtype}")
    if not torch.isfinite(faces).all():
        raise ValueError("faces contain values that are not finite")
    if len(faces) and float(faces.abs().max()) > 1 + RANGE_SLACK:
        low, high = float(faces.min()), float(faces.max())
        raise ValueError(f"faces must lie in [-1, 1], got {low:.3g} to {high:.3g}")
