"""Baseline: the estimator trained on engine renders alone, blind to the domain gap."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from methods.base import FitContext, MethodMeta
from methods.estimator.estimation import EstimatorMethod
from methods.estimator.examples import Pairs
from methods.estimator.options import EstimatorOptions
from methods.networks.backbones import WEIGHT_FILES
from methods.shared.renders import foreseen_renders, training_renders
from methods.shared.stage_estimate import Foreseen


class BaselineOptions(EstimatorOptions):
    """Options of the estimator, and which renders to train on.

    Attributes:
        samples: how many (the paper: 50,000).
        absent: share of them in which each optional part, such as glasses, is absent;
            None draws every option equally often, as the paper does.
    """

    YOUNGER: ClassVar[tuple[str, ...]] = (*EstimatorOptions.YOUNGER, "absent")

    samples: int = Field(50_000, ge=1)
    absent: float | None = Field(None, ge=0, le=1)


class Baseline(EstimatorMethod):
    """Trained on (render, vector) pairs of random vectors.

    The Baseline of the SwiftAvatar paper, section 4.2 and first row of Table 3.
    """

    meta: ClassVar[MethodMeta] = MethodMeta(
        name="baseline",
        title="Baseline",
        version="1.0",
        paper="SwiftAvatar (Wang et al., AAAI 2023), section 4.2",
        licence="Apache-2.0",
        needs=tuple(WEIGHT_FILES.values()),
    )
    Options = BaselineOptions

    def __init__(self, options: BaselineOptions) -> None:
        super().__init__(options)
        self.samples, self.absent = options.samples, options.absent

    def before(self, context: FitContext) -> tuple[tuple[Foreseen, ...], str]:
        """The renders."""
        renders = foreseen_renders(
            context.engine,
            self.samples,
            self.options.input_size,
            context.seed,
            self.absent,
        )
        return (renders,), renders.stage.key

    def pairs(self, context: FitContext) -> Pairs:
        """Random avatars of the engine, rendered at the input size."""
        renders = training_renders(
            context.engine,
            self.samples,
            self.options.input_size,
            context.seed,
            context.store,
            context.progress,
            self.absent,
        )
        return Pairs(renders.pictures, renders.vectors, renders.digest)
