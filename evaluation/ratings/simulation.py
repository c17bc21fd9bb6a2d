"""Simulated raters with known preferences, for power analysis and tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.ratings.picks import Picks, RatingError
from evaluation.statistics import SEED

CALIBRATION_DRAWS = 20_000
CALIBRATION_STEPS = 200


@dataclass(frozen=True)
class RaterModel:
    """A population of raters and faces with known shares of picks.

    A rater picks the option with the highest utility. The utility is the option's
    log-strength, plus a normal deviate for the rater and option, plus one for the face
    and option, plus Gumbel noise (a mixed logit model).

    Attributes:
        shares: share of picks of each option over the population; each above 0.
        rater_spread: standard deviation of the raters' deviates, in log-strength.
        face_spread: standard deviation of the faces' deviates, in log-strength.

    Raises RatingError for invalid values.
    """

    shares: tuple[float, ...]
    rater_spread: float = 0.5
    face_spread: float = 1.0

    def __post_init__(self) -> None:
        if len(self.shares) < 2 or min(self.shares) <= 0:
            raise RatingError(
                f"shares {self.shares}: give two or more, each above 0, such as "
                "0.4,0.3,0.3"
            )
        if abs(sum(self.shares) - 1) > 1e-6:
            raise RatingError(f"shares {self.shares} must sum to 1")
        if min(self.rater_spread, self.face_spread) < 0:
            raise RatingError("spreads must be 0 or more")


def method_strengths(model: RaterModel) -> NDArray[np.float64]:
    """(N,) log-strengths that reproduce the model's shares, to about 0.1 %."""
    rng = np.random.default_rng(SEED)
    spread = np.hypot(model.rater_spread, model.face_spread)
    deviates = spread * rng.standard_normal((CALIBRATION_DRAWS, len(model.shares)))
    wanted = np.log(np.array(model.shares) / np.sum(model.shares))
    strengths = wanted.copy()
    for _ in range(CALIBRATION_STEPS):
        chances = np.exp(strengths + deviates)
        chances /= chances.sum(axis=1, keepdims=True)
        missing = wanted - np.log(chances.mean(axis=0))
        strengths += missing
        if np.abs(missing).max() < 1e-6:
            break
    return strengths - strengths.mean()


def simulate_tastes(
    model: RaterModel,
    strengths: NDArray[np.float64],
    size: tuple[int, int],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """(raters, faces, N) utilities of the options, without the Gumbel noise."""
    raters, faces = size
    count = len(strengths)
    return (
        strengths
        + model.rater_spread * rng.standard_normal((raters, 1, count))
        + model.face_spread * rng.standard_normal((1, faces, count))
    )


def simulate_picks(
    model: RaterModel,
    strengths: NDArray[np.float64],
    size: tuple[int, int],
    rng: np.random.Generator,
) -> Picks:
    """Draw picks of `size` (raters, faces) from the model; each rater rates all."""
    count = len(strengths)
    utility = simulate_tastes(model, strengths, size, rng)
    utility += rng.gumbel(size=(*size, count))
    won = utility.argmax(axis=2)[None] == np.arange(count)[:, None, None]
    names = tuple(f"option {k + 1}" for k in range(count))
    return Picks(names, won.astype(np.float64), np.ones(size), 0)


def ahead_by(difference: float, options: int) -> tuple[float, ...]:
    """Shares of N `options`: the first leads the others, which are equal.

    The lead is `difference`. Raises RatingError for values out of range.
    """
    if options < 2 or not 0 < difference < 1:
        raise RatingError(
            f"difference {difference} among {options} options: the difference must be "
            "above 0 and below 1, with two or more options"
        )
    other = (1 - difference) / options
    shares: Sequence[float] = [other + difference, *[other] * (options - 1)]
    return tuple(shares)
