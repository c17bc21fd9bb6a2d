"""Agreement between two designers who made avatars of the same faces."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import cohen_kappa_score

from benchmark.avatars import AvatarVectors
from evaluation.base import Cases, Metric, MetricError
from evaluation.statistics import Interval, mean_interval


def parameter_agreement(one: AvatarVectors, other: AvatarVectors) -> pd.DataFrame:
    """Agreement on each parameter; symmetric in the designers.

    Returns:
        One row for each parameter with the columns
        parameter, kind: name; "continuous", "shape" or "colour";
        n: faces for which both designers have the parameter active;
        equal, kappa: for discrete parameters, the share of equal options and Cohen's
        kappa, which corrects it for chance;
        difference, correlation: for continuous parameters, the mean absolute
        difference and Pearson's correlation.
        NaN where a figure does not apply or is undefined, for instance without faces or
        if a designer never varied the parameter.

    Raises:
        MetricError: if the vectors differ in spec or number.
    """
    if one.spec != other.spec or len(one) != len(other):
        raise MetricError("agreement needs vectors of one spec for the same faces")
    mine, theirs = one.active(), other.active()
    rows = []
    for column, scalar in enumerate(one.spec.continuous):
        both = mine.continuous[:, column] & theirs.continuous[:, column]
        pair = [v.column(scalar.name)[both].astype(np.float64) for v in (one, other)]
        rows.append([scalar.name, "continuous", both.sum(), *_scalar_figures(*pair)])
    for column, choice in enumerate(one.spec.discrete):
        both = mine.discrete[:, column] & theirs.discrete[:, column]
        pair = [v.column(choice.name)[both] for v in (one, other)]
        rows.append([choice.name, choice.kind, both.sum(), *_choice_figures(*pair)])
    names = ["parameter", "kind", "n", "equal", "kappa", "difference", "correlation"]
    return pd.DataFrame(rows, columns=names)


def ceiling(metric: Metric, cases: Cases) -> Interval:
    """Mean score of one designer's avatars against another's, with its interval.

    `cases` holds one designer as the prediction and the other as ground truth, so the
    score is on the same scale as a method's. Faces where the metric is undefined are
    left out. Raises MetricError for a set metric.
    """
    if metric.meta.level != "case":
        raise MetricError(
            f"{metric.meta.name} has no score for single faces; choose another metric"
        )
    scores = metric.score(cases)
    return mean_interval(scores[np.isfinite(scores)])


def _scalar_figures(
    one: NDArray[np.float64], other: NDArray[np.float64]
) -> list[float]:
    if not len(one):
        return [np.nan] * 4
    varied = len(one) > 1 and np.ptp(one) > 0 and np.ptp(other) > 0
    correlation = float(np.corrcoef(one, other)[0, 1]) if varied else np.nan
    return [np.nan, np.nan, float(np.abs(one - other).mean()), correlation]


def _choice_figures(one: NDArray[np.int64], other: NDArray[np.int64]) -> list[float]:
    if not len(one):
        return [np.nan] * 4
    varied = len(np.union1d(one, other)) > 1
    kappa = float(cohen_kappa_score(one, other)) if varied else np.nan
    return [float((one == other).mean()), kappa, np.nan, np.nan]
