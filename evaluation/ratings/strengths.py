"""Plackett–Luce strengths of the options."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.ratings.picks import Picks
from evaluation.ratings.resampling import RESAMPLES, cluster_interval, resampled_sums
from evaluation.statistics import Interval

PRIOR = 0.5
"""Picks added to every option, so an option without picks has a finite strength."""


@dataclass(frozen=True)
class Strength:
    """An option's log-strength; the strengths of all options sum to 0.

    An option with a strength larger by d is picked e^d times as often.
    """

    option: str
    value: Interval


def strengths(picks: Picks, resamples: int = RESAMPLES) -> tuple[Strength, ...]:
    """Maximum-likelihood strengths (Luce 1959), with intervals as for shares.

    Every rating shows all options, so the likelihood is maximal where strengths are
    proportional to the counts of picks, and no iteration is needed.
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
