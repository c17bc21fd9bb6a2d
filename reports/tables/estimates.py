"""From trials to estimates: scores with intervals, and which rows are really better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.parameters import MacroF1, resampled_macro_f1
from evaluation.statistics import (
    MIN_FACES,
    Comparison,
    Interval,
    compare,
    face_means,
    holm,
    mean_interval,
    ratio_interval,
    resample_counts,
    resampled_interval,
    resampled_p,
)
from reports.trials import Contestant, Run, Trial

ALPHA = 0.05
SET_RESAMPLES = 1999


@dataclass(frozen=True)
class ScoreKey:
    """Where a score was taken: an engine's faces of a split under a designer."""

    engine: str
    split: str
    designer: str
    part: str | None = None


@dataclass(frozen=True, eq=False)
class Estimate:
    """A row's score on one place.

    `faces` holds per-face values of a case metric (index: face, seeds averaged);
    `resampled` (R,) values of a set metric; the other one is empty.
    """

    interval: Interval
    faces: pd.Series
    resampled: NDArray[np.float64]

    def against(self, other: Estimate) -> Comparison:
        """Paired comparison, this minus the other, over the faces both have."""
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
    """How much of the way from `start` to `end` a row goes; 1 is all of it.

    Over the faces that all three have. None where `end` is not better than `start` with
    an interval that excludes 0, or where a score has no values by face.
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
    """Equal columns of values come up again in several tables."""
    return mean_interval(np.array(values))


def estimate(
    run: Run, variant: str, metric: Mapping[str, Any], place: ScoreKey
) -> Estimate | None:
    """A row's score; None where the metric is skipped or no trial finished."""
    trials = run.done(variant, place.engine)
    if metric["skipped"] is not None or not trials:
        return None
    if metric["level"] == "case":
        return _case_estimate(trials, metric["name"], place)
    return _set_estimate(trials, metric["name"], place)


def _case_estimate(
    trials: Sequence[Trial], metric: str, place: ScoreKey
) -> Estimate | None:
    scores = pd.concat([t.scores(place.split, place.designer) for t in trials])
    if place.part is not None:
        scores = scores.loc[scores["part"] == place.part]
    faces = face_means(scores, metric)
    if not len(faces):
        return None
    return Estimate(_interval(tuple(faces)), faces, np.empty(0))


def _set_estimate(
    trials: Sequence[Trial], metric: str, place: ScoreKey
) -> Estimate | None:
    key = f"{place.split}/{place.designer}"
    values = [trial.record["set_scores"][key].get(metric) for trial in trials]
    if place.part is not None or any(value is None for value in values):
        return None
    value = float(np.mean(values))
    count = len(trials[0].scores(place.split, place.designer))
    nothing = pd.Series(dtype=np.float64)
    if metric != MacroF1.meta.name:
        none = Interval(value, np.nan, np.nan, count, "none")
        return Estimate(none, nothing, np.empty(0))
    # The same draws for every row, so that differences of rows are paired.
    counts = resample_counts(count, SET_RESAMPLES)
    seeds = [
        resampled_macro_f1(*trial.vectors(place.split, place.designer), counts)
        for trial in trials
    ]
    resampled = np.mean(seeds, axis=0)
    return Estimate(resampled_interval(value, resampled, count), nothing, resampled)


def estimates(
    run: Run, metric: Mapping[str, Any], place: ScoreKey
) -> dict[str, Estimate | None]:
    """Every row's estimate by the variant's name."""
    return {c.name: estimate(run, c.name, metric, place) for c in run.contestants}


def best_rows(
    contestants: Sequence[Contestant],
    found: Mapping[str, Estimate | None],
    direction: str,
) -> frozenset[str]:
    """The best row and all that are not significantly worse (Holm over the column).

    Oracle rows do not compete. With too few faces for a test only the best counts.
    """
    rivals = {
        c.name: e
        for c in contestants
        if c.role != "oracle" and (e := found[c.name]) is not None
    }
    if not rivals:
        return frozenset()
    sign = 1 if direction == "lower" else -1
    best = min(rivals, key=lambda name: sign * rivals[name].interval.mean)
    others = [name for name in rivals if name != best]
    p_values = holm([_p(rivals[name], rivals[best]) for name in others])
    level = {n for n, p in zip(others, p_values, strict=True) if p >= ALPHA}
    return frozenset({best} | level)


def _p(one: Estimate, best: Estimate) -> float:
    if one.interval.n < MIN_FACES:
        return float("nan")
    return one.against(best).p
