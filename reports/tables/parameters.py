"""Scores of each avatar parameter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evaluation.parameters import parameter_scores
from reports.tables import wording
from reports.tables.table import Cell, Column, Row, Section, Table
from reports.trials import Run


def parameter_table(run: Run, split: str, designer: str) -> Table:
    """Accuracy and macro-F1 of discrete parameters, MAE of continuous ones.

    A section for each engine, a row for each parameter, a column for each variant.
    """
    sections = tuple(
        section
        for engine in run.engines
        if (section := _section(run, engine, split, designer)) is not None
    )
    return Table(
        f"parameters-{split}",
        f"Scores by parameter: {wording.split_title(split)} faces",
        "Parameter",
        (Column("n"), *(Column(c.label) for c in run.main_variants)),
        sections,
        (
            *wording.stand_in_notes(run),
            "Discrete parameters (shape, colour): accuracy ↑ and macro-F1 ↑. "
            "Continuous parameters: mean absolute error ↓. Over the n faces whose "
            "ground truth has the parameter active; averaged over seeds.",
            wording.data_note(run, split, designer),
            *wording.oracle_notes(run),
        ),
    )


@dataclass(frozen=True)
class ParameterMeans:
    """Scores of each parameter on one engine, averaged over seeds.

    `kinds` and `counts` are by parameter: shape, colour or continuous, and the number
    of faces whose ground truth has it active. `scores` holds a frame for each variant's
    name, with the columns accuracy, macro_f1 and mae; its index is the parameter.
    """

    kinds: Mapping[str, str]
    counts: Mapping[str, int]
    scores: Mapping[str, pd.DataFrame]


def parameter_means(
    run: Run, engine: str, split: str, designer: str
) -> ParameterMeans | None:
    """The scores of the rows of Table 1; None if no trial finished on the engine."""
    frames, first = {}, None
    for variant in run.main_variants:
        scored = [
            parameter_scores(*trial.vectors(split, designer)).set_index("parameter")
            for trial in run.finished_trials(variant.name, engine)
        ]
        if scored:
            numbers = [frame[["accuracy", "macro_f1", "mae"]] for frame in scored]
            frames[variant.name] = sum(numbers) / len(numbers)
            first = scored[0] if first is None else first
    if first is None:
        return None
    kinds, counts = first["kind"].to_dict(), first["n"].to_dict()
    return ParameterMeans(kinds, counts, frames)


def _section(run: Run, engine: str, split: str, designer: str) -> Section | None:
    means = parameter_means(run, engine, split, designer)
    if means is None:
        return None
    rows = []
    for name, kind in means.kinds.items():
        cells = [Cell(f"{means.counts[name]}")]
        for variant in run.main_variants:
            if variant.name in means.scores:
                row = means.scores[variant.name].loc[name]
                cells.append(_cell(row["accuracy"], row["macro_f1"], row["mae"]))
            else:
                failed = run.failed(variant.name, engine)
                cells.append(Cell(wording.FAILED) if failed else Cell())
        label = name if kind == "continuous" else f"{name} ({kind})"
        rows.append(Row(label, tuple(cells)))
    return Section(engine, tuple(rows))


def _cell(accuracy: float, macro_f1: float, mae: float) -> Cell:
    if np.isfinite(accuracy):
        return Cell(
            wording.format_number(accuracy, 3),
            f"F1 {wording.format_number(macro_f1, 3)}",
        )
    return Cell(wording.format_number(mae, 3))
