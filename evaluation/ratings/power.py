"""Statistical power of a study by its number of raters and faces, simulated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.ratings.picks import RatingError
from evaluation.ratings.resampling import MIN_CLUSTERS
from evaluation.ratings.shares import Bounds, share_difference, wilson
from evaluation.ratings.simulation import RaterModel, method_strengths, simulate_picks

RESAMPLES = 499
"""Fewer than in a report, since the result averages over many simulated studies."""


@dataclass(frozen=True)
class Power:
    """How often studies of one size detect the difference of the first two options.

    Attributes:
        raters, faces: the size of the studies.
        power: share of simulated studies whose 95 % interval lies above 0.
        bounds: Wilson's 95 % interval of `power` for the number of simulations.
        wrong: share of studies whose interval lies below 0.
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
    """How many studies of each size to simulate, and the seed."""

    studies: int = 300
    seed: int = 0


def power_grid(
    model: RaterModel,
    raters: Sequence[int],
    faces: Sequence[int],
    simulations: Simulations,
) -> Iterator[Power]:
    """Yield the power of each size as soon as it is computed.

    All numbers of faces are computed for the first number of raters, then for the next.
    The test is the one of the report: the paired difference of two shares, with the
    bootstrap over raters and faces. Raises RatingError for sizes that are too small for
    an interval.
    """
    if min(*raters, *faces) < MIN_CLUSTERS:
        raise RatingError(
            f"there is no interval for fewer than {MIN_CLUSTERS} raters or faces; "
            "use more"
        )
    strengths = method_strengths(model)
    for count in raters:
        for shown in faces:
            yield _power(model, strengths, (count, shown), simulations)


def _power(
    model: RaterModel,
    strengths: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    size: tuple[int, int],
    simulations: Simulations,
) -> Power:
    # Seeded by size and study, so results do not depend on the other sizes.
    lows, highs = [], []
    for study in range(simulations.studies):
        rng = np.random.default_rng([simulations.seed, *size, study])
        picks = simulate_picks(model, strengths, size, rng)
        found, _ = share_difference(picks, 0, 1, RESAMPLES)
        lows.append(found.low)
        highs.append(found.high)
    low, high = np.array(lows), np.array(highs)
    detected = int((low > 0).sum())
    return Power(
        *size,
        detected / len(low),
        wilson(detected, len(low)),
        float((high < 0).mean()),
        float((high - low).mean()),
    )
