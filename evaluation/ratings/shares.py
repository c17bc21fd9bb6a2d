"""Table 2's figures: how often each option was picked, and whether by chance."""

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
from evaluation.statistics import LEVEL, Interval, holm, resampled_p

ALPHA = 0.05


class Bounds(NamedTuple):
    """An interval's ends."""

    low: float
    high: float


@dataclass(frozen=True)
class Share:
    """How often an option was picked.

    Attributes:
        option: a method or a slot.
        picks: with parts of shared ties.
        share: picks of all judgements that count, with its 95 % interval by the
            bootstrap over raters and faces.
        wilson: Wilson's 95 % interval, as if every judgement came from another rater
            on another face: too narrow where raters or faces differ.
        binomial_p: two-sided exact binomial test of the decided judgements against
            1/N, as if they were independent; Holm over the options.
        cluster_p: the same question by the bootstrap over raters and faces; Holm over
            the options; NaN with too few of either.
        best: the most picked, or not significantly less picked than it.
    """

    option: str
    picks: float
    share: Interval
    wilson: Bounds
    binomial_p: float
    cluster_p: float
    best: bool


def shares(picks: Picks, resamples: int = RESAMPLES) -> tuple[Share, ...]:
    """Every option's share; raises RatingError where no judgement counts."""
    if not picks.total:
        raise RatingError("no judgement counts; nothing can be said")
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
    """Difference of two options' shares, first minus second: interval and p."""
    ahead = picks.won[first] - picks.won[second]
    sums = resampled_sums(np.stack([ahead, picks.judged]), resamples)
    difference = np.full(resamples, np.nan)
    np.divide(sums[:, 0], sums[:, 1], out=difference, where=sums[:, 1] > 0)
    value = float(ahead.sum()) / picks.total
    p = resampled_p(difference) if enough(picks) else float("nan")
    return cluster_interval(value, difference, picks), p


def wilson(picks: float, total: int) -> Bounds:
    """Wilson's interval (1927) of a share; picks may be a fraction."""
    z = float(stats.norm.ppf((1 + LEVEL) / 2))
    share, spread = picks / total, z * z / total
    middle = (share + spread / 2) / (1 + spread)
    half = np.sqrt(share * (1 - share) * spread + spread**2 / 4) / (1 + spread)
    return Bounds(max(0.0, float(middle - half)), min(1.0, float(middle + half)))


def binomial_p(picks: int, total: int, chance: float) -> float:
    """Two-sided exact p of `picks` among `total` under `chance`; NaN for none."""
    if not total:
        return float("nan")
    return float(stats.binomtest(int(picks), int(total), chance).pvalue)


def _best(picks: Picks, resamples: int) -> frozenset[int]:
    """The most picked and all that are not significantly behind (Holm over them)."""
    best = int(np.argmax(picks.counts))
    others = [k for k in range(len(picks.options)) if k != best]
    drawn = resampled_shares(picks, resamples)
    if not enough(picks):
        return frozenset({best})
    p_values = holm([resampled_p(drawn[:, best] - drawn[:, k]) for k in others])
    level = {k for k, p in zip(others, p_values, strict=True) if p >= ALPHA}
    return frozenset({best} | level)
