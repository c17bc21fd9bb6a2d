"""Scores in the space of avatar vectors, each masked where the truth is inactive."""

from __future__ import annotations

from typing import Any, ClassVar, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from benchmark.avatars import AvatarVectors
from evaluation.base import Cases, MetricMeta, MetricSetup
from evaluation.checks import check_vectors


class DiscreteAccuracy:
    """Share of a case's active discrete parameters that are predicted exactly."""

    meta: ClassVar[MetricMeta] = MetricMeta(
        name="discrete-accuracy",
        title="Accuracy",
        unit="share",
        direction="higher",
        level="case",
        identity={"version": "1", "over": "active discrete parameters of the truth"},
    )

    def __init__(self, setup: MetricSetup) -> None:
        """Nothing to set up."""

    def score(self, cases: Cases) -> NDArray[np.float64]:
        """(n,) shares in [0, 1]; NaN where no discrete parameter is active."""
        check_vectors(cases)
        hits = cases.predicted.discrete == cases.truth.discrete
        return _masked_mean(hits.astype(np.float64), cases.truth.active().discrete)


class ContinuousError:
    """Mean absolute error over a case's active continuous parameters."""

    meta: ClassVar[MetricMeta] = MetricMeta(
        name="continuous-mae",
        title="MAE",
        unit="share of the range",
        direction="lower",
        level="case",
        identity={"version": "1", "over": "active continuous parameters of the truth"},
    )

    def __init__(self, setup: MetricSetup) -> None:
        """Nothing to set up."""

    def score(self, cases: Cases) -> NDArray[np.float64]:
        """(n,) errors in [0, 1]; NaN where no continuous parameter is active."""
        check_vectors(cases)
        error = _absolute_error(cases.predicted, cases.truth)
        return _masked_mean(error, cases.truth.active().continuous)


class MacroF1:
    """Macro-F1 of each discrete parameter over the set, averaged over parameters.

    The classes of a parameter are those present in its active truths, so that options
    that no held-out face wears neither help nor hurt.
    """

    meta: ClassVar[MetricMeta] = MetricMeta(
        name="macro-f1",
        title="Macro-F1",
        unit="share",
        direction="higher",
        level="set",
        identity={
            "version": "1",
            "classes": "present in the truth",
            "over": "discrete parameters",
            "implementation": "scikit-learn f1_score, zero_division 0",
        },
    )

    def __init__(self, setup: MetricSetup) -> None:
        """Nothing to set up."""

    def score(self, cases: Cases) -> NDArray[np.float64]:
        """(1,) mean in [0, 1]; NaN where no discrete parameter is ever active."""
        check_vectors(cases)
        scores = parameter_scores(cases.predicted, cases.truth)["macro_f1"].dropna()
        return np.array([scores.mean() if len(scores) else np.nan], dtype=np.float64)


def parameter_scores(predicted: AvatarVectors, truth: AvatarVectors) -> pd.DataFrame:
    """One row a parameter: parameter, kind, n, accuracy, macro_f1, mae.

    `n` counts the faces whose truth has the parameter active, over which alone the
    scores go; accuracy and macro_f1 are NaN for a continuous parameter, mae for a
    discrete one, and all of them where n is 0.
    """
    active = truth.active()
    rows = []
    for column, scalar in enumerate(truth.spec.continuous):
        mask = active.continuous[:, column]
        error = np.abs(predicted.column(scalar.name) - truth.column(scalar.name))[mask]
        mae = float(error.mean(dtype=np.float64)) if mask.any() else np.nan
        rows.append(
            _row(scalar.name, "continuous", mask, accuracy=np.nan, f1=np.nan, mae=mae)
        )
    for column, choice in enumerate(truth.spec.discrete):
        mask = active.discrete[:, column]
        guesses = predicted.column(choice.name)[mask]
        answers = truth.column(choice.name)[mask]
        accuracy, f1 = _class_scores(guesses, answers)
        rows.append(
            _row(choice.name, choice.kind, mask, accuracy=accuracy, f1=f1, mae=np.nan)
        )
    return pd.DataFrame(rows)


