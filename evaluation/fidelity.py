"""Pair fidelity: do produced faces show what the avatar vectors beside them say?

An oracle that was trained on labelled train portraits reads the vectors back from the
faces. How well it reads validation portraits calibrates it: what it cannot read there,
it cannot find missing in the pairs.
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
    """What an oracle read from n faces, and the n vectors that they stand for."""

    predicted: AvatarVectors
    truth: AvatarVectors

    def __post_init__(self) -> None:
        if self.predicted.spec != self.truth.spec:
            raise ValueError(
                f"read for engine {self.predicted.spec.name}, but the vectors are of "
                f"{self.truth.spec.name}: give both of one engine"
            )
        if len(self.predicted) != len(self.truth):
            raise ValueError(
                f"{len(self.predicted)} predicted vectors but {len(self.truth)} true "
                "ones: give one for each face"
            )


def pair_fidelity(pairs: Reading, portraits: Reading) -> pd.DataFrame:
    """How much of what an oracle reads from portraits it reads from pairs too.

    Pairs hold every option alike and portraits do not, so that a score of one set says
    nothing about the other. Each is therefore taken as skill: its share of the way
    from the score of a constant guess to a perfect one.

    Args:
        pairs: read from produced faces, with the vectors of the pairs.
        portraits: read from validation portraits, with their truths.

    Returns:
        One row a parameter, continuous ones first, with the columns
        parameter, kind: name; "continuous", "shape" or "colour";
        n_pairs, n_portraits: faces whose vector has the parameter active;
        pairs, portraits: the oracle's score over them, the mean absolute error of a
        continuous parameter (lower is better), else the accuracy;
        constant_pairs, constant_portraits: the score of always guessing the mean or the
        mode of the vectors of that set;
        kept: skill on pairs over skill on portraits. 1 where pairs show a parameter as
        well as portraits do, 0 where a constant guess is as good, below 0 where it is
        better. NaN where the oracle does not beat the constant guess on portraits, or
        where a constant guess is perfect on the pairs;
        tied_pairs, tied_portraits: how closely what is read follows what is true,
        whatever the oracle's habits: it learnt a designer's, who seldom goes to the
        ends of a scalar, and pairs hold every value alike. The correlation of a
        continuous parameter, in [-1, 1], else Cramer's V, in [0, 1], corrected for
        chance (Bergsma 2013). NaN where either side is constant.

    Raises:
        ValueError: where the readings are of two engines.
    """
    if pairs.truth.spec != portraits.truth.spec:
        raise ValueError(
            f"pairs of engine {pairs.truth.spec.name} cannot be held against "
            f"portraits for {portraits.truth.spec.name}: give both of one engine"
        )
    own, calibration = _Marks.of(pairs), _Marks.of(portraits)
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
            "tied_pairs": _ties(pairs),
            "tied_portraits": _ties(portraits),
        }
    )


def constant(truth: AvatarVectors) -> AvatarVectors:
    """The best-informed constant guess for every one of these vectors.

    For each parameter the mean, or the mode (of equally frequent options the first),
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


def _ties(reading: Reading) -> NDArray[np.float64]:
    """(C + D,) association of what was read with the truth, where it is active."""
    truth, read = reading.truth, reading.predicted
    active = truth.active()
    scalars = zip(
        read.continuous.T, truth.continuous.T, active.continuous.T, strict=True
    )
    choices = zip(read.discrete.T, truth.discrete.T, active.discrete.T, strict=True)
    return np.array(
        [_correlation(one[mask], other[mask]) for one, other, mask in scalars]
        + [_cramers_v(one[mask], other[mask]) for one, other, mask in choices]
    )


def _correlation(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    if len(one) < 2 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])


def _cramers_v(one: NDArray[np.int64], other: NDArray[np.int64]) -> float:
    """Cramer's V with Bergsma's correction of its bias (2013, equations 6 to 9)."""
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
class _Marks:
    """An oracle's scores on a set by parameter, and a constant guess's: (C + D,)."""

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
        """Share of the way from the constant guess to a perfect one; NaN if none."""
        perfect = np.where(self.scores["kind"] == "continuous", 0.0, 1.0)
        way = perfect - self.constant
        return (self.score - self.constant) / np.where(way == 0, np.nan, way)


def _score(scores: pd.DataFrame) -> NDArray[np.float64]:
    """The mean absolute error of continuous parameters, the accuracy of others."""
    return np.where(scores["kind"] == "continuous", scores["mae"], scores["accuracy"])
