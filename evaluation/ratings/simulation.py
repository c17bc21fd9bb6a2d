"""Raters with planted preferences: for the power of a study, and for tests alone."""

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
    """Raters and faces in the large, whose shares of picks are known.

    A rater picks the option of the highest utility: its strength, plus a normal deviate
    of the rater's taste for it, plus one of how well it did on the face, plus Gumbel
    noise (Luce's choices, mixed).

    Attributes:
        shares: of the picks of each option over all raters and faces; each above 0.
        rater_spread: standard deviation of tastes, in log-strength.
        face_spread: the same of faces.
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


def method_strengths(crowd: RaterModel) -> NDArray[np.float64]:
    """(N,) log-strengths under which the crowd's shares come out, to about 0.1 %."""
    rng = np.random.default_rng(SEED)
    spread = np.hypot(crowd.rater_spread, crowd.face_spread)
    deviates = spread * rng.standard_normal((CALIBRATION_DRAWS, len(crowd.shares)))
    wanted = np.log(np.array(crowd.shares) / np.sum(crowd.shares))
    strengths = wanted.copy()
    for _ in range(CALIBRATION_STEPS):
        chances = np.exp(strengths + deviates)
        chances /= chances.sum(axis=1, keepdims=True)
        missing = wanted - np.log(chances.mean(axis=0))
        strengths += missing
        if np.abs(missing).max() < 1e-6:
            break
    return strengths - strengths.mean()


def simulate_picks(
    crowd: RaterModel,
    strengths: NDArray[np.float64],
    size: tuple[int, int],
    rng: np.random.Generator,
) -> Picks:
    """Picks of `size` (raters, faces) drawn from the crowd; everybody judges all."""
    raters, faces = size
    count = len(strengths)
    utility = (
        strengths
        + crowd.rater_spread * rng.standard_normal((raters, 1, count))
        + crowd.face_spread * rng.standard_normal((1, faces, count))
        + rng.gumbel(size=(raters, faces, count))
    )
    won = utility.argmax(axis=2)[None] == np.arange(count)[:, None, None]
    names = tuple(f"option {k + 1}" for k in range(count))
    return Picks(names, won.astype(np.float64), np.ones(size), 0)


def ahead_by(difference: float, options: int) -> tuple[float, ...]:
    """Shares of `options`: the first `difference` above all others, which are alike."""
    if options < 2 or not 0 < difference < 1:
        raise RatingError(
            f"a difference of {difference} among {options}: give a share above 0 and "
            "below 1, and two options or more"
        )
    other = (1 - difference) / options
    shares: Sequence[float] = [other + difference, *[other] * (options - 1)]
    return tuple(shares)
