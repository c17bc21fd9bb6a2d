"""Baseline: the avatar estimator trained on engine renders only."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from methods.base import FitContext, MethodMeta
from methods.estimator.estimation import EstimatorMethod, planned_training
from methods.estimator.examples import Pairs
from methods.estimator.options import EstimatorOptions
from methods.estimator.render_pairs import render_pairs, render_pairs_stage
from methods.networks.backbones import WEIGHT_FILES
from methods.planning import PlannedStage, planned_renders


class BaselineOptions(EstimatorOptions):
    """Options of the estimator and of its training renders.

    Attributes:
        samples: number of renders (paper: 50,000 for the TikTok engine).
        absent: share of renders in which each optional part but hair, such as glasses,
            is absent; None draws every option equally often, as the paper does.
    """

    NEWER: ClassVar[frozenset[str]] = EstimatorOptions.NEWER | {"absent"}

    samples: int = Field(50_000, ge=1)
    absent: float | None = Field(None, ge=0, le=1)


class Baseline(EstimatorMethod):
    """The avatar estimator trained on pairs of renders and random vectors.

    It ignores the domain gap between faces and renders: the "Baseline" of SwiftAvatar,
    section 4.1, and the first row of its Tables 1 and 3.
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

    def planned_stages(self, context: FitContext) -> tuple[PlannedStage, ...]:
        """The renders and the training."""
        renders = render_pairs_stage(
            self.samples, self.options.input_size, self.absent, context
        )
        training = planned_training(
            context.engine.spec, renders.key, self.options, context
        )
        return planned_renders(renders), training

    def pairs(self, context: FitContext) -> Pairs:
        """Pairs of random avatars of the engine, rendered at the input size."""
        size = self.options.input_size
        return render_pairs(self.samples, size, self.absent, context)
