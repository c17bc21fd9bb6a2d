"""Scores of each avatar parameter."""

from __future__ import annotations

import numpy as np

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


def _section(run: Run, engine: str, split: str, designer: str) -> Section | None:
    frames = {}
    for variant in run.main_variants:
        scored = [
            parameter_scores(*trial.vectors(split, designer)).set_index("parameter")
            for trial in run.finished_trials(variant.name, engine)
        ]
        if scored:
            numbers = [frame[["n", "accuracy", "macro_f1", "mae"]] for frame in scored]
            frames[variant.name] = (scored[0]["kind"], sum(numbers) / len(numbers))
    if not frames:
        return None
    kinds, counts = next(iter(frames.values()))
    rows = []
    for name in kinds.index:
        cells = [Cell(f"{counts.loc[name, 'n']:.0f}")]
        for variant in run.main_variants:
            if variant.name in frames:
                row = frames[variant.name][1].loc[name]
                cells.append(_cell(row["accuracy"], row["macro_f1"], row["mae"]))
            else:
                failed = run.failed(variant.name, engine)
                cells.append(Cell(wording.FAILED) if failed else Cell())
        kind = "" if kinds[name] == "continuous" else f" ({kinds[name]})"
        rows.append(Row(name + kind, tuple(cells)))
    return Section(engine, tuple(rows))


def _cell(accuracy: float, macro_f1: float, mae: float) -> Cell:
    if np.isfinite(accuracy):
        return Cell(
            wording.format_number(accuracy, 3),
            f"F1 {wording.format_number(macro_f1, 3)}",
        )
    return Cell(wording.format_number(mae, 3))
