"""Pictures as methods take them: sizes, ranges, and the check at the door."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

RANGE_SLACK = 1e-3


def resized(images: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """(n, size, size, 3) uint8 of (n, S, S, 3) uint8 pictures, by Lanczos."""
    if images.shape[1] == size:
        return images
    from PIL import Image

    def one(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        picture = Image.fromarray(image)
        return np.asarray(picture.resize((size, size), Image.Resampling.LANCZOS))

    rows = [one(image) for image in images]
    return np.stack(rows) if rows else np.zeros((0, size, size, 3), np.uint8)


def as_tensor(images: NDArray[np.uint8], device: str = "cpu") -> Tensor:
    """(n, 3, S, S) float32 in [-1, 1] of (n, S, S, 3) uint8 pictures."""
    # The copy makes read-only arrays acceptable to torch.
    pictures = torch.from_numpy(np.array(images)).to(device)
    return pictures.permute(0, 3, 1, 2).float() / 127.5 - 1


def seen(pictures: Tensor, size: int, finest: int | None = None) -> Tensor:
    """(n, 3, size, size) of (n, 3, S, S) pictures, with no more detail than `finest`.

    Pictures larger than `finest` px (None: none are) are brought down to it by area
    averaging; whatever is not of `size` then is brought to it bilinearly.
    """
    if finest is not None and pictures.shape[-1] > finest:
        pictures = functional.interpolate(pictures, finest, mode="area")
    side = pictures.shape[-1]
    if side == size:
        return pictures
    return functional.interpolate(
        pictures, size, mode="bilinear", antialias=side > size
    )


def check_faces(faces: Tensor, size: int) -> None:
    """Refuse with ValueError what is not (n, 3, size, size) float32 in [-1, 1]."""
    if faces.ndim != 4 or tuple(faces.shape[1:]) != (3, size, size):
        raise ValueError(
            f"faces must be (n, 3, {size}, {size}), got {tuple(faces.shape)}"
        )
    if faces.dtype != torch.float32:
        raise ValueError(f"faces must be float32, got {faces.dtype}")
    if not torch.isfinite(faces).all():
        raise ValueError("faces hold values that are not finite")
    if len(faces) and float(faces.abs().max()) > 1 + RANGE_SLACK:
        low, high = float(faces.min()), float(faces.max())
        raise ValueError(f"faces must lie in [-1, 1], got {low:.3g} to {high:.3g}")
