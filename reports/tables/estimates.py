"""Scores with confidence intervals, and which rows are best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.draws import resample_counts
from evaluation.parameters import MacroF1, resampled_macro_f1
from evaluation.statistics import (
    MIN_FACES,
    Comparison,
    Interval,
    best_or_equal,
    compare,
    face_means,
    mean_interval,
    ratio_interval,
    resampled_interval,
    resampled_p,
)
from reports.tables import wording
from reports.trials import ReportedVariant, Run, Trial

SET_RESAMPLES = 1999


@dataclass(frozen=True)
class ScoreKey:
    """Which score: one engine, one split, one designer's ground truth.

    `part` selects one part of the faces, such as "shifted"; None means all faces.
    """

    engine: str
    split: str
    designer: str
    part: str | None = None


@dataclass(frozen=True, eq=False)
class Estimate:
    """One variant's score for one ScoreKey.

    `faces` holds the per-face values of a case metric (index: face, seeds averaged),
    `resampled` the (R,) bootstrap values of a set metric. The other one is empty.
    """

    interval: Interval
    faces: pd.Series
    resampled: NDArray[np.float64]

    def against(self, other: Estimate) -> Comparison:
        """Paired comparison, this minus the other, over the faces that both have."""
        if len(self.faces):
            return compare(self.faces, other.faces)
        value = self.interval.mean - other.interval.mean
        if not len(self.resampled):
            none = Interval(value, np.nan, np.nan, self.interval.n, "none")
            return Comparison(none, float("nan"), float("nan"))
        difference = self.resampled - other.resampled
        interval = resampled_interval(value, difference, self.interval.n)
        return Comparison(interval, resampled_p(difference), float("nan"))


def share_of_way(
    start: Estimate, end: Estimate, reached: Estimate, direction: str
) -> Interval | None:
    """(start - reached) / (start - end), over the faces that all three have.

    1 means that `reached` is as good as `end`. None if `end` is not better than `start`
    with an interval that excludes 0, or if a score has no per-face values.
    """
    if not (len(start.faces) and len(end.faces) and len(reached.faces)):
        return None
    way = end.against(start).difference
    if not way.excludes_zero or (way.mean < 0) != (direction == "lower"):
        return None
    columns = pd.concat([start.faces, end.faces, reached.faces], axis=1, join="inner")
    first, last, here = columns.to_numpy(dtype=np.float64).T
    return ratio_interval(first - here, first - last)


@lru_cache(maxsize=4096)
def _interval(values: tuple[float, ...]) -> Interval:
    # Cached because several tables show the same scores.
    return mean_interval(np.array(values))


def estimate(
    run: Run, variant: str, metric: Mapping[str, Any], key: ScoreKey
) -> Estimate | None:
    """A variant's score; None if the metric was skipped or no trial finished."""
    # Cached because several tables and figures show the same scores.
    asked = (variant, metric["name"], metric["skipped"], metric["level"], key)
    if asked not in run.estimates:
        run.estimates[asked] = _estimate(run, variant, metric, key)
    return run.estimates[asked]


def _estimate(
    run: Run, variant: str, metric: Mapping[str, Any], key: ScoreKey
) -> Estimate | None:
    trials = run.finished_trials(variant, key.engine)
    if metric["skipped"] is not None or not trials:
        return None
    if metric["level"] == "case":
        return _case_estimate(trials, metric["name"], key)
    return _set_estimate(trials, metric["name"], key)


def _case_estimate(
    trials: Sequence[Trial], metric: str, key: ScoreKey
) -> Estimate | None:
    scores = pd.concat([t.scores(key.split, key.designer) for t in trials])
    if key.part is not None:
        scores = scores.loc[scores["part"] == key.part]
    faces = face_means(scores, metric)
    if not len(faces):
        return None
    return Estimate(_interval(tuple(faces)), faces, np.empty(0))


def _set_estimate(
    trials: Sequence[Trial], metric: str, key: ScoreKey
) -> Estimate | None:
    scored = f"{key.split}/{key.designer}"
    values = [trial.record["set_scores"][scored].get(metric) for trial in trials]
    if key.part is not None or any(value is None for value in values):
        return None
    value = float(np.mean(values))
    count = len(trials[0].scores(key.split, key.designer))
    nothing = pd.Series(dtype=np.float64)
    if metric != MacroF1.meta.name:
        none = Interval(value, np.nan, np.nan, count, "none")
        return Estimate(none, nothing, np.empty(0))
    # The same draws for every variant make the differences paired.
    counts = resample_counts(count, SET_RESAMPLES)
    seeds = [
        resampled_macro_f1(*trial.vectors(key.split, key.designer), counts)
        for trial in trials
    ]
    resampled = np.mean(seeds, axis=0)
    return Estimate(resampled_interval(value, resampled, count), nothing, resampled)


def estimates(
    run: Run, metric: Mapping[str, Any], key: ScoreKey
) -> dict[str, Estimate | None]:
    """The estimates of all variants, by name."""
    return {c.name: estimate(run, c.name, metric, key) for c in run.variants}


def best_rows(
    variants: Sequence[ReportedVariant],
    found: Mapping[str, Estimate | None],
    metric: Mapping[str, Any],
) -> frozenset[str]:
    """Names of the best variant and of all that are not significantly worse.

    A variant whose mean is printed as the best one's is among them. Oracles are not
    ranked. With too few faces for a test only the best mean, as printed, counts.
    """
    rivals = _ranked(variants, found)
    sign = -1 if metric["direction"] == "lower" else 1

    def p_value(other: str, best: str) -> float:
        if rivals[other].interval.n < MIN_FACES:
            return float("nan")
        return rivals[other].against(rivals[best]).p

    scores = {name: sign * e.interval.mean for name, e in rivals.items()}
    return best_or_equal(scores, p_value) | leading_rows(variants, found, metric)


def leading_rows(
    variants: Sequence[ReportedVariant],
    found: Mapping[str, Estimate | None],
    metric: Mapping[str, Any],
) -> frozenset[str]:
    """Names of the variants with the best mean, as printed; oracles are not ranked."""
    sign = -1 if metric["direction"] == "lower" else 1
    printed = {
        name: sign * round(e.interval.mean, wording.decimals_of(metric))
        for name, e in _ranked(variants, found).items()
    }
    highest = max(printed.values(), default=np.nan)
    return frozenset(name for name, score in printed.items() if score == highest)


def _ranked(
    variants: Sequence[ReportedVariant], found: Mapping[str, Estimate | None]
) -> dict[str, Estimate]:
    return {
        c.name: e
        for c in variants
        if c.role != "oracle"
        and (e := found[c.name]) is not None
        and np.isfinite(e.interval.mean)
    }
