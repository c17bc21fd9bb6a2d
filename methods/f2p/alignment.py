"""Frames (positions of eyes and mouth) and crops that align pictures for a network.

Methods get pictures without landmarks. Faces use the template of their face set, and
avatars use the positions that `methods.f2p.landmarks` measures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from methods.networks import lightcnn
from methods.shared.pictures import RANGE_SLACK

Point = tuple[float, float]
"""(x, y) from the upper left corner, as shares of the picture's side."""


@dataclass(frozen=True)
class Frame:
    """The point between the eyes, and the middle of the mouth.

    Raises ValueError where the mouth is less than 2 % of the side from the eyes.
    """

    eyes: Point
    mouth: Point

    def __post_init__(self) -> None:
        if not self.distance >= 0.02:
            raise ValueError(
                f"eyes at {self.eyes} and mouth at {self.mouth} are too near to each "
                "other to align by"
            )

    @property
    def distance(self) -> float:
        """From the eyes to the mouth, as a share of the side."""
        return math.hypot(self.mouth[0] - self.eyes[0], self.mouth[1] - self.eyes[1])


@dataclass(frozen=True)
class Placement:
    """Position of a face in a network's square input of `size` pixels.

    The eyes are on the middle column in row `eyes_row`, the mouth is `eyes_to_mouth`
    pixels below.
    """

    size: int
    eyes_row: float
    eyes_to_mouth: float


Template = Literal["portraits", "ffhq"]

TEMPLATES: dict[Template, Frame] = {
    "portraits": Frame((0.5, 0.462), (0.5, 0.709)),
    "ffhq": Frame((0.5, 0.473), (0.5, 0.743)),
}
"""Alignments of face sets.

portraits: means over the part maps of the embedded train portraits; the standard
deviation between people is 0.011 of the side for the eyes and 0.018 for the mouth.
ffhq: also the alignment of CelebAMask-HQ. Karras et al. (CVPR 2019) crop a square whose
side is 3.6 times the distance from eyes to mouth, or 4 times that between the eyes,
whichever is larger. Its centre is a tenth of the eyes-to-mouth distance below the eyes.
The template assumes 3.7, because the two are about equal for an average face.
"""

LIGHTCNN = Placement(lightcnn.SIDE, lightcnn.EYES_ROW, lightcnn.EYES_TO_MOUTH)
"""Face position in LightCNN's test crops: 128 px, eyes in row 40, mouth 48 px below."""


def placement_of(frame: Frame, size: int) -> Placement:
    """The placement whose crop of an upright picture with this frame is the picture."""
    return Placement(size, frame.eyes[1] * size, frame.distance * size)


def align(pictures: Tensor, frame: Frame, placement: Placement) -> Tensor:
    """(n, 3, size, size) crops of (n, 3, S, S) RGB pictures in [-1, 1].

    The crop is a rotation, a scale and a shift, differentiable in the pictures. Beyond
    the border, edge pixels are repeated. Raises ValueError for another shape, type or
    range, so that pixels of 0 to 255 never reach a network.
    """
    check_pictures(pictures)
    if not len(pictures):
        return pictures.new_zeros(0, 3, placement.size, placement.size)
    # Sampling reads only four pixels, so larger pictures are first reduced, with
    # antialiasing, to the scale of the crop.
    side = round(placement.eyes_to_mouth / frame.distance)
    if side < pictures.shape[-1]:
        pictures = functional.interpolate(
            pictures, side, mode="bilinear", antialias=True
        )
    matrix = _matrix(frame, placement).to(pictures)
    shape = [len(pictures), 3, placement.size, placement.size]
    grid = functional.affine_grid(
        matrix.expand(len(pictures), 2, 3), shape, align_corners=False
    )
    return functional.grid_sample(
        pictures, grid, padding_mode="border", align_corners=False
    )


def check_pictures(pictures: Tensor) -> None:
    """Raise ValueError for anything but (n, 3, S, S) floats in [-1, 1]."""
    square = pictures.ndim == 4 and pictures.shape[2] == pictures.shape[3]
    if not square or pictures.shape[1] != 3:
        raise ValueError(
            "pictures must be (n, 3, S, S), channels before rows and columns, got "
            f"{tuple(pictures.shape)}"
        )
    if not pictures.is_floating_point():
        raise ValueError(f"pictures must hold floats in [-1, 1], got {pictures.dtype}")
    if not len(pictures):
        return
    extreme = float(pictures.detach().abs().max())
    if not extreme <= 1 + RANGE_SLACK:
        raise ValueError(
            f"pictures must lie in [-1, 1], but reach {extreme:.3g}; convert them with "
            "methods.shared.pictures.as_tensor"
        )


def _matrix(frame: Frame, placement: Placement) -> Tensor:
    """(2, 3) matrix for affine_grid, from crop to picture coordinates.

    Both run from -1 to 1, to the right and down.
    """
    right, down = (
        (there - here) / (placement.eyes_to_mouth / placement.size)
        for there, here in zip(frame.mouth, frame.eyes, strict=True)
    )
    # A step down in the crop is (right, down) in the picture; a step to the right is
    # that vector rotated by 90 degrees.
    row = 2 * placement.eyes_row / placement.size - 1
    eyes = [2 * place - 1 for place in frame.eyes]
    return torch.tensor(
        [
            [down, right, eyes[0] - right * row],
            [-right, down, eyes[1] - down * row],
        ]
    )
