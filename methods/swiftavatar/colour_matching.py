"""Colour matching: one code has hair and skin of one colour in both domains.

Equation 2 of the paper. Regions come from each generator's own segmentation.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from benchmark.avatars.part_classes import PART_IDS
from methods.networks.semantic_stylegan import SemanticGenerator, Synthesis

REGIONS: tuple[str, ...] = ("hair", "skin")
"""The parts whose colours are matched."""
_EPSILON = 1e-8


def region_colours(image: Tensor, parts: Tensor, part: int) -> tuple[Tensor, Tensor]:
    """Mean colours (n, 3) of a part in n pictures, and (n,) shares of them it covers.

    Args:
        image: (n, 3, S, S), of any range; a picture without the part has colour 0.
        parts: (n, S, S) part ids; no gradient flows through them.
        part: the id.
    """
    mask = (parts == part).to(image)
    total = torch.einsum("nchw,nhw->nc", image, mask)
    return total / (mask.sum((1, 2)) + _EPSILON)[:, None], mask.mean((1, 2))


def shown_in_both(one: Tensor, other: Tensor, least_share: float) -> Tensor:
    """(n,) whether a part covers `least_share` or more, and anything at all, twice."""
    smaller = torch.minimum(one, other)
    return (smaller >= least_share) & (smaller > 0)


def colour_distance(
    avatar: Synthesis, realistic: Synthesis, least_share: float
) -> Tensor:
    """Sum over regions of the mean squared distance of their mean colours, a scalar.

    Colours are in [-1, 1]. The mean is over those codes whose region covers
    `least_share` or more of both pictures; without any, a region counts nothing.
    """
    ours, theirs = avatar.seg.argmax(1), realistic.seg.argmax(1)
    total = avatar.image.new_zeros((), dtype=torch.float32)
    for region in REGIONS:
        part = PART_IDS[region]
        mean, share = region_colours(avatar.image.float(), ours, part)
        wanted, other = region_colours(realistic.image.float(), theirs, part)
        counts = shown_in_both(share, other, least_share)
        squares = (mean - wanted).square().sum(1) * counts
        total = total + squares.sum() / counts.sum().clamp(min=1)
    return total


@dataclass(frozen=True)
class ColourMatching:
    """The loss as a term of the avatar generator's training.

    Attributes:
        realistic: the frozen generator of faces, rendered with its stored noise.
        weight: lambda_color of equation 3.
        least_share: regions that cover less of either picture are not matched.
        name: of the loss in the curve.
    """

    realistic: SemanticGenerator
    weight: float
    least_share: float
    name: str = "colour"

    def __call__(self, made: Synthesis) -> Tensor:
        """The loss of n avatars; faces of the same expanded codes get no gradient."""
        with torch.no_grad():
            faces = self.realistic([made.latents], input_is_latent=True)
        return colour_distance(made, faces, self.least_share)
