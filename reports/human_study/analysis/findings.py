"""All statistics of a study, computed once for its tables and figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.ratings import (
    Agreement,
    Consistency,
    MetricAgreement,
    Picks,
    Share,
    SlotBias,
    Strength,
    agreement,
    consistency,
    metric_agreement,
    shares,
    slot_bias,
    strengths,
)
from reports.human_study.analysis.answers import Answers


@dataclass(frozen=True, eq=False)
class Findings:
    """The statistics of one engine.

    `metrics` holds the agreement with each metric that has scores. `scores` are
    (N methods, F faces) by metric, as in the key. Faces are in the order of `faces`,
    which is that of `picks`.
    """

    engine: str
    faces: tuple[str, ...]
    picks: Picks
    shares: tuple[Share, ...]
    strengths: tuple[Strength, ...]
    slots: SlotBias
    agreement: Agreement
    consistency: Consistency | None
    scores: Mapping[str, NDArray[np.float64]]
    metrics: Mapping[str, MetricAgreement]


def findings(answers: Answers) -> tuple[Findings, ...]:
    """The statistics of every engine with an included rating."""
    return tuple(_findings(answers, engine) for engine in answers.engines)


def _findings(answers: Answers, engine: str) -> Findings:
    rows, picks = answers.included("rating", engine), answers.picks(engine)
    faces = tuple(sorted(set(rows["face"])))
    scores = {name: _scores(answers, engine, name, faces) for name in answers.metrics}
    agreements = {
        name: result
        for name, values in scores.items()
        if (result := metric_agreement(picks, _sign(answers, name) * values))
        is not None
    }
    return Findings(
        engine,
        faces,
        picks,
        shares(picks),
        strengths(picks),
        slot_bias(rows, picks),
        agreement(rows),
        consistency(rows, answers.included("repeat", engine)),
        scores,
        agreements,
    )


def _sign(answers: Answers, metric: str) -> int:
    """The factor that makes higher scores better: 1 or -1."""
    return 1 if answers.key.metrics[metric].direction == "higher" else -1


def _scores(
    answers: Answers, engine: str, metric: str, faces: tuple[str, ...]
) -> NDArray[np.float64]:
    key = answers.key
    methods = {name: row for row, name in enumerate(key.methods)}
    places = {name: column for column, name in enumerate(faces)}
    values = np.full((len(methods), len(faces)), np.nan)
    for trial in answers.study.trials:
        face = key.faces[trial.face]
        if (trial.kind, trial.engine) != ("rating", engine) or face not in places:
            continue
        for picture in trial.options:
            value = key.scores[metric].get(picture)
            if value is not None:
                values[methods[key.pictures[picture]], places[face]] = value
    return values
