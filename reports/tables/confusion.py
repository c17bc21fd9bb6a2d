"""Confusion matrices of discrete parameters: drawn options against true ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars.spec import Discrete
from reports.trials import ReportedVariant, Run


@dataclass(frozen=True, eq=False)
class Confusion:
    """Confusion matrices of one parameter on one engine.

    `options` are those that the ground truth or a prediction has, in the spec's order,
    and `faces` says how many faces have each in the ground truth.
    `counts` holds an (o, o) integer matrix for each variant's name: rows are the ground
    truth, columns the prediction. Only faces whose ground truth has the parameter
    active count; each seed counts once.
    """

    parameter: Discrete
    options: tuple[str, ...]
    faces: tuple[int, ...]
    counts: Mapping[str, NDArray[np.int64]]

    @property
    def shares(self) -> Mapping[str, NDArray[np.float64]]:
        """Matrices with rows that sum to 1; 0 where the ground truth has no face."""
        return {
            name: counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
            for name, counts in self.counts.items()
        }


def confusions(run: Run, engine: str) -> list[Confusion]:
    """A Confusion for each discrete parameter that is ever active.

    Over the main split, the main designer and the rows of Table 1.
    """
    batches = {
        variant.name: batches
        for variant in run.main_variants
        if (batches := _vectors(run, variant, engine))
    }
    if not batches:
        return []
    truth = next(iter(batches.values()))[0][1]
    spec, active = truth.spec, truth.active().discrete
    found = []
    for column, parameter in enumerate(spec.discrete):
        size = len(parameter.options)
        counts = {
            name: sum(
                (
                    _count(
                        truth.discrete[:, column],
                        predicted.discrete[:, column],
                        truth.active().discrete[:, column],
                        size,
                    )
                    for predicted, truth in pairs
                ),
                np.zeros((size, size), np.int64),
            )
            for name, pairs in batches.items()
        }
        total = np.sum(list(counts.values()), axis=0)
        kept = np.flatnonzero(total.sum(axis=0) + total.sum(axis=1))
        if len(kept):
            options = tuple(parameter.options[index] for index in kept)
            cut = {name: c[np.ix_(kept, kept)] for name, c in counts.items()}
            true = truth.discrete[active[:, column], column]
            faces = tuple(np.bincount(true, minlength=size)[kept].tolist())
            found.append(Confusion(parameter, options, faces, cut))
    return found


def _vectors(run: Run, variant: ReportedVariant, engine: str) -> list[Any]:
    trials = run.finished_trials(variant.name, engine)
    return [trial.vectors(run.main_split, run.designers[0]) for trial in trials]


def _count(
    truth: NDArray[np.int64],
    predicted: NDArray[np.int64],
    active: NDArray[np.bool_],
    options: int,
) -> NDArray[np.int64]:
    pairs = truth[active] * options + predicted[active]
    return np.bincount(pairs, minlength=options**2).reshape(options, options)
