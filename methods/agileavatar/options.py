"""Options of AgileAvatar.

Sang et al., "AgileAvatar: Stylized 3D Avatar Creation via Cascaded Domain Bridging"
(SIGGRAPH Asia 2022). Only its abstract, its opening and claims of a patent could be
read, and no code was published: all numbers below are our defaults.
"""

from __future__ import annotations

from pydantic import Field

from methods.estimator.augmentation import Augmentation
from methods.f2p.options import ImitationOptions, ImitatorOptions
from methods.shared.options import Options
from methods.swiftavatar.options import AdaptationOptions


class StylisationOptions(Options):
    """Stage 1: a face is drawn as an avatar without expression.

    Pairs of pictures come from the dual-domain generators: both draw the same latent
    code, the avatar generator with the mean shape of eyes, brows and mouth.

    Attributes:
        active: without it, the mapper sees the face itself (an ablation step).
        neutral: whether eyes, brows and mouth get their mean shape.
        samples: pairs of pictures.
        width: channels of the U-Net at full size.
        steps: optimiser steps.
        batch: pairs per step.
        learning_rate: of Adam, with a warm-up and a cosine decay.
        checkpoint_steps: steps between two checkpoints.
    """

    active: bool = True
    neutral: bool = True
    samples: int = Field(default=4_000, ge=2)
    width: int = Field(default=24, ge=1)
    steps: int = Field(default=3_000, ge=0)
    batch: int = Field(default=16, ge=2)
    learning_rate: float = Field(default=1e-3, gt=0)
    checkpoint_steps: int = Field(default=500, ge=1)


class LikenessOptions(Options):
    """The distance of two pictures of avatars, for the mapper and for the search.

    Attributes:
        perceptual_weight: of the distance of features of EfficientNet-Lite0; 0 needs
            no network. 0.12 corresponds to 1 for LPIPS, with which avatars are scored.
        coarse_weight: of the mean absolute difference on a coarse grid.
        side: rows and columns of that grid.
    """

    perceptual_weight: float = Field(default=0.12, ge=0)
    coarse_weight: float = Field(default=0.5, ge=0)
    side: int = Field(default=16, ge=1)


class MapperOptions(Options):
    """Stage 2: from an avatar's picture to a relaxed vector.

    Attributes:
        width: channels at half the picture's size; they double at each halving.
        steps: optimiser steps.
        batch: faces per step.
        learning_rate: of Adam, with a warm-up and a cosine decay.
        entropy_weight: of the mean entropy of the softmax of each choice.
        checkpoint_steps: steps between two checkpoints.
    """

    width: int = Field(default=32, ge=1)
    steps: int = Field(default=1_500, ge=0)
    batch: int = Field(default=16, ge=2)
    learning_rate: float = Field(default=1e-3, gt=0)
    entropy_weight: float = Field(default=0.01, ge=0)
    checkpoint_steps: int = Field(default=500, ge=1)


class ComparisonOptions(Options):
    """Stage 3: from a relaxed vector to one that the engine accepts.

    Attributes:
        refinement: gradient steps on the relaxed vector of each face before the search.
        refinement_rate: learning rate of Adam in these steps.
        sweeps: passes over all discrete parameters; 0 takes the largest number of each
            choice instead (an ablation step).
        finalists: candidates of each choice that the engine draws in place of the
            imitator; 0 leaves all to the imitator (an ablation step).
        scalar_steps: gradient steps on the continuous parameters after the sweeps.
    """

    refinement: int = Field(default=0, ge=0)
    refinement_rate: float = Field(default=0.05, gt=0)
    sweeps: int = Field(default=2, ge=0)
    finalists: int = Field(default=3, ge=0)
    scalar_steps: int = Field(default=20, ge=0)


class AgileAvatarOptions(ImitationOptions):
    """Options of AgileAvatar.

    The imitator is F2P's, and the dual-domain generators are SwiftAvatar's. Equal
    options share their stages.

    Attributes:
        input_size: side in pixels of the faces that `predict` takes.
        generator: name or folder of the pretrained realistic generator.
        adaptation: the avatar generator.
        adaptation_samples: renders for the adaptation; None takes `samples`.
        chain_seed: seed of the avatar generator; None uses the seed of the trial.
        stylisation: stage 1.
        likeness: the distance of two pictures of avatars.
        mapper: stage 2.
        comparison: stage 3.
        augmentation: the random changes of faces, in stages 1 and 2.
    """

    input_size: int = Field(default=224, ge=64, le=1024)
    imitator: ImitatorOptions = ImitatorOptions(size=64)
    generator: str = "portraits64"
    adaptation: AdaptationOptions = AdaptationOptions()
    adaptation_samples: int | None = Field(default=None, ge=1)
    chain_seed: int | None = Field(default=0, ge=0)
    stylisation: StylisationOptions = StylisationOptions()
    likeness: LikenessOptions = LikenessOptions()
    mapper: MapperOptions = MapperOptions()
    comparison: ComparisonOptions = ComparisonOptions()
    augmentation: Augmentation = Augmentation()
