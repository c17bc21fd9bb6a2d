"""Ratings as an array: who picked which option on which face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Ties = Literal["left out", "shared"]
"""A tie does not count, or counts as 1/N of a pick for each of the N options."""


class RatingError(ValueError):
    """Ratings or settings that cannot be used; the message says why."""


@dataclass(frozen=True, eq=False)
class Picks:
    """The ratings of one engine.

    Attributes:
        options: the N options that can be picked: methods, or slots.
        won: (N, R, F) picks of each option by R raters on F faces: 1 for a pick, 1/N
            for a shared tie, otherwise 0.
        rated: (R, F) 1 for a rating that counts, otherwise 0.
        ties: number of ties, whether they count or not.
    """

    options: tuple[str, ...]
    won: NDArray[np.float64]
    rated: NDArray[np.float64]
    ties: int

    @property
    def counts(self) -> NDArray[np.float64]:
        """(N,) picks of each option."""
        return self.won.sum(axis=(1, 2))

    @property
    def decided(self) -> NDArray[np.int64]:
        """(N,) picks of each option, without shared ties."""
        return np.floor(self.won).sum(axis=(1, 2)).astype(np.int64)

    @property
    def total(self) -> int:
        """Number of ratings that count."""
        return int(self.rated.sum())

    @property
    def raters(self) -> int:
        """Number of raters with a rating that counts."""
        return int((self.rated.sum(axis=1) > 0).sum())

    @property
    def faces(self) -> int:
        """Number of faces with a rating that counts."""
        return int((self.rated.sum(axis=0) > 0).sum())


def count_picks(ratings: pd.DataFrame, options: Sequence[str], ties: Ties) -> Picks:
    """Count ratings with the columns participant, face and chosen.

    `chosen` is one of the options, or empty for a tie. Raises RatingError for another
    value, for fewer than two options, and for two ratings of one rater on a face.
    """
    if len(options) < 2 or len(set(options)) != len(options):
        raise RatingError(f"two or more different options are needed, got {options}")
    if ties not in get_args(Ties):
        raise RatingError(f"ties must be {' or '.join(get_args(Ties))}, got {ties}")
    chosen = ratings["chosen"].fillna("").to_numpy(dtype=str)
    unknown = sorted({*chosen.tolist()} - {*options, ""})
    if unknown:
        raise RatingError(f"{unknown[0]} was chosen but is not an option")
    if ratings.duplicated(["participant", "face"]).any():
        raise RatingError("a rater rated a face twice; keep one of the ratings")
    rater, raters = pd.factorize(ratings["participant"], sort=True)
    face, faces = pd.factorize(ratings["face"], sort=True)
    won = np.zeros((len(options), len(raters), len(faces)))
    rated = np.zeros(won.shape[1:])
    tied = chosen == ""
    picked = pd.Index(options).get_indexer(chosen[~tied])
    won[picked, rater[~tied], face[~tied]] = 1
    rated[rater[~tied], face[~tied]] = 1
    if ties == "shared":
        won[:, rater[tied], face[tied]] = 1 / len(options)
        rated[rater[tied], face[tied]] = 1
    return Picks(tuple(options), won, rated, int(tied.sum()))
