"""Uncertainty: intervals over faces, paired comparisons, Holm's correction."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

LEVEL = 0.95
RESAMPLES = 4999
SEED = 0
MIN_FACES = 5
"""With fewer faces no interval is given: resampling four values says little."""
EXACT_UP_TO = 12
"""Up to this many nonzero differences every sign pattern is counted."""

Kind = Literal["bca", "percentile", "constant", "too few faces", "none"]


@dataclass(frozen=True)
class Interval:
    """A mean over n faces with its 95 % bootstrap interval and how that was made.

    `kind`: `bca` as a rule; `percentile` where the acceleration is undefined;
    `constant` where all values agree (low = high = mean); `too few faces` leaves low
    and high NaN, as does `none`, for a score over the set that cannot be resampled.
    """

    mean: float
    low: float
    high: float
    n: int
    kind: Kind

    @property
    def excludes_zero(self) -> bool:
        """Whether all of the interval lies on one side of 0; False without interval."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Comparison:
    """Paired difference of two rows (first minus second) over the faces both have.

    `p` is the two-sided sign-flip permutation p of the mean difference; `effect` the
    matched-pairs rank-biserial correlation in [-1, 1].
    """

    difference: Interval
    p: float
    effect: float


def face_means(scores: pd.DataFrame, metric: str) -> pd.Series:
    """Mean of `metric` for each face, its seeds averaged first; NaN faces left out.

    `scores` has a column `face` and one row a seed and face.
    """
    means = cast("pd.Series", scores.groupby("face", sort=True)[metric].mean())
    return means.dropna().astype(np.float64)


def mean_interval(values: NDArray[np.float64], resamples: int = RESAMPLES) -> Interval:
    """Mean of (n,) values, one a face, with its BCa bootstrap interval (seeded).

    Raises ValueError where a value is not finite: say first which faces count.
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
    """Compare two series of per-face values (index: face) on the faces they share."""
    one, other = first.align(second, join="inner")
    difference = (one - other).dropna().to_numpy(dtype=np.float64)
    return Comparison(
        mean_interval(difference, resamples),
        sign_flip_p(difference, resamples),
        rank_biserial(difference),
    )


def resample_counts(faces: int, resamples: int = RESAMPLES) -> NDArray[np.int64]:
    """(resamples, faces): how often each face is drawn; the same every time."""
    rng = np.random.default_rng(SEED)
    return rng.multinomial(faces, np.full(faces, 1 / faces), size=resamples)


def resampled_interval(
    value: float, resampled: NDArray[np.float64], faces: int
) -> Interval:
    """Percentile interval of a score over the set from its (R,) resampled values."""
    finite = resampled[np.isfinite(resampled)]
    if faces < MIN_FACES or not len(finite):
        return Interval(value, np.nan, np.nan, faces, "too few faces")
    tail = 50 * (1 - LEVEL)
    low, high = np.percentile(finite, [tail, 100 - tail])
    return Interval(value, float(low), float(high), faces, "percentile")


def resampled_p(differences: NDArray[np.float64]) -> float:
    """Two-sided bootstrap p of difference 0 from its (R,) resampled values."""
    finite = differences[np.isfinite(differences)]
    if not len(finite):
        return float("nan")
    tail = min((finite <= 0).sum(), (finite >= 0).sum())
    return float(min(1.0, 2 * (tail + 1) / (len(finite) + 1)))


def ratio_interval(parts: NDArray[np.float64], wholes: NDArray[np.float64]) -> Interval:
    """Ratio of the means of two (n,) columns, one row a face, with its interval.

    Faces are resampled for both at once, a draw whose whole is 0 is left out; the
    interval is of percentiles. Use it where the mean of `wholes` is clearly not 0.
    """
    counts = resample_counts(len(parts))
    top, bottom = (counts @ column / len(parts) for column in (parts, wholes))
    resampled = np.full(len(top), np.nan)
    np.divide(top, bottom, out=resampled, where=bottom != 0)
    ratio = float(parts.mean() / wholes.mean())
    return resampled_interval(ratio, resampled, len(parts))


def seeds_interval(
    first: pd.DataFrame, second: pd.DataFrame, resamples: int = RESAMPLES
) -> Interval:
    """Difference of two means (first minus second) over faces and over training seeds.

    Each is a table, one row a face (the index), one column a seed, without NaN; faces
    that both have count. Faces are drawn for both at once, and seeds for each by
    itself, since a seed of one row has nothing to do with that of another; the interval
    is of percentiles. It tells whether a difference would outlast other trainings,
    where `compare` tells whether it would outlast other faces. A bootstrap over few
    seeds is rough, and rather too narrow than too wide. Raises ValueError for fewer
    than two seeds in either.
    """
    if min(first.shape[1], second.shape[1]) < 2:
        raise ValueError("an interval over seeds needs two seeds or more in both rows")
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
    """Two-sided p of mean difference 0 under random signs; exact for few differences.

    Drawn otherwise, with the observed pattern counted in (Phipson and Smyth 2010), so
    that p is never 0. NaN for no differences, 1 where all are 0.
    """
    if not len(differences):
        return float("nan")
    nonzero = differences[differences != 0]
    if not len(nonzero):
        return 1.0
    # Rounding must not decide whether a pattern is as extreme as the observed one.
    observed = abs(nonzero.sum()) * (1 - 1e-12)
    if len(nonzero) <= EXACT_UP_TO:
        patterns = np.arange(2 ** len(nonzero))[:, None] >> np.arange(len(nonzero))
        return float((np.abs((1 - 2.0 * (patterns & 1)) @ nonzero) >= observed).mean())
    rng = np.random.default_rng(SEED)
    signs = rng.choice([-1.0, 1.0], size=(resamples, len(nonzero)))
    extreme = int((np.abs(signs @ nonzero) >= observed).sum())
    return (extreme + 1) / (resamples + 1)


def rank_biserial(differences: NDArray[np.float64]) -> float:
    """Matched-pairs rank-biserial correlation (Kerby 2014), leaving zeros out."""
    nonzero = differences[differences != 0]
    if not len(nonzero):
        return float("nan") if not len(differences) else 0.0
    ranks = stats.rankdata(np.abs(nonzero))
    return float((np.sign(nonzero) * ranks).sum() / ranks.sum())


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction over a family; NaN stays NaN and does not count."""
    p = np.asarray(p_values, dtype=np.float64)
    corrected = np.full(len(p), np.nan)
    order = [index for index in np.argsort(p, kind="stable") if np.isfinite(p[index])]
    highest = 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, p[index] * (len(order) - rank)))
        corrected[index] = highest
    return corrected.tolist()


def _bootstrap(values: NDArray[np.float64], mean: float, resamples: int) -> Interval:
    kinds: tuple[Literal["bca", "percentile"], ...] = ("bca", "percentile")
    for kind in kinds:
        with warnings.catch_warnings():
            # A degenerate BCa answers NaN, which is looked at below.
            warnings.simplefilter("ignore")
            result = stats.bootstrap(
                (values,),
                np.mean,
                n_resamples=resamples,
                confidence_level=LEVEL,
                method=kind,
                rng=np.random.default_rng(SEED),
            )
        low, high = result.confidence_interval
        if np.isfinite(low) and np.isfinite(high):
            return Interval(mean, float(low), float(high), len(values), kind)
    raise AssertionError("percentile intervals of finite values are finite")
