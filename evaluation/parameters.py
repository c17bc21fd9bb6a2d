"""Scores of avatar vectors; parameters that are inactive in the truth are masked."""

from __future__ import annotations

from typing import Any, ClassVar, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from benchmark.avatars import AvatarVectors
from evaluation.base import Cases, EngineNeed, MetricMeta, MetricSetup
from evaluation.checks import check_vectors

BLOCK_ROWS = 256
"""Resamples that are converted to floating point at the same time."""


class DiscreteAccuracy:
    """Share of discrete parameters that are predicted exactly.

    Only parameters that are active in the ground truth count.
    """

    engine_needs: ClassVar[EngineNeed] = "discrete parameters"
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
        """Return (n,) shares in [0, 1]; NaN where no discrete parameter is active."""
        check_vectors(cases)
        hits = cases.predicted.discrete == cases.truth.discrete
        return _masked_mean(hits.astype(np.float64), cases.truth.active().discrete)


class ContinuousError:
    """Mean absolute error of continuous parameters.

    Only parameters that are active in the ground truth count.
    """

    engine_needs: ClassVar[EngineNeed] = "continuous parameters"
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
        """Return (n,) errors in [0, 1]; NaN where no continuous parameter is active."""
        check_vectors(cases)
        error = _absolute_error(cases.predicted, cases.truth)
        return _masked_mean(error, cases.truth.active().continuous)


class MacroF1:
    """Macro-F1 of each discrete parameter over the set, averaged over parameters.

    The classes of a parameter are the options that occur in its active ground truth.
    Options that no face has do not count.
    """

    engine_needs: ClassVar[EngineNeed] = "discrete parameters"
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
        """Return a (1,) mean in [0, 1]; NaN if no discrete parameter is ever active."""
        check_vectors(cases)
        scores = parameter_scores(cases.predicted, cases.truth)["macro_f1"].dropna()
        return np.array([scores.mean() if len(scores) else np.nan], dtype=np.float64)


def parameter_scores(predicted: AvatarVectors, truth: AvatarVectors) -> pd.DataFrame:
    """Scores of each parameter, over the faces whose truth has it active.

    Returns:
        One row for each parameter, continuous ones first, with the columns parameter,
        kind, n (those faces), accuracy, macro_f1 and mae. accuracy and macro_f1 are NaN
        for continuous parameters, mae for discrete ones, and all three if n is 0.
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
    """(n, C + D) losses, a column for each parameter; lower is better in all.

    The absolute error of continuous parameters; 1 for a wrong option and 0 for the
    right one. NaN where the parameter is inactive in the truth.
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
    """(R,) macro-F1 of R bootstrap resamples of the n faces.

    `counts` (R, n) says how often each face was drawn. A row of ones gives the score
    itself.
    """
    active = truth.active().discrete
    tables = [
        _class_table(
            predicted.discrete[:, column], truth.discrete[:, column], active[:, column]
        )
        for column in range(len(truth.spec.discrete))
        if active[:, column].any()
    ]
    if not tables:
        return np.full(len(counts), np.nan)
    ends = np.cumsum([table.shape[1] for table in tables])
    drawn = np.split(_class_counts(counts, np.hstack(tables)), ends[:-1], axis=1)
    table = np.stack([_macro_f1(counted) for counted in drawn])
    defined = np.isfinite(table)
    sums = np.where(defined, table, 0.0).sum(axis=0)
    return np.where(
        defined.any(axis=0), sums / np.maximum(defined.sum(axis=0), 1), np.nan
    )


def _class_table(
    guesses: NDArray[np.int64], answers: NDArray[np.int64], active: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """(n, 3 K) table of the K true classes: true, guessed, and both; active rows."""
    classes = np.unique(answers[active])
    true = (answers[:, None] == classes) & active[:, None]
    guessed = (guesses[:, None] == classes) & active[:, None]
    return np.hstack([true, guessed, true & guessed])


def _class_counts(
    counts: NDArray[Any], classes: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """(R, n) counts times an (n, C) table; exact, since all numbers are integers."""
    # Integers below 2^24 are exact in float32, which multiplies faster.
    dtype = np.float32 if len(classes) < 2**24 else np.float64
    table = classes.astype(dtype)
    blocks = [
        counts[start : start + BLOCK_ROWS].astype(dtype) @ table
        for start in range(0, len(counts), BLOCK_ROWS)
    ]
    return np.concatenate(blocks).astype(np.float64)


def _macro_f1(counted: NDArray[np.float64]) -> NDArray[np.float64]:
    """(R,) macro-F1 over the classes drawn; NaN where no face was drawn."""
    present, guessed, both = np.split(counted, 3, axis=1)
    total = present + guessed
    f1 = 2 * both / np.where(total > 0, total, 1.0)
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
        zero_division=cast("str", 0),  # scikit-learn's annotation lacks numbers
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
