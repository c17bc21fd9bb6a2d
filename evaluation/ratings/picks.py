"""Who picked what on which face, as an array: what every figure of a study is from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Ties = Literal["left out", "shared"]
"""A tie counts for nothing, or 1/N of a pick for each of the N options."""


class RatingError(ValueError):
    """Judgements that cannot be counted; the message says why."""


@dataclass(frozen=True, eq=False)
class Picks:
    """The judgements of one engine.

    Attributes:
        options: what can be picked, N of them: methods, or slots.
        won: (N, R, F) picks of each option by R raters on F faces: 1, a part of 1
            where a tie is shared, 0.
        judged: (R, F) judgements that count; 0 where a rater did not see a face.
        ties: ties among all judgements, whether they count or not.
    """

    options: tuple[str, ...]
    won: NDArray[np.float64]
    judged: NDArray[np.float64]
    ties: int

    @property
    def counts(self) -> NDArray[np.float64]:
        """(N,) picks of each option."""
        return self.won.sum(axis=(1, 2))

    @property
    def decided(self) -> NDArray[np.int64]:
        """(N,) picks of each option without shares of ties."""
        return np.floor(self.won).sum(axis=(1, 2)).astype(np.int64)

    @property
    def total(self) -> int:
        """Judgements that count."""
        return int(self.judged.sum())

    @property
    def raters(self) -> int:
        """Raters with a judgement that counts."""
        return int((self.judged.sum(axis=1) > 0).sum())

    @property
    def faces(self) -> int:
        """Faces with a judgement that counts."""
        return int((self.judged.sum(axis=0) > 0).sum())


def count_picks(judgements: pd.DataFrame, options: Sequence[str], ties: Ties) -> Picks:
    """Count judgements with the columns participant, face and chosen.

    `chosen` is one of the options, or empty for a tie. Raises RatingError for any other
    value, for fewer than two options and for a second judgement of one rater on a face.
    """
    if len(options) < 2 or len(set(options)) != len(options):
        raise RatingError(f"a choice needs two or more different options: {options}")
    if ties not in get_args(Ties):
        raise RatingError(f"ties can be {' or '.join(get_args(Ties))}, not {ties}")
    chosen = judgements["chosen"].fillna("").to_numpy(dtype=str)
    unknown = sorted({*chosen.tolist()} - {*options, ""})
    if unknown:
        raise RatingError(f"{unknown[0]} was chosen and is not an option")
    if judgements.duplicated(["participant", "face"]).any():
        raise RatingError("a rater judged a face twice; keep one of the judgements")
    rater, raters = pd.factorize(judgements["participant"], sort=True)
    face, faces = pd.factorize(judgements["face"], sort=True)
    won = np.zeros((len(options), len(raters), len(faces)))
    judged = np.zeros(won.shape[1:])
    tied = chosen == ""
    picked = pd.Index(options).get_indexer(chosen[~tied])
    won[picked, rater[~tied], face[~tied]] = 1
    judged[rater[~tied], face[~tied]] = 1
    if ties == "shared":
        won[:, rater[tied], face[tied]] = 1 / len(options)
        judged[rater[tied], face[tied]] = 1
    return Picks(tuple(options), won, judged, int(tied.sum()))
