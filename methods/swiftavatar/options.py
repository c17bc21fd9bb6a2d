"""SwiftAvatar's options; where the paper is silent, the default says whose it is."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from methods.estimator.estimation import EstimatorOptions
from methods.networks.discriminator import GROUP

PerceptualName = Literal["lpips-vgg", "lpips-alex", "lite0-features"]
"""What measures perceptual distance in the inversion: LPIPS (v0.1) with one of two
backbones, or plain distances of EfficientNet-Lite0's features, cheap and at hand."""


class StepOptions(BaseModel):
    """Options of one step of the chain; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AdaptationOptions(StepOptions):
    """From the realistic generator to the avatar generator (section 3.1).

    Attributes:
        steps: iterations (SemanticStyleGAN's adaptation script: 2,000; the paper says
            none).
        batch: pictures an iteration.
        learning_rate: of both networks, before the lazy-regularisation correction.
        r1: weight of the gradient penalty on renders.
        r1_every: iterations from one penalty to the next.
        path: weight of the path-length regularisation.
        path_every: iterations from one regularisation to the next.
        mixing: share of iterations whose codes are mixed part by part.
        colour: lambda_color of equation 3 (not given in the paper); 0 leaves it out.
        colour_pixels: regions smaller than this share of the picture, in either
            picture, are not matched.
        freeze: "none"; "average": only the mapping and render networks of the averaged
            generator move, as in the script's --freeze_local; "local": the local
            networks and the position embedding are not trained at all.
        flip: share of renders that are mirrored.
        ema_decay: of the averaged generator, each iteration.
        stop_below: stop where the agreement of the two generators' segmentations (mean
            IoU) falls under this; None never stops early.
        check_every: iterations between two looks at the agreement.
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
    freeze: Literal["none", "average", "local"] = "none"
    flip: float = Field(default=0.5, ge=0, le=1)
    ema_decay: float = Field(default=0.5 ** (32 / 10_000), ge=0, lt=1)
    stop_below: float | None = Field(default=None, ge=0, le=1)
    check_every: int = Field(default=200, ge=1)

    @model_validator(mode="after")
    def _groups_fill_the_batch(self) -> Self:
        if self.batch > GROUP and self.batch % GROUP:
            raise ValueError(
                f"batch: the discriminator compares groups of {GROUP}: give fewer than "
                f"{GROUP} pictures or a multiple of {GROUP}, not {self.batch}"
            )
        return self


class MeanOptions(StepOptions):
    """Mean latent codes, where inversion starts (section 3.2 and appendix).

    Attributes:
        samples: mapped codes whose mean is w_mean.
        glasses: start from the mean whose glasses rows come from codes whose avatars
            show glasses.
        glasses_samples: codes that are looked at for glasses.
        glasses_share: an avatar shows glasses where the avatar generator's segmentation
            gives them at least this share of the picture.
    """

    samples: int = Field(default=10_000, ge=2)
    glasses: bool = True
    glasses_samples: int = Field(default=2_000, ge=1)
    glasses_share: float = Field(default=0.01, gt=0, le=1)


class InversionOptions(StepOptions):
    """From renders to latent codes by optimisation (section 3.2, equation 5).

    Attributes:
        steps: of Adam (the paper: 200).
        learning_rate: its largest value.
        schedule: "cosine", a half wave to zero, as the paper says; "ramped", 5 % rise,
            flat, half a wave down over the last quarter, as in the reference script.
        start: where it starts: at the "mean" code, as the paper has it, or for each
            render at the "nearest" of `start_samples` samples of the avatar generator.
        start_samples: read for "nearest" alone.
        space: "w+", each row of codes on its own, or "w", one row for all.
        perceptual: the net of the perceptual term.
        perceptual_size: side to which pictures larger than it are brought for it.
        perceptual_weight: lambda_p.
        pixel_weight: lambda_i, on the mean squared error in [-1, 1].
        latent_weight: lambda_l, on the mean squared distance to the start.
        batch: renders that are inverted at once.
    """

    steps: int = Field(default=200, ge=1)
    learning_rate: float = Field(default=0.1, gt=0)
    schedule: Literal["cosine", "ramped"] = "cosine"
    start: Literal["mean", "nearest"] = "mean"
    start_samples: int = Field(default=2_000, ge=1)
    space: Literal["w+", "w"] = "w+"
    perceptual: PerceptualName = "lpips-vgg"
    perceptual_size: int = Field(default=256, ge=16)
    perceptual_weight: float = Field(default=1.0, ge=0)
    pixel_weight: float = Field(default=0.1, ge=0)
    latent_weight: float = Field(default=1.0, ge=0)
    batch: int = Field(default=32, ge=1)


class SemanticOptions(StepOptions):
    """Semantic augmentation (equation 7): lambda_aug by part, and copies of each code.

    The noise is the mapped code of a random z. With all at 0 every copy is the same, so
    that `copies` must be 1.
    """

    background: float = Field(default=1.0, ge=0, le=1)
    hair: float = Field(default=0.3, ge=0, le=1)
    glasses: float = Field(default=0.06, ge=0, le=1)
    copies: int = Field(default=10, ge=1)

    @model_validator(mode="after")
    def _copies_differ(self) -> Self:
        if self.copies > 1 and not any((self.background, self.hair, self.glasses)):
            raise ValueError("copies that nothing changes are all the same: set 1")
        return self


NO_SEMANTIC = SemanticOptions(background=0, hair=0, glasses=0, copies=1)


class SwiftAvatarOptions(EstimatorOptions):
    """The whole chain; the estimator's options are those of every other rung.

    Attributes:
        generator: a folder of weights, or a name, of the pretrained realistic pair.
        samples: avatars that are rendered (the paper: 50,000), for the adaptation.
        absent: share of them in which each optional part, such as glasses, is absent;
            None draws every option equally often. People wear glasses more seldom.
        inverted: how many of them are inverted into codes; None for all.
        adaptation: section 3.1.
        mean: where inversion starts.
        inversion: section 3.2.
        semantic: semantic augmentation; leave it at zeros for the rung without.
        chain_seed: of everything before the estimator. Runs under several seeds share
            the chain and vary the estimator; None gives each its own chain.
    """

    generator: str = "portraits64"
    samples: int = Field(default=50_000, ge=1)
    absent: float | None = Field(default=None, ge=0, le=1)
    inverted: int | None = Field(default=None, ge=1)
    adaptation: AdaptationOptions = AdaptationOptions()
    mean: MeanOptions = MeanOptions()
    inversion: InversionOptions = InversionOptions()
    semantic: SemanticOptions = SemanticOptions()
    chain_seed: int | None = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _inverts_what_was_rendered(self) -> Self:
        if self.inverted is not None and self.inverted > self.samples:
            raise ValueError(
                f"inverted: {self.inverted} of {self.samples} rendered avatars"
            )
        return self
