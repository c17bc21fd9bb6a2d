"""Plackett–Luce strengths of the options, with the bootstrap of studies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.ratings.picks import Picks
from evaluation.ratings.resampling import RESAMPLES, cluster_interval, resampled_sums
from evaluation.statistics import Interval

PRIOR = 0.5
"""Picks added to every option, so that one that nobody picked has a strength too."""


@dataclass(frozen=True)
class Strength:
    """An option's log-strength; those of all options sum to 0.

    An option that is d stronger than another is picked e^d times as often.
    """

    option: str
    value: Interval


def strengths(picks: Picks, resamples: int = RESAMPLES) -> tuple[Strength, ...]:
    """The strengths of Luce's choice axiom (1959) by maximum likelihood.

    Every judgement shows every option, so that the likelihood has its maximum where
    strengths are as the counts of picks: no iteration is needed.
    """
    values = _log_strengths(picks.counts)
    drawn = _log_strengths(resampled_sums(picks.won, resamples))
    return tuple(
        Strength(option, cluster_interval(float(values[k]), drawn[:, k], picks))
        for k, option in enumerate(picks.options)
    )


def _log_strengths(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    logs = np.log(counts + PRIOR)
    return logs - logs.mean(axis=-1, keepdims=True)
