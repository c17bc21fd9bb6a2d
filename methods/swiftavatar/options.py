"""The options of SwiftAvatar; the defaults are the paper's where it gives a value."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from benchmark.avatars.part_classes import PART_IDS
from methods.estimator.estimation import EstimatorOptions
from methods.generator.recipe import ProjectedOptions
from methods.networks.discriminator import GROUP
from methods.shared.options import NewerOptions
from methods.shared.precision import Precision

PerceptualName = Literal["lpips-vgg", "lpips-alex", "lite0-features"]
"""The perceptual distance of the inversion: LPIPS (v0.1) with VGG-16 or AlexNet, or a
cheaper distance between features of EfficientNet-Lite0."""


class RenderCoverageOptions(NewerOptions):
    """Pulling samples towards renders (methods.swiftavatar.render_coverage).

    Attributes:
        share: of the samples in a batch that follow a render.
        group: samples that are assigned to as many renders at once.
        pixels: weight of the squared error to the render.
    """

    share: float = Field(default=0.5, gt=0, lt=1)
    group: int = Field(default=1024, ge=16)
    pixels: float = Field(default=30.0, ge=0)


class AdaptationOptions(NewerOptions):
    """Training the avatar generator (SwiftAvatar, section 3.1).

    Attributes:
        steps: iterations. The paper gives none; 2,000 is from the adaptation script of
            SemanticStyleGAN.
        batch: pictures in each iteration (paper: 16).
        learning_rate: of both networks, before the lazy-regularisation correction
            (paper: the settings of SemanticStyleGAN).
        r1: weight of the R1 gradient penalty, lambda_R1 of equation 1 (paper: 10).
        r1_every: iterations between two R1 penalties (paper: 16).
        path: weight of the path-length regularisation, lambda_path of equation 1
            (paper: 0.5).
        path_every: iterations between two path-length regularisations (paper: 4).
        mixing: share of iterations with style mixing (paper: 0.3).
        colour: lambda_color of equation 3; the paper does not give it. 0 switches the
            loss off.
        colour_pixels: regions that cover less than this share of either picture are
            not matched.
        colour_regions: parts whose mean colours are matched (paper: hair and skin).
        freeze: "none"; "average" updates only the mapping and render networks of the
            averaged generator, like --freeze_local of SemanticStyleGAN's script;
            "local" does not train the local networks and the position embedding.
        flip: share of renders that are mirrored.
        ema_decay: decay of the averaged generator in each iteration.
        stop_below: stop if the mean IoU of the two generators' segmentations falls
            below this; None never stops early.
        check_every: iterations between two measurements of that IoU.
        projected: trains with a projected discriminator (Sauer et al., NeurIPS 2021)
            instead; it starts with new heads and sees pictures only. Not in the paper.
        mask: weight of SemanticStyleGAN's mask loss; the adaptation has none in the
            paper.
        mask_entropy: weight of the coarse map's cross-entropy to the final one, as in
            the recipe of a generator. Not in the paper.
        segmentation: weight of the agreement of the two generators' segmentations of a
            latent code (methods.swiftavatar.segmentation_agreement). Not in the paper.
        segmentation_grid: side of the raster on which segmentations are compared.
        coverage: pulls samples towards renders; needs `projected`. Not in the paper.
        measured: latent codes of the final measurements; at most 64 of them choose
            between single and half precision. Not in the paper.
    """

    steps: int = Field(default=2000, ge=0)
    batch: int = Field(default=16, ge=1)
    learning_rate: float = Field(default=0.002, gt=0)
    r1: float = Field(default=10.0, ge=0)
    r1_every: int = Field(default=16, ge=1)
    path: float = Field(default=0.5, ge=0)
    path_every: int = Field(default=4, ge=1)
    mixing: float = Field(default=0.3, ge=0, le=1)
    colour: float = Field(default=1.0, ge=0)
    colour_pixels: float = Field(default=0.005, ge=0, le=1)
    colour_regions: tuple[str, ...] = ("hair", "skin")
    freeze: Literal["none", "average", "local"] = "none"
    flip: float = Field(default=0.5, ge=0, le=1)
    ema_decay: float = Field(default=0.5 ** (32 / 10_000), ge=0, lt=1)
    stop_below: float | None = Field(default=None, ge=0, le=1)
    check_every: int = Field(default=200, ge=1)
    projected: ProjectedOptions | None = None
    mask: float = Field(default=0.0, ge=0)
    mask_entropy: float = Field(default=0.0, ge=0)
    segmentation: float = Field(default=0.0, ge=0)
    segmentation_grid: int = Field(default=16, ge=1)
    coverage: RenderCoverageOptions | None = None
    measured: int = Field(default=256, ge=1)

    NEWER: ClassVar[frozenset[str]] = frozenset(
        {
            "colour_regions",
            "projected",
            "mask",
            "mask_entropy",
            "segmentation",
            "segmentation_grid",
            "coverage",
            "measured",
        }
    )

    @field_validator("colour_regions")
    @classmethod
    def _check_regions(cls, regions: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := [name for name in regions if name not in PART_IDS]:
            raise ValueError(
                f"no part is called {unknown[0]!r}; the parts are {', '.join(PART_IDS)}"
            )
        return regions

    @model_validator(mode="after")
    def _check_projected(self) -> Self:
        if self.projected is None:
            if self.coverage is not None:
                raise ValueError("coverage needs a projected discriminator: projected")
            return self
        if self.projected.maps:
            raise ValueError("projected.maps must be false: renders have no part maps")
        if self.r1:
            raise ValueError(
                "r1 must be 0 with a projected discriminator, which is trained without "
                "gradient penalty"
            )
        return self

    @model_validator(mode="after")
    def _check_batch(self) -> Self:
        if self.batch > GROUP and self.batch % GROUP:
            raise ValueError(
                f"batch: {self.batch} is no multiple of {GROUP}, the group size of the "
                f"discriminator: give a multiple of {GROUP} or fewer than {GROUP}"
            )
        return self


class MeanOptions(NewerOptions):
    """The mean latent codes at which inversion starts (SwiftAvatar, appendix).

    Attributes:
        samples: number of latent codes whose mean is w_mean (paper: 10,000).
        glasses: start at the modified mean of the appendix, whose glasses rows come
            from latent codes that show glasses.
        glasses_samples: number of latent codes that are searched for glasses.
        glasses_share: a latent code shows glasses if they cover at least this share of
            the avatar generator's segmentation.
    """

    samples: int = Field(default=10_000, ge=2)
    glasses: bool = True
    glasses_samples: int = Field(default=2_000, ge=1)
    glasses_share: float = Field(default=0.01, gt=0, le=1)


class EncoderOptions(NewerOptions):
    """Training the encoder that starts the inversion. The paper has none.

    Attributes:
        steps: iterations.
        batch: pictures in each iteration.
        learning_rate: the largest learning rate of Adam.
        renders: share of renders in a batch; the others are samples of the avatar
            generator, whose latent codes are known.
        latent_weight: weight of the mean squared error of known latent codes, divided
            by their variance. The perceptual and pixel terms of the inversion, with
            its weights, compare each prediction, drawn again, with its picture.
    """

    steps: int = Field(default=2_000, ge=1)
    batch: int = Field(default=32, ge=1)
    learning_rate: float = Field(default=0.001, gt=0)
    renders: float = Field(default=0.5, ge=0, le=1)
    latent_weight: float = Field(default=1.0, ge=0)


class InversionOptions(NewerOptions):
    """Latent optimisation of renders (SwiftAvatar, section 3.2, equations 4 and 5).

    Attributes:
        steps: steps of Adam (paper: 200).
        learning_rate: the largest learning rate (paper: 0.1).
        schedule: "cosine" decays to zero along half a cosine, as in the paper; "ramped"
            warms up over the first 5 % of the steps and decays over the last quarter,
            as in rosinality's projector script.
        start: the initial latent code: "mean" as in the paper; "nearest", the most
            similar of `start_samples` samples of the avatar generator; "parts", put
            together from the most similar parts of these samples; or "encoder", the
            prediction of an encoder that is trained for this.
        start_samples: read for "nearest" and "parts" only.
        space: "w+" optimises every row on its own; "w" optimises one row for all.
        perceptual: the network of the perceptual term.
        perceptual_size: larger pictures are reduced to this side for that network.
        perceptual_weight: lambda_p (paper: 1).
        pixel_weight: lambda_i, of the mean squared error in [-1, 1] (paper: 0.1).
        latent_weight: lambda_l, of the mean squared distance to the start (paper: 1).
        batch: renders that are inverted at once.
        encoder: read for "encoder" only.
        precision: of the networks during the steps; the result is measured in 32 bits.
    """

    steps: int = Field(default=200, ge=1)
    learning_rate: float = Field(default=0.1, gt=0)
    schedule: Literal["cosine", "ramped"] = "cosine"
    start: Literal["mean", "nearest", "parts", "encoder"] = "mean"
    start_samples: int = Field(default=2_000, ge=1)
    space: Literal["w+", "w"] = "w+"
    perceptual: PerceptualName = "lpips-vgg"
    perceptual_size: int = Field(default=256, ge=16)
    perceptual_weight: float = Field(default=1.0, ge=0)
    pixel_weight: float = Field(default=0.1, ge=0)
    latent_weight: float = Field(default=1.0, ge=0)
    batch: int = Field(default=32, ge=1)
    encoder: EncoderOptions = EncoderOptions()
    precision: Precision = "32-true"

    NEWER: ClassVar[frozenset[str]] = frozenset({"encoder", "precision"})


class SemanticOptions(NewerOptions):
    """Semantic augmentation (SwiftAvatar, section 3.2, equation 7).

    Attributes:
        background: lambda_aug of the background (paper: 1).
        hair: lambda_aug of the hair (paper: 0.3).
        glasses: lambda_aug of the glasses (paper: 0.06).
        copies: faces for each latent code (paper: 10). It must be 1 if all lambdas are
            0, since all copies would be equal.
    """

    background: float = Field(default=1.0, ge=0, le=1)
    hair: float = Field(default=0.3, ge=0, le=1)
    glasses: float = Field(default=0.06, ge=0, le=1)
    copies: int = Field(default=10, ge=1)

    @model_validator(mode="after")
    def _check_copies(self) -> Self:
        if self.copies > 1 and not any((self.background, self.hair, self.glasses)):
            raise ValueError(
                "copies: without semantic augmentation all copies are equal: set 1"
            )
        return self


NO_SEMANTIC = SemanticOptions(background=0, hair=0, glasses=0, copies=1)


class PriorOptions(NewerOptions):
    """A second round whose renders follow predictions of the first.

    The paper names sampling priors as future work. The first round is fitted without a
    prior; its predictions on the unlabelled train faces give the distribution of each
    parameter.

    Attributes:
        uniform: share of values that are still drawn uniformly.
        spread: standard deviation of the noise on scalars, in their [0, 1] range.
    """

    uniform: float = Field(default=0.3, ge=0, le=1)
    spread: float = Field(default=0.1, ge=0)


class SwiftAvatarOptions(EstimatorOptions):
    """All options of SwiftAvatar; those of the estimator are inherited.

    Attributes:
        generator: name or folder of the pretrained realistic generator.
        samples: number of renders for the adaptation (paper: 50,000 for TikTok).
        absent: share of renders in which each optional part but hair, such as glasses,
            is absent; None draws every option equally often, as the paper does.
        inverted: number of renders that are inverted; None inverts all.
        adaptation: the avatar generator (SwiftAvatar, section 3.1).
        mean: the start of the inversion (SwiftAvatar, appendix).
        inversion: the latent optimisation (SwiftAvatar, section 3.2).
        semantic: the semantic augmentation (SwiftAvatar, equation 7).
        estimator_renders: number of renders that train the estimator besides the
            faces, drawn and rendered as for Baseline; 0 as in the paper.
        prior: a second round of renders, inversion, pairs and estimator; None for one
            round. The avatar generator stays that of the first round.
        chain_seed: the seed of all stages before the estimator. Trials with other seeds
            share these stages; None uses the seed of the trial.
    """

    NEWER: ClassVar[frozenset[str]] = EstimatorOptions.NEWER | {
        "prior",
        "estimator_renders",
    }

    generator: str = "portraits64"
    samples: int = Field(default=50_000, ge=1)
    absent: float | None = Field(default=None, ge=0, le=1)
    inverted: int | None = Field(default=None, ge=1)
    adaptation: AdaptationOptions = AdaptationOptions()
    mean: MeanOptions = MeanOptions()
    inversion: InversionOptions = InversionOptions()
    semantic: SemanticOptions = SemanticOptions()
    estimator_renders: int = Field(default=0, ge=0)
    prior: PriorOptions | None = None
    chain_seed: int | None = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _check_inverted(self) -> Self:
        if self.inverted is not None and self.inverted > self.samples:
            raise ValueError(
                f"inverted: {self.inverted} is more than the {self.samples} samples"
            )
        return self