def parameter_losses(predicted: AvatarVectors, truth: AvatarVectors) -> pd.DataFrame:
    """(n, C + D) losses by parameter name: absolute error, or 1 for a wrong option.

    NaN where the truth's parameter is inactive. Lower is better in every column, so
    paired comparisons of two methods need no case distinction.
    """
    active = truth.active()
    scalars = np.where(active.continuous, _absolute_error(predicted, truth), np.nan)
    wrong = (predicted.discrete != truth.discrete).astype(np.float64)
    choices = np.where(active.discrete, wrong, np.nan)
    names = [p.name for p in (*truth.spec.continuous, *truth.spec.discrete)]
    return pd.DataFrame(np.concatenate([scalars, choices], axis=1), columns=names)


def resampled_macro_f1(
    predicted: AvatarVectors, truth: AvatarVectors, counts: NDArray[Any]
) -> NDArray[np.float64]:
    """(R,) macro-F1 of R resamples of the n faces, for intervals.

    `counts` is (R, n): how often each face was drawn. A row of ones gives the score
    itself.
    """
    active = truth.active().discrete
    scores = [
        _weighted_f1(
            predicted.discrete[:, column][active[:, column]],
            truth.discrete[:, column][active[:, column]],
            counts[:, active[:, column]].astype(np.float64),
        )
        for column in range(len(truth.spec.discrete))
        if active[:, column].any()
    ]
    if not scores:
        return np.full(len(counts), np.nan)
    table = np.stack(scores)
    defined = np.isfinite(table)
    sums = np.where(defined, table, 0.0).sum(axis=0)
    return np.where(
        defined.any(axis=0), sums / np.maximum(defined.sum(axis=0), 1), np.nan
    )


def _weighted_f1(
    guesses: NDArray[np.int64],
    answers: NDArray[np.int64],
    counts: NDArray[np.float64],
) -> NDArray[np.float64]:
    """(R,) macro-F1 over the classes drawn; NaN where no face was."""
    classes = np.unique(answers)
    asked = (answers[:, None] == classes).astype(np.float64)
    said = (guesses[:, None] == classes).astype(np.float64)
    present = counts @ asked
    total = present + counts @ said
    f1 = 2 * (counts @ (asked * said)) / np.where(total > 0, total, 1.0)
    drawn = (present > 0).sum(axis=1)
    sums = np.where(present > 0, f1, 0.0).sum(axis=1)
    return np.where(drawn > 0, sums / np.maximum(drawn, 1), np.nan)


def _row(
    name: str,
    kind: str,
    mask: NDArray[np.bool_],
    accuracy: float,
    f1: float,
    mae: float,
) -> dict[str, Any]:
    return {
        "parameter": name,
        "kind": kind,
        "n": int(mask.sum()),
        "accuracy": accuracy,
        "macro_f1": f1,
        "mae": mae,
    }


def _class_scores(
    guesses: NDArray[np.int64], answers: NDArray[np.int64]
) -> tuple[float, float]:
    if not len(answers):
        return np.nan, np.nan
    classes = np.unique(answers).tolist()
    f1 = f1_score(
        answers,
        guesses,
        labels=classes,
        average="macro",
        zero_division=cast("str", 0),  # scikit-learn's annotation forgets numbers
    )
    return float((guesses == answers).mean()), float(f1)


def _absolute_error(
    predicted: AvatarVectors, truth: AvatarVectors
) -> NDArray[np.float64]:
    return np.abs(predicted.continuous.astype(np.float64) - truth.continuous)


def _masked_mean(
    values: NDArray[np.float64], mask: NDArray[np.bool_]
) -> NDArray[np.float64]:
    counts = mask.sum(axis=1)
    sums = np.where(mask, values, 0.0).sum(axis=1)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
