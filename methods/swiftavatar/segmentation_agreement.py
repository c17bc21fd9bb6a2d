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


def segmentation_distance(one: Tensor, other: Tensor, grid: int) -> Tensor:
    """Squared difference of (n, K, S, S) part scores on a grid x grid raster: a scalar.

    It is summed over the K parts and averaged over pictures and cells.
    """
    pooled, wanted = (
        functional.adaptive_avg_pool2d(seg.float(), grid) for seg in (one, other)
    )
    return (pooled - wanted).square().sum(1).mean()


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
