"""Agreement between raters, and consistency of each rater."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.draws import resample_counts
from evaluation.ratings.resampling import MIN_CLUSTERS, RESAMPLES
from evaluation.ratings.shares import Bounds, wilson
from evaluation.statistics import Interval, resampled_interval

Counts = NDArray[np.float64]
"""(F faces, K answers): how many raters gave each answer."""


@dataclass(frozen=True)
class Agreement:
    """Agreement of raters on one engine; a tie counts as a separate answer.

    Attributes:
        alpha: Krippendorff's alpha with its 95 % bootstrap interval over faces; `n`
            counts the faces with two or more ratings.
        kappa: Fleiss's kappa over the raters who rated every face; NaN with fewer than
            two of them.
        complete: the number of raters who rated every face.
    """

    alpha: Interval
    kappa: float
    complete: int


@dataclass(frozen=True)
class Consistency:
    """How many of the repeated ratings equal the first one, of `asked`."""

    same: int
    asked: int
    wilson: Bounds


def agreement(ratings: pd.DataFrame, resamples: int = RESAMPLES) -> Agreement:
    """Agreement over ratings with the columns participant, face and chosen.

    An empty `chosen` is a tie.
    """
    answers = ratings.assign(chosen=ratings["chosen"].fillna(""))
    counts = _counts(answers)
    counts = counts[counts.sum(axis=1) > 1]
    value = krippendorff_alpha(counts)
    drawn = np.full(resamples, np.nan)
    if len(counts) >= MIN_CLUSTERS:
        weights = resample_counts(len(counts), resamples).astype(np.float64)
        drawn = krippendorff_alpha(counts, weights)
    faces = answers["face"].nunique()
    per_rater = answers["participant"].value_counts()
    complete = [name for name, count in per_rater.items() if count == faces]
    kappa = float("nan")
    if len(complete) > 1:
        among = answers["participant"].isin(complete)
        kappa = fleiss_kappa(_counts(answers.loc[among]))
    return Agreement(
        resampled_interval(float(value), drawn, len(counts)), kappa, len(complete)
    )


def krippendorff_alpha(
    counts: Counts, weights: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Nominal alpha (Krippendorff 2011): 1 is perfect agreement, 0 is chance level.

    `weights` (..., F) say how often each face counts; the result has their leading
    dimensions. Faces with fewer than two answers do not count. NaN if all answers are
    equal or there are none.
    """
    answers = counts.sum(axis=1)
    counts, answers = counts[answers > 1], answers[answers > 1]
    if weights is None:
        weights = np.ones(len(counts))
    differing = (answers**2 - (counts**2).sum(axis=1)) / (answers - 1)
    totals, whole = weights @ counts, weights @ answers
    expected = whole**2 - (totals**2).sum(axis=-1)
    alpha = np.full(np.shape(whole), np.nan)
    observed = (weights @ differing) * (whole - 1)
    np.divide(observed, expected, out=alpha, where=expected > 0)
    return 1 - alpha


def fleiss_kappa(counts: Counts) -> float:
    """Fleiss's kappa (1971): 1 is perfect agreement, 0 is chance level.

    NaN if all answers are equal. Raises ValueError unless all faces have the same
    number of answers, two or more.
    """
    answers = counts.sum(axis=1)
    raters = answers[0]
    if (answers != raters).any() or raters < 2:
        raise ValueError("Fleiss's kappa needs two or more raters who rated all faces")
    agreeing = ((counts**2).sum(axis=1) - raters) / (raters * (raters - 1))
    chance = float(((counts.sum(axis=0) / counts.sum()) ** 2).sum())
    if chance == 1:
        return float("nan")
    return float((agreeing.mean() - chance) / (1 - chance))


def consistency(ratings: pd.DataFrame, repeats: pd.DataFrame) -> Consistency | None:
    """Compare repeated ratings with the first, by participant, engine and face.

    None if no rating was repeated.
    """
    keys = ["participant", "engine", "face"]
    pairs = ratings.merge(repeats, on=keys, suffixes=("", "_again"))
    if not len(pairs):
        return None
    first, again = (
        pairs[name].fillna("").to_numpy(dtype=str)
        for name in ("chosen", "chosen_again")
    )
    same = int((first == again).sum())
    return Consistency(same, len(pairs), wilson(same, len(pairs)))


def _counts(answers: pd.DataFrame) -> Counts:
    return pd.crosstab(answers["face"], answers["chosen"]).to_numpy(dtype=np.float64)
