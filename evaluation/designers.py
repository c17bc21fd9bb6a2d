"""How far two designers agree who made the truths of the same faces."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import cohen_kappa_score

from benchmark.avatars import AvatarVectors
from evaluation.base import Cases, Metric, MetricError
from evaluation.statistics import Interval, mean_interval


def parameter_agreement(one: AvatarVectors, other: AvatarVectors) -> pd.DataFrame:
    """One row a parameter: parameter, kind, n, equal, kappa, difference, correlation.

    Over the `n` faces for which both designers have the parameter active. `equal` is
    the share of equal options and `kappa` Cohen's, which takes off what chance gives;
    `difference` is the mean absolute difference of scalars and `correlation` Pearson's.
    Symmetric in the designers. NaN where a figure does not apply or is not defined (no
    face, or a designer who never varied). Raises MetricError for unlike batches.
    """
    if one.spec != other.spec or len(one) != len(other):
        raise MetricError("agreement needs two batches of one spec, a row a face each")
    mine, theirs = one.active(), other.active()
    rows = []
    for column, scalar in enumerate(one.spec.continuous):
        both = mine.continuous[:, column] & theirs.continuous[:, column]
        pair = [v.column(scalar.name)[both].astype(np.float64) for v in (one, other)]
        rows.append([scalar.name, "continuous", both.sum(), *_scalars(*pair)])
    for column, choice in enumerate(one.spec.discrete):
        both = mine.discrete[:, column] & theirs.discrete[:, column]
        pair = [v.column(choice.name)[both] for v in (one, other)]
        rows.append([choice.name, choice.kind, both.sum(), *_choices(*pair)])
    names = ["parameter", "kind", "n", "equal", "kappa", "difference", "correlation"]
    return pd.DataFrame(rows, columns=names)


def ceiling(metric: Metric, cases: Cases) -> Interval:
    """The mean score over faces of one designer's avatars against another's.

    `cases` holds the one designer as predicted and the other as truth, so that the
    figure stands on the scale of every method's. Faces where the metric does not apply
    are left out. Raises MetricError for a metric that has no score a face.
    """
    if metric.meta.level != "case":
        raise MetricError(
            f"{metric.meta.name} has one score over the set and none a face: name "
            "another metric"
        )
    scores = metric.score(cases)
    return mean_interval(scores[np.isfinite(scores)])


def _scalars(one: NDArray[np.float64], other: NDArray[np.float64]) -> list[float]:
    if not len(one):
        return [np.nan] * 4
    varied = len(one) > 1 and np.ptp(one) > 0 and np.ptp(other) > 0
    correlation = float(np.corrcoef(one, other)[0, 1]) if varied else np.nan
    return [np.nan, np.nan, float(np.abs(one - other).mean()), correlation]


def _choices(one: NDArray[np.int64], other: NDArray[np.int64]) -> list[float]:
    if not len(one):
        return [np.nan] * 4
    varied = len(np.union1d(one, other)) > 1
    kappa = float(cohen_kappa_score(one, other)) if varied else np.nan
    return [float((one == other).mean()), kappa, np.nan, np.nan]
