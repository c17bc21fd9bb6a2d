"""Agreement of the two segmentations of one latent code (beyond SwiftAvatar).

SemanticStyleGAN draws each picture with its segmentation. The term keeps parts of the
avatar where the realistic face has them, which the paper leaves to the shared weights.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional

from methods.networks.semantic_stylegan import Synthesis
from methods.swiftavatar.realistic_faces import RealisticFaces

_LEAST_SHARE = 0.005
"""The share of the pictures below which a part no longer gains weight."""


def segmentation_distance(one: Tensor, other: Tensor, grid: int) -> Tensor:
    """Difference of (n, K, S, S) part scores on a grid x grid raster: a scalar.

    Scores are about -1 to 1 and are read as shares of a cell. For each of the K parts,
    the squared difference of shares is divided by the part's mean share in both, so
    that eyes and glasses count as much as hair and skin. It is 0 for equal scores and
    about 2 for a part at different places; summed over the parts. A part that covers
    less than `_LEAST_SHARE` is divided by that share.
    """
    pooled, wanted = (
        functional.adaptive_avg_pool2d((seg.float() + 1) / 2, grid)
        for seg in (one, other)
    )
    squares = (pooled - wanted).square().mean((0, 2, 3))
    shares = (pooled + wanted).mean((0, 2, 3)) / 2
    return (squares / shares.detach().clamp(min=_LEAST_SHARE)).sum()


@dataclass(frozen=True)
class SegmentationAgreement:
    """The agreement term of the training.

    Attributes:
        faces: draws the realistic faces of the same latent codes.
        weight: of the term.
        grid: side of the raster on which scores are compared.
        name: the name of the loss in the curves.
    """

    faces: RealisticFaces
    weight: float
    grid: int
    name: str = "segmentation"

    def __call__(self, made: Synthesis) -> Tensor:
        """The unweighted loss of n avatars; the faces carry no gradient."""
        return segmentation_distance(made.seg, self.faces(made.latents).seg, self.grid)
