"""Everything that a study's tables and figures say, worked out once."""

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
    """One engine's figures; `metrics` by the metric's name, where faces have scores.

    `scores` are (N methods, F faces) by metric, as they stand in the key; faces are in
    the order of `faces`, which is that of `picks`.
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
    """The figures of every engine with a judgement that counts."""
    return tuple(_findings(answers, engine) for engine in answers.engines)


def _findings(answers: Answers, engine: str) -> Findings:
    rows, picks = answers.of("judgement", engine), answers.picks(engine)
    faces = tuple(sorted(set(rows["face"])))
    scores = {name: _scores(answers, engine, name, faces) for name in answers.metrics}
    agreed = {
        name: found
        for name, values in scores.items()
        if (found := metric_agreement(picks, _sign(answers, name) * values)) is not None
    }
    return Findings(
        engine,
        faces,
        picks,
        shares(picks),
        strengths(picks),
        slot_bias(rows, picks),
        agreement(rows),
        consistency(rows, answers.of("repeat", engine)),
        scores,
        agreed,
    )


def _sign(answers: Answers, metric: str) -> int:
    """What makes a score better the higher it is."""
    return 1 if answers.key.metrics[metric].direction == "higher" else -1


def _scores(
    answers: Answers, engine: str, metric: str, faces: tuple[str, ...]
) -> NDArray[np.float64]:
    key = answers.key
    methods = {name: row for row, name in enumerate(key.methods)}
    places = {name: column for column, name in enumerate(faces)}
    found = np.full((len(methods), len(faces)), np.nan)
    for trial in answers.study.trials:
        face = key.faces[trial.face]
        if (trial.kind, trial.engine) != ("judgement", engine) or face not in places:
            continue
        for picture in trial.options:
            value = key.scores[metric].get(picture)
            if value is not None:
                found[methods[key.pictures[picture]], places[face]] = value
    return found
