"""Agreement of people's picks with a metric."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from evaluation.ratings.picks import Picks, RatingError
from evaluation.ratings.resampling import RESAMPLES, cluster_interval, resampled_sums
from evaluation.statistics import Interval, mean_interval


@dataclass(frozen=True)
class MetricAgreement:
    """Agreement with a metric, over the faces where every option has a score.

    Attributes:
        faces: the number of those faces.
        favourite: share of picks of the metric's favourite, the option with the best
            score on the face (chance level 1/N), with its bootstrap interval over
            raters and faces.
        others: share of picks of the other raters' favourite on the face, with the same
            interval. This is about the most that a metric can reach. The favourites are
            not recomputed in the bootstrap.
        tau: Kendall's tau-b of shares and scores, mean over the faces where it is
            defined, with its bootstrap interval over faces. 1 means the same order.
    """

    faces: int
    favourite: Interval
    others: Interval
    tau: Interval


def metric_agreement(
    picks: Picks,
    scores: NDArray[np.float64],
    resamples: int = RESAMPLES,
) -> MetricAgreement | None:
    """Agreement with (N, F) scores, where higher is better and NaN is missing.

    Options and faces are in the order of `picks`. None if no face has all scores.
    Raises RatingError for scores of another shape.
    """
    if scores.shape != (len(picks.options), picks.won.shape[2]):
        raise RatingError(
            f"scores of shape {scores.shape} do not fit {len(picks.options)} options "
            f"and {picks.won.shape[2]} faces"
        )
    known = np.isfinite(scores).all(axis=0) & (picks.rated.sum(axis=0) > 0)
    if not known.any():
        return None
    scores = scores[:, known]
    complete = Picks(
        picks.options, picks.won[:, :, known], picks.rated[:, known], picks.ties
    )
    first = favourites(scores)[:, None, :]
    totals = complete.won.sum(axis=1, keepdims=True)
    # A rater's own pick does not count towards the favourite of the others.
    preferred = favourites(totals - complete.won) * (complete.rated > 0)
    return MetricAgreement(
        int(known.sum()),
        _share_on_favourites(
            complete, np.broadcast_to(first, complete.won.shape), resamples
        ),
        _share_on_favourites(complete, preferred, resamples),
        _mean_tau(complete, scores),
    )


def favourites(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 at the highest value along the first axis; equal highest values share it."""
    highest = values == values.max(axis=0, keepdims=True)
    return highest / highest.sum(axis=0, keepdims=True)


def _share_on_favourites(
    picks: Picks, preferred: NDArray[np.float64], resamples: int
) -> Interval:
    hits = (picks.won * preferred).sum(axis=0)
    sums = resampled_sums(np.stack([hits, picks.rated]), resamples)
    drawn = np.full(resamples, np.nan)
    np.divide(sums[:, 0], sums[:, 1], out=drawn, where=sums[:, 1] > 0)
    return cluster_interval(float(hits.sum() / picks.total), drawn, picks)


def _mean_tau(picks: Picks, scores: NDArray[np.float64]) -> Interval:
    shares = picks.won.sum(axis=1) / picks.rated.sum(axis=0)
    found = [
        float(np.asarray(stats.kendalltau(share, score))[0])
        for share, score in zip(shares.T, scores.T, strict=True)
    ]
    values = np.array(found)
    return mean_interval(values[np.isfinite(values)])
