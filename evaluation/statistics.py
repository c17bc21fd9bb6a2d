"""Confidence intervals over faces, paired tests and Holm's correction."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Literal, TypeVar, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from evaluation.draws import (
    FEW_FACES,
    SEED,
    flipped_sums,
    resample_counts,
    resampled_means,
)

LEVEL = 0.95
ALPHA = 0.05
RESAMPLES = 4999
MIN_FACES = 5
"""With fewer faces no interval is given: four values are too few to resample."""
JACKKNIFE_ROWS = 500
"""Rows of the jackknife that are in memory at the same time."""
EXACT_UP_TO = 12
"""Up to this many nonzero differences the sign-flip test is exact."""

Kind = Literal["bca", "percentile", "constant", "too few faces", "none"]
Name = TypeVar("Name", bound=Hashable)


@dataclass(frozen=True)
class Interval:
    """A mean over n faces with its 95 % bootstrap interval.

    `kind` says how the interval was computed:
    `bca` (the usual case); `percentile` where BCa is undefined; `constant` where all
    values are equal (low = high = mean); `too few faces` and `none` (a score over the
    set that cannot be resampled), where low and high are NaN.
    """

    mean: float
    low: float
    high: float
    n: int
    kind: Kind

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval lies on one side of 0; False without an interval."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Comparison:
    """Paired difference of two rows (first minus second) over the faces both have.

    `p` is the two-sided p-value of the sign-flip permutation test of the mean
    difference. `effect` is the matched-pairs rank-biserial correlation in [-1, 1].
    """

    difference: Interval
    p: float
    effect: float


def face_means(scores: pd.DataFrame, metric: str) -> pd.Series:
    """Mean of `metric` over seeds for each face (the index); NaN faces are dropped.

    `scores` has a column `face` and one row for each seed and face.
    """
    means = cast("pd.Series", scores.groupby("face", sort=True)[metric].mean())
    return means.dropna().astype(np.float64)


def mean_interval(values: NDArray[np.float64], resamples: int = RESAMPLES) -> Interval:
    """Mean of (n,) values, one for each face, with its BCa bootstrap interval.

    The resampling is seeded. Raises ValueError if a value is not finite.
    """
    values = np.asarray(values, dtype=np.float64)
    if not np.isfinite(values).all():
        raise ValueError("an interval needs finite values; drop undefined faces first")
    if not len(values):
        return Interval(np.nan, np.nan, np.nan, 0, "too few faces")
    mean = float(values.mean())
    if len(values) < MIN_FACES:
        return Interval(mean, np.nan, np.nan, len(values), "too few faces")
    if np.ptp(values) == 0:
        return Interval(mean, mean, mean, len(values), "constant")
    return _bootstrap(values, mean, resamples)


def compare(
    first: pd.Series, second: pd.Series, resamples: int = RESAMPLES
) -> Comparison:
    """Compare two series of per-face values (index: face) over the faces both have."""
    one, other = first.align(second, join="inner")
    difference = (one - other).dropna().to_numpy(dtype=np.float64)
    return Comparison(
        mean_interval(difference, resamples),
        sign_flip_p(difference, resamples),
        rank_biserial(difference),
    )


def resampled_interval(
    value: float, resampled: NDArray[np.float64], faces: int
) -> Interval:
    """Percentile interval of a score over the set, from its (R,) resampled values."""
    finite = resampled[np.isfinite(resampled)]
    if faces < MIN_FACES or not len(finite):
        return Interval(value, np.nan, np.nan, faces, "too few faces")
    tail = 50 * (1 - LEVEL)
    low, high = np.percentile(finite, [tail, 100 - tail])
    return Interval(value, float(low), float(high), faces, "percentile")


def resampled_p(differences: NDArray[np.float64]) -> float:
    """Two-sided bootstrap p-value of (R,) resampled differences; NaN for none."""
    finite = differences[np.isfinite(differences)]
    if not len(finite):
        return float("nan")
    tail = min((finite <= 0).sum(), (finite >= 0).sum())
    return float(min(1.0, 2 * (tail + 1) / (len(finite) + 1)))


def ratio_interval(parts: NDArray[np.float64], wholes: NDArray[np.float64]) -> Interval:
    """Ratio mean(parts) / mean(wholes) of two (n,) columns, with its interval.

    A row is a face. Each resample draws the same faces for both columns; resamples with
    a denominator of 0 are dropped. The interval is a percentile interval. Use it only
    if the mean of `wholes` is clearly not 0.
    """
    counts = resample_counts(len(parts), RESAMPLES)
    top, bottom = (counts @ column / len(parts) for column in (parts, wholes))
    resampled = np.full(len(top), np.nan)
    np.divide(top, bottom, out=resampled, where=bottom != 0)
    ratio = float(parts.mean() / wholes.mean())
    return resampled_interval(ratio, resampled, len(parts))


def seeds_interval(
    first: pd.DataFrame, second: pd.DataFrame, resamples: int = RESAMPLES
) -> Interval:
    """Difference of two means (first minus second) over faces and training seeds.

    Unlike `compare`, the percentile interval also covers the training seed. Each
    resample draws the same faces for both tables, and seeds for each table separately,
    since seeds of two methods are unrelated. With few seeds the interval is rough and
    tends to be too narrow.

    Args:
        first: one row for each face (the index), one column for each seed, no NaN.
        second: the same for the other method; only faces in both tables count.
        resamples: number of bootstrap resamples.

    Raises:
        ValueError: if either table has fewer than two seeds.
    """
    if min(first.shape[1], second.shape[1]) < 2:
        raise ValueError(
            "an interval over seeds needs at least two seeds in each table"
        )
    one, other = first.align(second, join="inner", axis=0)
    counts = resample_counts(len(one), resamples)
    rng = np.random.default_rng(SEED + 1)
    resampled = np.zeros(resamples)
    for sign, table in ((1, one), (-1, other)):
        values, seeds = table.to_numpy(dtype=np.float64), table.shape[1]
        drawn = rng.multinomial(seeds, np.full(seeds, 1 / seeds), size=resamples)
        by_seed = counts @ values / max(len(values), 1)
        resampled += sign * (by_seed * drawn).sum(axis=1) / seeds
    value = float(one.to_numpy().mean() - other.to_numpy().mean()) if len(one) else 0.0
    return resampled_interval(value, resampled, len(one))


def sign_flip_p(differences: NDArray[np.float64], resamples: int = RESAMPLES) -> float:
    """Two-sided p-value of the sign-flip permutation test of a mean difference of 0.

    With up to EXACT_UP_TO nonzero differences all sign patterns are counted. Otherwise
    patterns are drawn, and the observed one is counted as one of them (Phipson and
    Smyth 2010), so p is never 0. NaN for no differences, 1 if all are 0.
    """
    if not len(differences):
        return float("nan")
    nonzero = differences[differences != 0]
    if not len(nonzero):
        return 1.0
    # The tolerance keeps rounding from excluding patterns equal to the observed one.
    observed = abs(nonzero.sum()) * (1 - 1e-12)
    if len(nonzero) <= EXACT_UP_TO:
        patterns = np.arange(2 ** len(nonzero))[:, None] >> np.arange(len(nonzero))
        return float((np.abs((1 - 2.0 * (patterns & 1)) @ nonzero) >= observed).mean())
    extreme = int((np.abs(flipped_sums(nonzero, resamples)) >= observed).sum())
    return (extreme + 1) / (resamples + 1)


def rank_biserial(differences: NDArray[np.float64]) -> float:
    """Matched-pairs rank-biserial correlation (Kerby 2014); zeros are left out."""
    nonzero = differences[differences != 0]
    if not len(nonzero):
        return float("nan") if not len(differences) else 0.0
    ranks = stats.rankdata(np.abs(nonzero))
    return float((np.sign(nonzero) * ranks).sum() / ranks.sum())


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values after Holm's step-down correction; NaN values are not counted."""
    p = np.asarray(p_values, dtype=np.float64)
    corrected = np.full(len(p), np.nan)
    order = [index for index in np.argsort(p, kind="stable") if np.isfinite(p[index])]
    highest = 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, p[index] * (len(order) - rank)))
        corrected[index] = highest
    return corrected.tolist()


