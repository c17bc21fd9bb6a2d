"""How an avatar estimator is built and trained, in the words of a suite."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)
from torch import Tensor

from methods.base import MethodOptions
from methods.estimator.augmentation import Augmentation
from methods.estimator.losses import LossWeights
from methods.estimator.training import Recipe, Schedule
from methods.networks.backbones import STAGE_COUNTS, BackboneName
from methods.shared.pictures import seen


class EstimatorOptions(MethodOptions):
    """How an estimator is built and trained; the defaults are the paper's.

    The paper trains for 100 epochs of 50,000 pairs in batches of 256: 19,531 steps.
    What makes a training small enough for two processor cores: `backbone_stages` uses
    only the first stages of the backbone; `reading: grid` keeps a few channels of every
    place instead of their mean; `frozen_stages` leaves the first stages as they are;
    and `cached_views` draws that many augmented pictures once and keeps the features of
    the frozen stages (0 draws anew at each step).

    `see_size` takes detail away: every picture, after its augmentation, and every face
    at predict is brought down to that many pixels by area averaging and then up to
    `input_size`, so that pictures of a small generator and larger faces look alike.
    """

    YOUNGER: ClassVar[tuple[str, ...]] = ("see_size",)

    input_size: int = Field(224, ge=64, le=1024)
    see_size: int | None = Field(None, ge=16)
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
    checkpoint_steps: int = Field(200, ge=1)

    @model_validator(mode="after")
    def _stages_fit_together(self) -> Self:
        count = STAGE_COUNTS[self.backbone]
        if self.backbone_stages is not None and self.backbone_stages > count:
            raise ValueError(f"backbone_stages: {self.backbone} has {count} stages")
        if self.frozen_stages > (self.backbone_stages or count):
            raise ValueError(
                f"frozen_stages: {self.frozen_stages} of "
                f"{self.backbone_stages or count} stages cannot be frozen"
            )
        if self.cached_views and not self.frozen_stages:
            raise ValueError(
                "cached_views keeps the features of frozen stages, so frozen_stages "
                "must be 1 or more"
            )
        if self.frozen_stages and not self.pretrained:
            raise ValueError(
                "frozen_stages would freeze random weights; set pretrained: true"
            )
        return self

    @model_validator(mode="after")
    def _sees_no_more_than_it_gets(self) -> Self:
        if self.see_size is not None and self.see_size > self.input_size:
            raise ValueError(
                f"see_size: {self.see_size} px is more than the input_size of "
                f"{self.input_size} px: lower it or leave it out"
            )
        return self

    @model_serializer(mode="wrap")
    def _as_before_they_came(
        self, handler: SerializerFunctionWrapHandler
    ) -> dict[str, Any]:
        # Keys and saved options are older than these: unset, they are not in them.
        unset = {name for name in self.YOUNGER if getattr(self, name) is None}
        return {k: v for k, v in handler(self).items() if k not in unset}

    def sight(self, pictures: Tensor) -> Tensor:
        """What the network is given of (n, 3, S, S) pictures: at the input size."""
        return seen(pictures, self.input_size, self.see_size)

    @property
    def loss_weights(self) -> LossWeights:
        """The weights of the loss."""
        return LossWeights(
            self.continuous_weight, self.discrete_weight, self.sce_alpha, self.sce_beta
        )

    @property
    def recipe(self) -> Recipe:
        """How long and how fast to learn."""
        return Recipe(
            self.steps, self.learning_rate, self.schedule, self.checkpoint_steps
        )
