"""The metric protocol: declared data, and a score against ground truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, get_args, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars import AvatarVectors


class MetricError(ValueError):
    """Input of a wrong shape, type or range, or weights that cannot be used."""


@dataclass(frozen=True)
class Cases:
    """Predictions for n faces of one trial, with the ground truth.

    Attributes:
        predicted, truth: n avatar vectors of one engine.
        predicted_renders, truth_renders: (n, S, S, 3) uint8.
        predicted_parts, truth_parts: (n, S, S) uint8 part classes; None if the engine
            has no part maps.
        predicted_beards, truth_beards: (n, S, S) bool pixels of facial hair; None if
            the engine does not map them.
    """

    predicted: AvatarVectors
    truth: AvatarVectors
    predicted_renders: NDArray[np.uint8]
    truth_renders: NDArray[np.uint8]
    predicted_parts: NDArray[np.uint8] | None = None
    truth_parts: NDArray[np.uint8] | None = None
    predicted_beards: NDArray[np.bool_] | None = None
    truth_beards: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class MetricSetup:
    """A metric's weight files by name, and its torch device."""

    weights: Mapping[str, Path] = field(default_factory=dict)
    device: str = "cpu"


Direction = Literal["lower", "higher"]
Level = Literal["case", "set"]
EngineNeed = Literal["part maps", "continuous parameters", "discrete parameters"]
"""What a metric may need of an engine; see `Metric`."""


@dataclass(frozen=True)
class MetricMeta:
    """A metric declared as data.

    Attributes:
        name: the name in suites.
        title: the name in tables.
        unit: the unit of a score.
        direction: whether lower or higher scores are better.
        level: "case" for a score for each face, "set" for one score over all faces.
        identity: every setting that the score depends on, such as LPIPS's network,
            version, input size and range.
        needs: names of weight files; without them the metric is skipped.
    """

    name: str
    title: str
    unit: str
    direction: Direction
    level: Level
    identity: Mapping[str, str | int | float]
    needs: tuple[str, ...] = ()


@runtime_checkable
class Metric(Protocol):
    """Scores predictions against ground truth.

    A metric that is undefined for some engines may name what it needs of them as a
    class attribute `engine_needs`, an EngineNeed. Messages then say it.
    """

    meta: ClassVar[MetricMeta]

    def __init__(self, setup: MetricSetup) -> None: ...

    def score(self, cases: Cases) -> NDArray[np.float64]:
        """Return (n,) float64 for a case metric, (1,) for a set metric.

        NaN where the score is undefined, for instance without an active parameter or
        without pixels of the part. Raises MetricError for wrong shapes and ranges.
        """
        ...


def metric_problems(metric: Any) -> list[str]:
    """One sentence for each part of the contract that a metric class lacks.

    Nothing is scored.
    """
    problems: list[str] = []
    meta = getattr(metric, "meta", None)
    if not isinstance(meta, MetricMeta):
        problems.append("meta must be a MetricMeta")
    else:
        for key, choices in (("direction", Direction), ("level", Level)):
            if getattr(meta, key) not in get_args(choices):
                words = " or ".join(get_args(choices))
                problems.append(f"meta.{key} must be {words}")
    if not callable(metric):
        problems.append("it must be a class that is called with a MetricSetup")
    if not callable(getattr(metric, "score", None)):
        problems.append("it has no function score(cases)")
    return problems
