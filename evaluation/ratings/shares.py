"""Shares of picks (Table 2), with intervals and tests against chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import stats

from evaluation.ratings.picks import Picks, RatingError
from evaluation.ratings.resampling import (
    RESAMPLES,
    cluster_interval,
    enough,
    resampled_shares,
    resampled_sums,
)
from evaluation.statistics import (
    LEVEL,
    Interval,
    best_or_equal,
    holm,
    resampled_p,
)


class Bounds(NamedTuple):
    """Lower and upper bound of an interval."""

    low: float
    high: float


@dataclass(frozen=True)
class Share:
    """How often an option was picked.

    Attributes:
        option: a method or a slot.
        picks: number of picks, including shared ties.
        share: picks / ratings that count, with its 95 % bootstrap interval over raters
            and faces.
        wilson: Wilson's 95 % interval, which treats all ratings as independent. It is
            too narrow if raters or faces differ.
        binomial_p: p-value of the two-sided exact binomial test of the ratings that are
            not ties against 1/N, which treats them as independent; Holm-corrected over
            the options.
        cluster_p: p-value of a share of 1/N by the bootstrap over raters and faces,
            Holm-corrected over the options; NaN with too few raters or faces.
        best: whether the option is the most picked or not significantly less picked.
    """

    option: str
    picks: float
    share: Interval
    wilson: Bounds
    binomial_p: float
    cluster_p: float
    best: bool


def shares(picks: Picks, resamples: int = RESAMPLES) -> tuple[Share, ...]:
    """The share of each option; raises RatingError if no rating counts."""
    if not picks.total:
        raise RatingError("no rating counts, so there are no shares")
    counts = picks.counts
    drawn = resampled_shares(picks, resamples)
    chance = 1 / len(picks.options)
    exact = holm([binomial_p(n, picks.decided.sum(), chance) for n in picks.decided])
    clustered = [np.nan] * len(counts)
    if enough(picks):
        clustered = holm([resampled_p(column - chance) for column in drawn.T])
    best = _best(picks, resamples)
    return tuple(
        Share(
            option,
            float(counts[k]),
            cluster_interval(float(counts[k] / picks.total), drawn[:, k], picks),
            wilson(float(counts[k]), picks.total),
            exact[k],
            clustered[k],
            k in best,
        )
        for k, option in enumerate(picks.options)
    )


def share_difference(
    picks: Picks, first: int, second: int, resamples: int = RESAMPLES
) -> tuple[Interval, float]:
    """Difference of two options' shares, first minus second: interval and p-value.

    `first` and `second` are indices of `picks.options`. Both results come from the
    bootstrap over raters and faces.
    """
    ahead = picks.won[first] - picks.won[second]
    sums = resampled_sums(np.stack([ahead, picks.rated]), resamples)
    difference = np.full(resamples, np.nan)
    np.divide(sums[:, 0], sums[:, 1], out=difference, where=sums[:, 1] > 0)
    value = float(ahead.sum()) / picks.total
    p = resampled_p(difference) if enough(picks) else float("nan")
    return cluster_interval(value, difference, picks), p


def wilson(picks: float, total: int) -> Bounds:
    """Wilson's 95 % interval (1927) of `picks / total`; picks may be fractional."""
    z = float(stats.norm.ppf((1 + LEVEL) / 2))
    share, spread = picks / total, z * z / total
    middle = (share + spread / 2) / (1 + spread)
    half = np.sqrt(share * (1 - share) * spread + spread**2 / 4) / (1 + spread)
    return Bounds(max(0.0, float(middle - half)), min(1.0, float(middle + half)))


def binomial_p(picks: int, total: int, chance: float) -> float:
    """Two-sided exact p-value of `picks` in `total` under `chance`; NaN for total 0."""
    if not total:
        return float("nan")
    return float(stats.binomtest(int(picks), int(total), chance).pvalue)


def _best(picks: Picks, resamples: int) -> frozenset[int]:
    """The most picked option and all that are not significantly less picked."""
    drawn = resampled_shares(picks, resamples)

    def p_value(other: int, best: int) -> float:
        if not enough(picks):
            return float("nan")
        return resampled_p(drawn[:, best] - drawn[:, other])

    return best_or_equal(dict(enumerate(picks.counts)), p_value)
