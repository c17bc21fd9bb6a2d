"""Do people pick the avatar that a metric puts first?"""

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
    """People beside a metric, on the faces where every option has a score.

    Attributes:
        faces: how many those are.
        favourite: share of the picks that fall on the metric's favourite of the face
            (by chance 1/N), with its bootstrap interval over raters and faces.
        others: share of the picks that fall on the favourite of all other raters: as
            much as a judge who knew people's taste on each face could reach. The
            favourites stay what they are in the bootstrap's draws.
        tau: Kendall's tau-b of shares and scores on a face, mean over the faces where
            it is defined, with its bootstrap interval over faces; 1: the same order.
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
    """Agreement with (N, F) scores, higher better, NaN where there is none.

    Faces are in the order of `picks`. None where no face has all scores. Raises
    RatingError for scores of another shape.
    """
    if scores.shape != (len(picks.options), picks.won.shape[2]):
        raise RatingError(
            f"scores of shape {scores.shape} do not fit {len(picks.options)} options "
            f"and {picks.won.shape[2]} faces"
        )
    known = np.isfinite(scores).all(axis=0) & (picks.judged.sum(axis=0) > 0)
    if not known.any():
        return None
    scores = scores[:, known]
    seen = Picks(
        picks.options, picks.won[:, :, known], picks.judged[:, known], picks.ties
    )
    first = favourites(scores)[:, None, :]
    totals = seen.won.sum(axis=1, keepdims=True)
    # A rater's own pick must not make a favourite.
    liked = favourites(totals - seen.won) * (seen.judged > 0)
    return MetricAgreement(
        int(known.sum()),
        _hit(seen, np.broadcast_to(first, seen.won.shape), resamples),
        _hit(seen, liked, resamples),
        _tau(seen, scores),
    )


def favourites(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 at the highest value along the first axis, shared where several are."""
    highest = values == values.max(axis=0, keepdims=True)
    return highest / highest.sum(axis=0, keepdims=True)


def _hit(picks: Picks, liked: NDArray[np.float64], resamples: int) -> Interval:
    """Share of the picks that fall on what is liked."""
    hits = (picks.won * liked).sum(axis=0)
    sums = resampled_sums(np.stack([hits, picks.judged]), resamples)
    drawn = np.full(resamples, np.nan)
    np.divide(sums[:, 0], sums[:, 1], out=drawn, where=sums[:, 1] > 0)
    return cluster_interval(float(hits.sum() / picks.total), drawn, picks)


def _tau(picks: Picks, scores: NDArray[np.float64]) -> Interval:
    shares = picks.won.sum(axis=1) / picks.judged.sum(axis=0)
    found = [
        float(np.asarray(stats.kendalltau(share, score))[0])
        for share, score in zip(shares.T, scores.T, strict=True)
    ]
    values = np.array(found)
    return mean_interval(values[np.isfinite(values)])