def best_or_equal(
    scores: Mapping[Name, float], p_value: Callable[[Name, Name], float]
) -> frozenset[Name]:
    """The name with the highest score, and all that are not significantly worse.

    `p_value(other, best)` is the p-value of a comparison with the best one. The values
    are Holm-corrected and tested at ALPHA; a name with a NaN p-value is left out,
    unless its score equals the highest one. Empty without scores.
    """
    if not scores:
        return frozenset()
    best = max(scores, key=lambda name: scores[name])
    others = [name for name in scores if name != best]
    p_values = holm([p_value(other, best) for other in others])
    equal = {
        name
        for name, p in zip(others, p_values, strict=True)
        if p >= ALPHA or scores[name] == scores[best]
    }
    return frozenset({best} | equal)


def _bootstrap(values: NDArray[np.float64], mean: float, resamples: int) -> Interval:
    means = resampled_means(values, resamples)
    if len(values) > FEW_FACES:
        low, high = _bca_interval(values, mean, means)
        if np.isfinite(low) and np.isfinite(high):
            return Interval(mean, low, high, len(values), "bca")
        return resampled_interval(mean, means, len(values))
    kinds: tuple[Literal["bca", "percentile"], ...] = ("bca", "percentile")
    # scipy adds no resamples to these, and reads nothing but the distribution.
    drawn = SimpleNamespace(bootstrap_distribution=means)
    for kind in kinds:
        with warnings.catch_warnings():
            # A degenerate BCa interval is NaN, which is handled below.
            warnings.simplefilter("ignore")
            result = stats.bootstrap(
                (values,),
                np.mean,
                n_resamples=0,
                batch=JACKKNIFE_ROWS,
                confidence_level=LEVEL,
                method=kind,
                bootstrap_result=cast("Any", drawn),
            )
        low, high = result.confidence_interval
        if np.isfinite(low) and np.isfinite(high):
            return Interval(mean, float(low), float(high), len(values), kind)
    raise AssertionError("percentile intervals of finite values are finite")


def _bca_interval(
    values: NDArray[np.float64], mean: float, means: NDArray[np.float64]
) -> tuple[float, float]:
    """The BCa interval of scipy's bootstrap of a mean; NaN where it is undefined.

    scipy computes each mean of the jackknife from all values, which takes n² steps.
    """
    below = ((means < mean).mean() + (means <= mean).mean()) / 2
    bias = stats.norm.ppf(below)
    # Leaving value i out changes the mean by a multiple of this.
    pulls = values - mean
    skewness = (pulls**3).sum() / (pulls**2).sum() ** 1.5 / 6
    tails = stats.norm.ppf([(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    shifted = bias + tails
    ranks = stats.norm.cdf(bias + shifted / (1 - skewness * shifted))
    if not np.isfinite(ranks).all():
        return float("nan"), float("nan")
    low, high = np.percentile(means, 100 * ranks)
    return float(low), float(high)
