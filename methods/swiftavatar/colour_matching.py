"""The colour matching loss (SwiftAvatar, section 3.1, equation 2).

It makes hair and skin of one latent code have the same mean colour in both domains. The
regions come from the segmentation of each generator.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from benchmark.avatars.part_classes import PART_IDS
from methods.networks.semantic_stylegan import Synthesis
from methods.swiftavatar.realistic_faces import RealisticFaces

REGIONS: tuple[str, ...] = ("hair", "skin")
"""The regions s of equation 2."""
_EPSILON = 1e-8


def region_colours(image: Tensor, parts: Tensor, part: int) -> tuple[Tensor, Tensor]:
    """The mean colours (n, 3) of a part and its (n,) shares of the pictures.

    The mean colour is m^s(I) of SwiftAvatar, equation 2. It is 0 if the part is absent.

    Args:
        image: (n, 3, S, S) pictures in any range.
        parts: (n, S, S) part ids; they carry no gradient.
        part: the id of the part.
    """
    mask = (parts == part).to(image)
    total = torch.einsum("nchw,nhw->nc", image, mask)
    return total / (mask.sum((1, 2)) + _EPSILON)[:, None], mask.mean((1, 2))


def shown_in_both(one: Tensor, other: Tensor, least_share: float) -> Tensor:
    """Whether a part covers `least_share` or more, and not 0, of both pictures: (n,).

    `one` and `other` are (n,) shares. SwiftAvatar, equation 2, has no such condition.
    """
    smaller = torch.minimum(one, other)
    return (smaller >= least_share) & (smaller > 0)


def colour_distance(
    avatar: Synthesis,
    realistic: Synthesis,
    least_share: float,
    regions: Sequence[str] = REGIONS,
) -> Tensor:
    """The colour matching loss of SwiftAvatar, equation 2: a scalar.

    It sums the squared distances of mean colours, in [-1, 1], over `regions`, which are
    names of parts. Each is averaged over the latent codes whose region covers
    `least_share` or more of both pictures. A region that no pair shows contributes 0.
    """
    ours, theirs = avatar.seg.argmax(1), realistic.seg.argmax(1)
    total = avatar.image.new_zeros((), dtype=torch.float32)
    for region in regions:
        part = PART_IDS[region]
        mean, share = region_colours(avatar.image.float(), ours, part)
        wanted, other = region_colours(realistic.image.float(), theirs, part)
        counts = shown_in_both(share, other, least_share)
        squares = (mean - wanted).square().sum(1) * counts
        total = total + squares.sum() / counts.sum().clamp(min=1)
    return total


@dataclass(frozen=True)
class ColourMatching:
    """The colour matching term of the training (SwiftAvatar, equation 3).

    Attributes:
        faces: draws the realistic faces of the same latent codes.
        weight: lambda_color of equation 3.
        least_share: regions that cover less of either picture are not matched.
        regions: names of the parts that are matched.
        name: the name of the loss in the curves.
    """

    faces: RealisticFaces
    weight: float
    least_share: float
    regions: Sequence[str] = REGIONS
    name: str = "colour"

    def __call__(self, made: Synthesis) -> Tensor:
        """The unweighted loss of n avatars; the faces carry no gradient."""
        faces = self.faces(made.latents)
        return colour_distance(made, faces, self.least_share, self.regions)
