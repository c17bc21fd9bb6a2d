"""How many raters and faces a study needs to see a difference, by simulation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.ratings.picks import RatingError
from evaluation.ratings.resampling import MIN_CLUSTERS
from evaluation.ratings.shares import Bounds, share_difference, wilson
from evaluation.ratings.simulation import RaterModel, method_strengths, simulate_picks

RESAMPLES = 499
"""Fewer than a report's: it is over many studies that figures get sharp."""


@dataclass(frozen=True)
class Power:
    """How often studies of one size saw the difference of the first two options.

    Attributes:
        power: share of simulated studies whose 95 % interval lies above 0.
        bounds: Wilson's 95 % interval of that share, for the number of simulations.
        wrong: share whose interval lies below 0.
        width: mean width of the interval of the difference.
    """

    raters: int
    faces: int
    power: float
    bounds: Bounds
    wrong: float
    width: float


@dataclass(frozen=True)
class Simulations:
    """How many studies are simulated of each size, from which seed."""

    studies: int = 300
    seed: int = 0


def power_grid(
    crowd: RaterModel,
    raters: Sequence[int],
    faces: Sequence[int],
    simulations: Simulations,
) -> Iterator[Power]:
    """The power of every size, raters first; yields as sizes are done.

    The test is that of the report: the paired difference of two shares by the bootstrap
    over raters and faces. Raises RatingError for sizes that give no interval.
    """
    if min(*raters, *faces) < MIN_CLUSTERS:
        raise RatingError(
            f"with fewer than {MIN_CLUSTERS} raters or faces a study gives no "
            "interval; ask for more of them"
        )
    strengths = method_strengths(crowd)
    for count in raters:
        for shown in faces:
            yield _power(crowd, strengths, (count, shown), simulations)


def _power(
    crowd: RaterModel,
    strengths: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    size: tuple[int, int],
    simulations: Simulations,
) -> Power:
    # Each study has numbers of its own, whatever other sizes are asked for.
    lows, highs = [], []
    for study in range(simulations.studies):
        rng = np.random.default_rng([simulations.seed, *size, study])
        picks = simulate_picks(crowd, strengths, size, rng)
        found, _ = share_difference(picks, 0, 1, RESAMPLES)
        lows.append(found.low)
        highs.append(found.high)
    low, high = np.array(lows), np.array(highs)
    seen = int((low > 0).sum())
    return Power(
        *size,
        seen / len(low),
        wilson(seen, len(low)),
        float((high < 0).mean()),
        float((high - low).mean()),
    )
