"""Options of TOS.

Wolf, Taigman, Polyak, "Unsupervised Creation of Parameterized Avatars" (ICCV 2017).
Only its opening could be read for this implementation, and no code was published. The
names of the losses are the paper's. Their weights, and the learning rate, are values
that we recall or took from ports of its parent, the Domain Transfer Network (Taigman,
Polyak, Wolf, ICLR 2017). They are our defaults, not quotations.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from methods.estimator.augmentation import Augmentation
from methods.f2p.alignment import Template
from methods.f2p.options import (
    ImitationOptions,
    ImitatorOptions,
    PartWeights,
    SimilarityOptions,
)
from methods.networks.lightcnn import LightCNNName
from methods.shared.options import Options


class DescriptorOptions(Options):
    """f, the frozen description of faces and avatars.

    The paper uses a face-recognition network. Such a network discards what avatars
    show, such as hair and colours, so features of a face parser may be added. f(x) is
    one vector of the parts with a weight above 0. The squared distance of two
    descriptors is the sum of each part's weight times its mean squared difference.

    Attributes:
        template: alignment of the faces: the positions of eyes and mouth.
        identity: network of the face embeddings, which have length 1.
        parser: face parser: a folder of weights or its name.
        parts: weight of each part in features and colours of the parser.
        identity_weight: of the embeddings.
        content_weight: of the parser's features, averaged on a grid.
        colour_weight: of the colours inside the parts, averaged on a grid.
        side: rows and columns of the grid.
    """

    template: Template = "portraits"
    identity: LightCNNName = "lightcnn-v4"
    parser: str = "parser128"
    parts: PartWeights = PartWeights()
    identity_weight: float = Field(default=1.0, ge=0)
    content_weight: float = Field(default=0.0, ge=0)
    colour_weight: float = Field(default=0.0, ge=0)
    side: int = Field(default=8, ge=1, le=32)

    @model_validator(mode="after")
    def _check_weights(self) -> Self:
        if not (self.identity_weight or self.content_weight or self.colour_weight):
            raise ValueError(
                "identity_weight, content_weight and colour_weight are all 0: give one "
                "of them a weight"
            )
        return self

    @property
    def reads_parts(self) -> bool:
        """Whether the face parser is needed."""
        return self.content_weight > 0 or self.colour_weight > 0

    @property
    def networks(self) -> SimilarityOptions:
        """The options of the same networks in F2P's similarity."""
        return SimilarityOptions(
            template=self.template,
            identity=self.identity,
            parser=self.parser,
            parts=self.parts,
            identity_weight=self.identity_weight,
            content_weight=float(self.reads_parts),
        )


class TiedOptions(Options):
    """The joint training of g and c against the discriminator d.

    Attributes:
        width: channels of g, c and d at half the picture's size; they double at each
            halving, up to 8 times.
        steps: steps; each updates d, then g and c.
        batch: faces, and as many renders, per step.
        learning_rate: of Adam (a port of DTN: 0.0002).
        beta1: of Adam (a port of DTN: 0.5).
        schedule: of the learning rate.
        sharpness: b of the softmax over the options of a discrete parameter.
        tie_weight: of L_c, the difference of G and e(c(G)), for faces and renders.
        adversarial_weight: of L_GAN (recalled: 0.01).
        descriptor_weight: of L_CONST, the difference of f(x) and f(G(x)) (recalled:
            100, as in a port of DTN).
        identity_weight: of L_TID, the difference of a render y and G(y) (recalled: 1).
        variation_weight: of L_TV, the mean absolute difference of neighbouring pixels
            in G(x). We recall 0.0005 for a sum; at 64 px, that is 12 for the mean.
        entropy_weight: of the mean entropy of the choices that c reads off G(x). Not in
            the paper. Without it, c may mix options, which no engine draws.
        checkpoint_steps: steps between two checkpoints.
    """

    width: int = Field(default=32, ge=1)
    steps: int = Field(default=20_000, ge=0)
    batch: int = Field(default=32, ge=2)
    learning_rate: float = Field(default=2e-4, gt=0)
    beta1: float = Field(default=0.5, ge=0, lt=1)
    schedule: Literal["constant", "cosine"] = "constant"
    sharpness: float = Field(default=1.0, gt=0)
    tie_weight: float = Field(default=1.0, ge=0)
    adversarial_weight: float = Field(default=0.01, ge=0)
    descriptor_weight: float = Field(default=100.0, ge=0)
    identity_weight: float = Field(default=1.0, ge=0)
    variation_weight: float = Field(default=0.05, ge=0)
    entropy_weight: float = Field(default=0.0, ge=0)
    checkpoint_steps: int = Field(default=500, ge=1)


class TosOptions(ImitationOptions):
    """Options of TOS; its imitator and renders are those of F2P.

    Attributes:
        input_size: side in pixels of the faces that `predict` takes.
        descriptor: f.
        cached_views: number of augmented train faces whose descriptors are computed
            once and reused; 0 augments and describes faces again in each step.
        augmentation: the random changes of the train faces.
        tied: the training of g, c and d.
    """

    input_size: int = Field(default=224, ge=64, le=1024)
    imitator: ImitatorOptions = ImitatorOptions(size=64)
    descriptor: DescriptorOptions = DescriptorOptions()
    cached_views: int = Field(default=0, ge=0)
    augmentation: Augmentation = Augmentation()
    tied: TiedOptions = TiedOptions()
