"""Pair fidelity: do produced faces show what their avatar vectors say?

An oracle, trained on labelled training portraits, predicts the vectors from the faces.
Its score on validation portraits calibrates the result: a parameter that it cannot
predict there cannot be checked in the pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import contingency

from benchmark.avatars import AvatarVectors
from evaluation.parameters import parameter_scores


@dataclass(frozen=True)
class Reading:
    """What an oracle predicted from n faces, and their n true vectors.

    Raises ValueError if the two differ in engine or number.
    """

    predicted: AvatarVectors
    truth: AvatarVectors

    def __post_init__(self) -> None:
        if self.predicted.spec != self.truth.spec:
            raise ValueError(
                f"predictions are for engine {self.predicted.spec.name}, but the true "
                f"vectors are of {self.truth.spec.name}; use one engine for both"
            )
        if len(self.predicted) != len(self.truth):
            raise ValueError(
                f"{len(self.predicted)} predicted vectors but {len(self.truth)} true "
                "vectors; give one of each for each face"
            )


def pair_fidelity(pairs: Reading, portraits: Reading) -> pd.DataFrame:
    """The oracle's skill on produced pairs relative to its skill on portraits.

    Options are uniform in pairs but not in portraits, so the scores of the two sets
    cannot be compared directly. They are compared as skill: (score - constant guess) /
    (perfect score - constant guess).

    Args:
        pairs: predictions from produced faces, with the vectors of the pairs.
        portraits: predictions from validation portraits, with their ground truth.

    Returns:
        One row for each parameter, continuous ones first, with the columns
        parameter, kind: name; "continuous", "shape" or "colour";
        n_pairs, n_portraits: faces whose vector has the parameter active;
        pairs, portraits: the oracle's score over them, the mean absolute error for a
        continuous parameter (lower is better), otherwise the accuracy;
        constant_pairs, constant_portraits: the score of always guessing the mean or the
        mode of the vectors of that set;
        kept: skill on pairs / skill on portraits. 1: pairs show the parameter as well
        as portraits do. 0: no better than the constant guess. Below 0: worse than it.
        NaN if the oracle does not beat the constant guess on portraits, or if a
        constant guess is perfect on the pairs;
        tied_pairs, tied_portraits: association of predicted with true values, which
        does not depend on the oracle's bias towards a designer's usual values. For a
        continuous parameter the correlation, in [-1, 1], otherwise Cramer's V, in
        [0, 1], with the bias correction of Bergsma (2013). NaN if either is constant.

    Raises:
        ValueError: if pairs and portraits are of different engines.
    """
    if pairs.truth.spec != portraits.truth.spec:
        raise ValueError(
            f"pairs are of engine {pairs.truth.spec.name}, but portraits of "
            f"{portraits.truth.spec.name}; use one engine for both"
        )
    own, calibration = _Scores.of(pairs), _Scores.of(portraits)
    known = np.where(calibration.skill > 0, calibration.skill, np.nan)
    return pd.DataFrame(
        {
            "parameter": own.scores["parameter"],
            "kind": own.scores["kind"],
            "n_pairs": own.scores["n"],
            "n_portraits": calibration.scores["n"],
            "pairs": own.score,
            "portraits": calibration.score,
            "constant_pairs": own.constant,
            "constant_portraits": calibration.constant,
            "kept": own.skill / known,
            "tied_pairs": _associations(pairs),
            "tied_portraits": _associations(portraits),
        }
    )


def constant(truth: AvatarVectors) -> AvatarVectors:
    """The best constant guess, repeated for each of these n vectors.

    For each parameter the mean, or the mode (the first of equally frequent options),
    over the vectors that have it active.
    """
    active, spec = truth.active(), truth.spec
    means = [
        column[mask].mean(dtype=np.float64) if mask.any() else scalar.default
        for scalar, column, mask in zip(
            spec.continuous, truth.continuous.T, active.continuous.T, strict=True
        )
    ]
    modes = [
        np.bincount(column[mask], minlength=1).argmax()
        for column, mask in zip(truth.discrete.T, active.discrete.T, strict=True)
    ]
    return AvatarVectors(
        spec,
        np.tile(np.array(means, np.float32), (len(truth), 1)),
        np.tile(np.array(modes, np.int64), (len(truth), 1)),
    )


def _associations(reading: Reading) -> NDArray[np.float64]:
    """(C + D,) association of predicted with true values, where active."""
    truth, predicted = reading.truth, reading.predicted
    active = truth.active()
    scalars = zip(
        predicted.continuous.T, truth.continuous.T, active.continuous.T, strict=True
    )
    choices = zip(
        predicted.discrete.T, truth.discrete.T, active.discrete.T, strict=True
    )
    return np.array(
        [_correlation(one[mask], other[mask]) for one, other, mask in scalars]
        + [_cramers_v(one[mask], other[mask]) for one, other, mask in choices]
    )


def _correlation(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    if len(one) < 2 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])


def _cramers_v(one: NDArray[np.int64], other: NDArray[np.int64]) -> float:
    """Cramer's V with bias correction (Bergsma 2013, equations 6 to 9)."""
    counts = pd.crosstab(one, other).to_numpy()
    rows, columns = counts.shape
    total = int(counts.sum())
    if min(rows, columns) < 2:
        return float("nan")
    expected = contingency.expected_freq(counts)
    phi = ((counts - expected) ** 2 / expected).sum() / total
    spare = max(0.0, phi - (rows - 1) * (columns - 1) / (total - 1))
    sides = [side - (side - 1) ** 2 / (total - 1) for side in (rows, columns)]
    room = min(sides) - 1
    return float(np.sqrt(spare / room)) if room > 0 else float("nan")


@dataclass(frozen=True)
class _Scores:
    """(C + D,) scores of the oracle and of a constant guess, by parameter."""

    scores: pd.DataFrame
    score: NDArray[np.float64]
    constant: NDArray[np.float64]

    @classmethod
    def of(cls, reading: Reading) -> Self:
        truth = reading.truth
        scores = parameter_scores(reading.predicted, truth)
        guesses = parameter_scores(constant(truth), truth)
        return cls(scores, _score(scores), _score(guesses))

    @property
    def skill(self) -> NDArray[np.float64]:
        """(C + D,) skill; NaN where the constant guess is perfect."""
        perfect = np.where(self.scores["kind"] == "continuous", 0.0, 1.0)
        way = perfect - self.constant
        return (self.score - self.constant) / np.where(way == 0, np.nan, way)


def _score(scores: pd.DataFrame) -> NDArray[np.float64]:
    """The mean absolute error of continuous parameters, the accuracy of others."""
    return np.where(scores["kind"] == "continuous", scores["mae"], scores["accuracy"])
