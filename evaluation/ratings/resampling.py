"""The bootstrap for studies: raters and faces are both resampled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evaluation.ratings.picks import Picks
from evaluation.statistics import LEVEL, SEED, Interval

RESAMPLES = 1999
MIN_CLUSTERS = 5
"""With fewer raters or faces no interval is given: they are too few to resample."""


def resampled_sums(
    parts: NDArray[np.float64], resamples: int = RESAMPLES, seed: int = SEED
) -> NDArray[np.float64]:
    """(resamples, K) bootstrap sums of (K, R, F) parts over raters and faces.

    The pigeonhole bootstrap (Owen 2007): raters and faces are drawn with replacement,
    and a rating counts (draws of its rater) x (draws of its face) times. Ratings of one
    rater or one face therefore stay together. The method is conservative: if neither
    raters nor faces differ, intervals are up to √3 times too wide. The draws depend
    only on R, F and `seed`.
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
    """(resamples, N) shares of the options; NaN in resamples without a rating."""
    parts = np.concatenate([picks.won, picks.rated[None]])
    sums = resampled_sums(parts, resamples, seed)
    shares = np.full((resamples, len(picks.options)), np.nan)
    np.divide(sums[:, :-1], sums[:, -1:], out=shares, where=sums[:, -1:] > 0)
    return shares


def cluster_interval(
    value: float, drawn: NDArray[np.float64], picks: Picks
) -> Interval:
    """Percentile interval from (resamples,) values; `n` counts the ratings."""
    finite = drawn[np.isfinite(drawn)]
    if min(picks.raters, picks.faces) < MIN_CLUSTERS or not len(finite):
        return Interval(value, np.nan, np.nan, picks.total, "none")
    tail = 50 * (1 - LEVEL)
    low, high = np.percentile(finite, [tail, 100 - tail])
    return Interval(value, float(low), float(high), picks.total, "percentile")


def enough(picks: Picks) -> bool:
    """Whether there are enough raters and faces for intervals and tests."""
    return min(picks.raters, picks.faces) >= MIN_CLUSTERS
