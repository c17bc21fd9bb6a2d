"""The options of the avatar estimator, as suites give them."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import AliasChoices, ConfigDict, Field, model_validator
from torch import Tensor

from benchmark.avatars.counting import counted
from methods.base import MethodOptions
from methods.estimator.augmentation import Augmentation
from methods.estimator.losses import LossWeights
from methods.estimator.training import Recipe, Schedule
from methods.networks.backbones import STAGE_COUNTS, BackboneName
from methods.shared.options import NewerOptions
from methods.shared.pictures import at_effective_resolution
from methods.shared.precision import Precision


class EstimatorOptions(NewerOptions, MethodOptions):
    """How an avatar estimator is built and trained.

    The defaults follow SwiftAvatar, section 3.3 and "Implementation Details": 100
    epochs of 50,000 pairs in batches of 256 are 19,531 steps. The paper does not give
    `head_width`, `sce_alpha` and `sce_beta`.

    Attributes:
        input_size: side in pixels of the faces that `predict` takes.
        effective_resolution: side in pixels to which every picture and face is reduced
            before it is enlarged to `input_size`; None keeps all detail. It makes the
            pictures of a small generator and larger faces equally sharp. Suites may
            also say `see_size`, the name under which the option is stored.
        backbone: the ImageNet network.
        pretrained: start from its ImageNet weights.
        backbone_stages: number of first stages to use; None uses all.
        frozen_stages: number of first stages that are not trained.
        reading: "pooled" averages the features over all positions, as in the paper;
            "grid" keeps `grid_channels` channels of every position.
        grid_channels: read for "grid" only.
        head_width: units of the hidden layer of each head.
        steps: optimiser steps.
        batch_size: pairs in each step.
        learning_rate: the largest learning rate.
        schedule: see `Recipe`.
        cached_views: number of augmented pictures whose frozen features are computed
            once and reused; 0 augments again in each step.
        augmentation: the random changes of the training pictures.
        continuous_weight: weight of the L1 loss, lambda_c of equation 8.
        discrete_weight: weight of the symmetric cross-entropy, lambda_d of equation 8.
        sce_alpha: weight of the cross-entropy in the symmetric cross-entropy.
        sce_beta: weight of the reverse cross-entropy in it.
        logit_adjustment: tau of the logit adjustment (Menon et al., "Long-tail learning
            via logit adjustment", ICLR 2021): tau times the log of each option's share
            of the pairs is added to its logit in training, so that rare options are not
            answered with the common one. Not in the paper.
        feature_alignment: "position" brings the frozen features of faces to the mean
            and standard deviation that they have in training, for each channel at each
            position (Li et al., "Revisiting Batch Normalization for Practical Domain
            Adaptation", 2016). The training stays as it is; unlabelled train faces are
            read after it. Not in the paper.
        precision: of the network in training; frozen features are in 32 bits.
        checkpoint_steps: steps between two checkpoints.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    NEWER: ClassVar[frozenset[str]] = frozenset(
        {"effective_resolution", "logit_adjustment", "feature_alignment", "precision"}
    )

    input_size: int = Field(224, ge=64, le=1024)
    effective_resolution: int | None = Field(
        None,
        ge=16,
        validation_alias=AliasChoices("effective_resolution", "see_size"),
        serialization_alias="see_size",
    )
    backbone: BackboneName = "resnet18"
    pretrained: bool = True
    backbone_stages: int | None = Field(None, ge=1)
    frozen_stages: int = Field(0, ge=0)
    reading: Literal["pooled", "grid"] = "pooled"
    grid_channels: int = Field(48, ge=1)
    head_width: int = Field(256, ge=1)
    steps: int = Field(19_531, ge=1)
    batch_size: int = Field(256, ge=2)
    learning_rate: float = Field(1e-3, gt=0)
    schedule: Schedule = "halving"
    cached_views: int = Field(0, ge=0)
    augmentation: Augmentation = Augmentation()
    continuous_weight: float = Field(1.0, ge=0)
    discrete_weight: float = Field(10.0, ge=0)
    sce_alpha: float = Field(0.1, ge=0)
    sce_beta: float = Field(1.0, ge=0)
    logit_adjustment: float = Field(0.0, ge=0)
    feature_alignment: Literal["none", "position"] = "none"
    precision: Precision = "32-true"
    checkpoint_steps: int = Field(200, ge=1)

    @model_validator(mode="after")
    def _check_stages(self) -> Self:
        count = STAGE_COUNTS[self.backbone]
        if self.backbone_stages is not None and self.backbone_stages > count:
            raise ValueError(f"backbone_stages: {self.backbone} has {count} stages")
        if self.frozen_stages > (self.backbone_stages or count):
            raise ValueError(
                f"frozen_stages: {self.frozen_stages} is more than the "
                f"{counted(self.backbone_stages or count, 'stage')} in use"
            )
        if self.cached_views and not self.frozen_stages:
            raise ValueError(
                "cached_views caches the features of frozen stages: set frozen_stages "
                "to 1 or more"
            )
        if self.feature_alignment != "none" and not self.frozen_stages:
            raise ValueError(
                f"feature_alignment: {self.feature_alignment} aligns the features of "
                "frozen stages: set frozen_stages to 1 or more"
            )
        if self.frozen_stages and not self.pretrained:
            raise ValueError(
                "frozen_stages would freeze random weights: set pretrained: true"
            )
        return self

    @model_validator(mode="after")
    def _check_effective_resolution(self) -> Self:
        resolution = self.effective_resolution
        if resolution is not None and resolution > self.input_size:
            raise ValueError(
                f"effective_resolution: {resolution} px is more than the input_size of "
                f"{self.input_size} px: lower it or leave it out"
            )
        return self

    def network_input(self, pictures: Tensor) -> Tensor:
        """Resize (n, 3, S, S) pictures to (n, 3, input_size, input_size).

        They keep no more detail than `effective_resolution`.
        """
        return at_effective_resolution(
            pictures, self.input_size, self.effective_resolution
        )

    @property
    def loss_weights(self) -> LossWeights:
        """The weights of `estimator_loss`."""
        return LossWeights(
            self.continuous_weight, self.discrete_weight, self.sce_alpha, self.sce_beta
        )

    @property
    def recipe(self) -> Recipe:
        """The length and learning rate of the training."""
        return Recipe(
            self.steps, self.learning_rate, self.schedule, self.checkpoint_steps
        )
