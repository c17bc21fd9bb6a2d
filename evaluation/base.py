"""What a metric is: its full identity, and a score over predicted and true avatars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars import AvatarVectors


class MetricError(ValueError):
    """Input of a wrong shape, type or range; the message says which."""


@dataclass(frozen=True)
class Cases:
    """n held-out faces of one trial: predictions beside truths.

    Renders are (n, S, S, 3) uint8; part maps (n, S, S) uint8 and the pixels of facial
    hair (n, S, S) bool, each None where the engine has none.
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
    """What a metric is made with, decided at plan time: weight files and device."""

    weights: Mapping[str, Path] = field(default_factory=dict)
    device: str = "cpu"


@dataclass(frozen=True)
class MetricMeta:
    """A metric declared as data.

    `identity` is everything that a number depends on (LPIPS: net, version, size,
    range). `level` says whether there is a score a case or one over the set.
    `needs` names weight files; without them the metric's column is empty.
    """

    name: str
    title: str
    unit: str
    direction: Literal["lower", "higher"]
    level: Literal["case", "set"]
    identity: Mapping[str, str | int | float]
    needs: tuple[str, ...] = ()


@runtime_checkable
class Metric(Protocol):
    """A judge."""

    meta: ClassVar[MetricMeta]

    def __init__(self, setup: MetricSetup) -> None: ...

    def score(self, cases: Cases) -> NDArray[np.float64]:
        """(n,) float64 for a case metric, (1,) for a set metric.

        NaN where nothing applies (no active parameter, no pixels of the part). Raises
        MetricError for wrong shapes and ranges.
        """
        ...
