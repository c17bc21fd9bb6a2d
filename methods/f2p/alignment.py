"""Where eyes and mouth lie in a picture, and the crop that puts them where a net wants.

A method gets pictures alone, so what it knows of faces is the template they were
aligned to; where an engine draws eyes and mouth is found by `methods.f2p.landmarks`.
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
"""Right and down from the picture's upper left corner, as shares of its side."""


@dataclass(frozen=True)
class Frame:
    """The point between the eyes and the middle of the mouth in pictures of one kind.

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
    """Where a net wants a face: in pixels of a square of `size`.

    The eyes lie on the middle column in row `eyes_row`, the mouth `eyes_to_mouth`
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
"""Face sets' alignments.

portraits: means over the part maps of the embedded train portraits (deviations between
people: 0.011 of the side for the eyes, 0.018 for the mouth). ffhq, which CelebAMask-HQ
shares: Karras et al. (CVPR 2019) cut squares of 3.6 times the way from eyes to mouth or
4 times that between the eyes, whichever is larger, centred a tenth of the way below the
eyes; of an average face the two are about equal, and 3.7 is taken here.
"""

LIGHTCNN = Placement(lightcnn.SIDE, lightcnn.EYES_ROW, lightcnn.EYES_TO_MOUTH)
"""Where LightCNN's test crops have the face (METHODS: 128 px, row 40, 48 px)."""


def placement_of(frame: Frame, size: int) -> Placement:
    """The placement that leaves an upright picture of this frame as it is."""
    return Placement(size, frame.eyes[1] * size, frame.distance * size)


def align(pictures: Tensor, frame: Frame, placement: Placement) -> Tensor:
    """(n, 3, size, size) crops of (n, 3, S, S) RGB pictures in [-1, 1].

    A turn, a scale and a shift, differentiable in the pictures; beyond their border the
    last pixels go on. Raises ValueError for what is not such a picture, so that pixels
    of 0 to 255 never reach a net.
    """
    check_pictures(pictures)
    if not len(pictures):
        return pictures.new_zeros(0, 3, placement.size, placement.size)
    # Sampling looks at four pixels: larger pictures are first brought to the scale that
    # the crop will have, every pixel counting.
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
    """Refuse with ValueError what is not (n, 3, S, S) of floats in [-1, 1]."""
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
            f"pictures must lie in [-1, 1], but reach {extreme:.3g}; bring them there "
            "with methods.shared.pictures.as_tensor"
        )


def _matrix(frame: Frame, placement: Placement) -> Tensor:
    """(2, 3) of affine_grid: from places in the crop to places in the picture.

    Both run from -1 to 1, right and down.
    """
    right, down = (
        (there - here) / (placement.eyes_to_mouth / placement.size)
        for there, here in zip(frame.mouth, frame.eyes, strict=True)
    )
    # One step down in the crop goes (right, down) in the picture; one to the right, a
    # quarter turn from that.
    row = 2 * placement.eyes_row / placement.size - 1
    eyes = [2 * place - 1 for place in frame.eyes]
    return torch.tensor(
        [
            [down, right, eyes[0] - right * row],
            [-right, down, eyes[1] - down * row],
        ]
    )
