"""Perceptual colour difference of skin and hair between prediction and truth."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars.colour import ciede2000, srgb_to_lab
from benchmark.avatars.part_classes import PART_IDS
from evaluation.base import Cases, EngineNeed, MetricMeta, MetricSetup
from evaluation.checks import check_cases

MIN_SHARE = 0.001
"""A part must cover this share of the picture (66 pixels at 256 px) to be scored."""


class PartDifference:
    """CIEDE2000 between the mean colours of one part in prediction and ground truth.

    The means are taken in CIELAB (D65) over the part's pixels. The score is NaN if the
    part covers less than MIN_SHARE of either picture, as hair of a bald head does, and
    for engines without part maps.
    """

    engine_needs: ClassVar[EngineNeed] = "part maps"
    meta: ClassVar[MetricMeta]
    part: ClassVar[str]

    def __init__(self, setup: MetricSetup) -> None:
        """Nothing to set up."""

    def score(self, cases: Cases) -> NDArray[np.float64]:
        """Return (n,) colour differences: 0 for equal, about 1 is just noticeable."""
        check_cases(cases)
        if cases.predicted_parts is None or cases.truth_parts is None:
            return np.full(len(cases.truth), np.nan)
        part = PART_IDS[self.part]
        predicted = _mean_colours(cases.predicted_renders, cases.predicted_parts, part)
        truth = _mean_colours(cases.truth_renders, cases.truth_parts, part)
        shown = np.isfinite(predicted).all(axis=1) & np.isfinite(truth).all(axis=1)
        scores = np.full(shown.size, np.nan)
        scores[shown] = ciede2000(predicted[shown], truth[shown])
        return scores


class SkinDifference(PartDifference):
    """CIEDE2000 of the mean skin colour."""

    part = "skin"
    meta = MetricMeta(
        name="skin-ciede2000",
        title="Skin ΔE",
        unit="CIEDE2000",
        direction="lower",
        level="case",
        identity={"version": "1", "part": "skin", "mean": "CIELAB D65"},
    )


class HairDifference(PartDifference):
    """CIEDE2000 of the mean hair colour."""

    part = "hair"
    meta = MetricMeta(
        name="hair-ciede2000",
        title="Hair ΔE",
        unit="CIEDE2000",
        direction="lower",
        level="case",
        identity={"version": "1", "part": "hair", "mean": "CIELAB D65"},
    )


def _mean_colours(
    renders: NDArray[np.uint8], parts: NDArray[np.uint8], part: int
) -> NDArray[np.float64]:
    """(n, 3) mean CIELAB colours of the part; NaN where it is too small."""
    means = np.full((len(renders), 3), np.nan)
    for row, (render, ids) in enumerate(zip(renders, parts, strict=True)):
        mask = ids == part
        if mask.sum() >= MIN_SHARE * mask.size:
            means[row] = srgb_to_lab(render[mask]).mean(axis=0)
    return means
