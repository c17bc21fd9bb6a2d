"""Do raters agree with each other, and with themselves?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.ratings.resampling import MIN_CLUSTERS, RESAMPLES
from evaluation.ratings.shares import Bounds, wilson
from evaluation.statistics import Interval, resample_counts, resampled_interval

Counts = NDArray[np.float64]
"""(F faces, K answers): how many raters gave each answer."""


@dataclass(frozen=True)
class Agreement:
    """How alike raters answered on one engine; a tie is an answer of its own.

    Attributes:
        alpha: Krippendorff's, with its 95 % bootstrap interval over faces; n: faces
            that two raters or more judged.
        kappa: Fleiss's, over the raters who judged every face; NaN with fewer than two.
        complete: how many raters those are.
    """

    alpha: Interval
    kappa: float
    complete: int


@dataclass(frozen=True)
class Consistency:
    """Raters' second answers to the same question: how many are as the first."""

    same: int
    asked: int
    wilson: Bounds


def agreement(judgements: pd.DataFrame, resamples: int = RESAMPLES) -> Agreement:
    """Agreement over judgements with participant, face and chosen (empty: a tie)."""
    answers = judgements.assign(chosen=judgements["chosen"].fillna(""))
    counts = _counts(answers)
    counts = counts[counts.sum(axis=1) > 1]
    value = krippendorff_alpha(counts)
    drawn = np.full(resamples, np.nan)
    if len(counts) >= MIN_CLUSTERS:
        weights = resample_counts(len(counts), resamples).astype(np.float64)
        drawn = krippendorff_alpha(counts, weights)
    faces = answers["face"].nunique()
    judged = answers["participant"].value_counts()
    complete = [name for name, count in judged.items() if count == faces]
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
    """Nominal alpha (Krippendorff 2011): 1 perfect, 0 as by chance; NaN undefined.

    `weights` (..., F) count each face as often as it says; the result has its leading
    dimensions. Faces with fewer than two answers do not count. Undefined where all
    answers are the same one, or there are none.
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
    """Fleiss's kappa (1971); every face must have as many answers, two or more.

    NaN where all answers are the same one. Raises ValueError for unequal numbers.
    """
    answers = counts.sum(axis=1)
    raters = answers[0]
    if (answers != raters).any() or raters < 2:
        raise ValueError("Fleiss's kappa needs two or more raters who judged all faces")
    agreeing = ((counts**2).sum(axis=1) - raters) / (raters * (raters - 1))
    chance = float(((counts.sum(axis=0) / counts.sum()) ** 2).sum())
    if chance == 1:
        return float("nan")
    return float((agreeing.mean() - chance) / (1 - chance))


def consistency(judgements: pd.DataFrame, repeats: pd.DataFrame) -> Consistency | None:
    """Compare repeats with what they repeat, by participant, engine and face.

    None where no judgement was repeated.
    """
    keys = ["participant", "engine", "face"]
    pairs = judgements.merge(repeats, on=keys, suffixes=("", "_again"))
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
