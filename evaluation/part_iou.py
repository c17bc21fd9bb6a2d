"""Overlap of the areas of hair, beard and glasses with the ground truth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars.part_classes import PART_IDS
from evaluation.base import Cases, EngineNeed, MetricMeta, MetricSetup
from evaluation.checks import check_cases

Masks = NDArray[np.bool_]
"""(n, S, S) bool: the pixels of one part."""


class PartIou:
    """Mean intersection over union of hair, beard and glasses, in [0, 1].

    The mean is over the parts that the prediction or the ground truth shows. A part
    that only one of them shows counts as 0. If neither shows any of the three, the
    score is 1. Beards are left out for engines that do not map them. The score is NaN
    for engines without part maps.
    """

    engine_needs: ClassVar[EngineNeed] = "part maps"
    meta: ClassVar[MetricMeta] = MetricMeta(
        name="part-iou",
        title="Part IoU",
        unit="intersection over union",
        direction="higher",
        level="case",
        identity={
            "version": "1",
            "parts": "hair, beard, glasses",
            "mean": "parts that either avatar shows",
        },
    )

    def __init__(self, setup: MetricSetup) -> None:
        """Nothing to set up."""

    def score(self, cases: Cases) -> NDArray[np.float64]:
        """Return (n,) scores in [0, 1]; 1 for equal areas."""
        check_cases(cases)
        found = [_iou(*masks) for masks in _masks(cases)]
        if not found:
            return np.full(len(cases.truth), np.nan)
        each = np.stack(found)
        shown = np.isfinite(each)
        total = np.where(shown, each, 0).sum(axis=0)
        count = shown.sum(axis=0)
        return np.where(count > 0, total / np.maximum(count, 1), 1.0)


def _masks(cases: Cases) -> Iterator[tuple[Masks, Masks]]:
    """Predicted and ground-truth pixels of each part that the engine maps."""
    if cases.predicted_parts is None or cases.truth_parts is None:
        return
    for part in ("hair", "glasses"):
        part_id = PART_IDS[part]
        yield cases.predicted_parts == part_id, cases.truth_parts == part_id
    if cases.predicted_beards is not None and cases.truth_beards is not None:
        yield cases.predicted_beards, cases.truth_beards


def _iou(predicted: Masks, truth: Masks) -> NDArray[np.float64]:
    """(n,) intersections over unions; NaN where both masks are empty."""
    both = (predicted & truth).sum(axis=(1, 2), dtype=np.float64)
    either = (predicted | truth).sum(axis=(1, 2), dtype=np.float64)
    return np.divide(both, either, out=np.full(len(either), np.nan), where=either > 0)
