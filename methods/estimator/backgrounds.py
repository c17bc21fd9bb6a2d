"""Other backgrounds for training pictures."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from methods.shared.randomness import uniform

NEW_BACKGROUND = 0.7
"""Share of pictures whose background is replaced."""
TOLERANCE = 0.03
"""The largest difference inside a plain backdrop, as a share from black to white."""


def replace_background(
    faces: Tensor, backdrop: Tensor, generator: torch.Generator, strength: float
) -> Tensor:
    """Put some faces before a plain, uneven or foreign background.

    Args:
        faces: (n, 3, S, S) pictures in [0, 1].
        backdrop: (n, S, S) bool, True where the background shows.
        generator: draws everything, on the CPU.
        strength: factor of the share of pictures.
    """
    colours = uniform(generator, faces, 2, 3, 1, 1)
    grain = uniform(generator, faces, 3, 4, 4)
    kind = uniform(generator, faces, 1, 1, 1)
    swapped = uniform(generator, faces, 1, 1, 1) < NEW_BACKGROUND * strength
    side = faces.shape[-1]
    muted = grain.mean(1, keepdim=True) + 0.4 * (grain - 0.5)
    rough = functional.interpolate(muted, side, mode="bilinear", align_corners=False)
    ramp = torch.linspace(0, 1, side, device=faces.device)[:, None]
    graded = colours[:, 0] + (colours[:, 1] - colours[:, 0]) * ramp
    others = faces.roll(1, 0).flip(-1)
    reach = max(side // 32, 1)
    foreign = functional.avg_pool2d(
        others, 2 * reach + 1, 1, reach, count_include_pad=False
    )
    new = torch.where(kind < 0.3, graded, rough)
    new = torch.where(kind > 0.7, foreign, new)
    alpha = functional.avg_pool2d(
        backdrop[:, None].float(), 3, 1, 1, count_include_pad=False
    )
    return faces + (new - faces) * alpha * swapped


def plain_backdrop(faces: Tensor) -> Tensor:
    """Find the plain backdrop of engine renders: (n, S, S) bool.

    A plain backdrop has one colour in each row. It is followed down both sides of the
    picture, and from the sides and from above to the head. Where a picture has none, as
    most photographs, all is False.

    Args:
        faces: (n, 3, S, S) pictures in [0, 1].
    """
    left, right = faces[..., :1], faces[..., -1:]
    like_left = _same(faces, left) & _steady(left)
    like_right = _same(faces, right) & _steady(right)
    found = torch.stack(
        [
            like_left.int().cumprod(-1),
            like_right.int().flip(-1).cumprod(-1).flip(-1),
            like_left.int().cumprod(-2),
        ]
    )
    corners = _same(left[..., :1, :], right[..., :1, :])
    above = like_left[:, :1].float().mean(-1, keepdim=True) > 0.5
    return found.amax(0).bool() & corners & above


def _same(first: Tensor, second: Tensor) -> Tensor:
    """Where the colours of (n, 3, H, W) pictures are nearly the same: (n, H, W)."""
    return (first - second).abs().amax(1) < TOLERANCE


def _steady(side: Tensor) -> Tensor:
    """The rows of (n, 3, S, 1) sides before the first sudden change: (n, S, 1)."""
    above = torch.cat([side[..., :1, :], side[..., :-1, :]], dim=-2)
    return _same(side, above).int().cumprod(-2).bool()
