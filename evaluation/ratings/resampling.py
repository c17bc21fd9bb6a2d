"""The bootstrap of studies: raters and faces are drawn anew, both at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evaluation.ratings.picks import Picks
from evaluation.statistics import LEVEL, SEED, Interval

RESAMPLES = 1999
MIN_CLUSTERS = 5
"""With fewer raters or faces no interval is given: there is too little to draw from."""


def resampled_sums(
    parts: NDArray[np.float64], resamples: int = RESAMPLES, seed: int = SEED
) -> NDArray[np.float64]:
    """(resamples, K) sums of (K, R, F) parts over raters and faces drawn with return.

    A judgement counts as often as its rater was drawn times as often as its face was
    (the pigeonhole bootstrap of Owen 2007), so that judgements of one rater, and those
    of one face, stay together. It errs to the wide side: where neither raters nor faces
    differ, intervals are up to √3 times too wide. The same draws for the same R and F.
    """
    count, raters, faces = parts.shape
    rng = np.random.default_rng(seed)
    drawn_raters = rng.multinomial(raters, np.full(raters, 1 / raters), resamples)
    drawn_faces = rng.multinomial(faces, np.full(faces, 1 / faces), resamples)
    by_rater = parts.transpose(1, 0, 2).reshape(raters, count * faces)
    by_face = (drawn_raters.astype(np.float64) @ by_rater).reshape(-1, count, faces)
    return np.einsum("bkf,bf->bk", by_face, drawn_faces.astype(np.float64))


def resampled_shares(
    picks: Picks, resamples: int = RESAMPLES, seed: int = SEED
) -> NDArray[np.float64]:
    """(resamples, N) shares of the options; NaN in draws without a judgement."""
    parts = np.concatenate([picks.won, picks.judged[None]])
    sums = resampled_sums(parts, resamples, seed)
    shares = np.full((resamples, len(picks.options)), np.nan)
    np.divide(sums[:, :-1], sums[:, -1:], out=shares, where=sums[:, -1:] > 0)
    return shares


def cluster_interval(
    value: float, drawn: NDArray[np.float64], picks: Picks
) -> Interval:
    """Percentile interval of a figure from its (resamples,) values; n: judgements."""
    finite = drawn[np.isfinite(drawn)]
    if min(picks.raters, picks.faces) < MIN_CLUSTERS or not len(finite):
        return Interval(value, np.nan, np.nan, picks.total, "none")
    tail = 50 * (1 - LEVEL)
    low, high = np.percentile(finite, [tail, 100 - tail])
    return Interval(value, float(low), float(high), picks.total, "percentile")


def enough(picks: Picks) -> bool:
    """Whether there are raters and faces enough for intervals and tests."""
    return min(picks.raters, picks.faces) >= MIN_CLUSTERS
