"""Scores by parameter: which choices a method gets right."""

from __future__ import annotations

import numpy as np

from evaluation.parameters import parameter_scores
from reports.tables import wording
from reports.tables.table import Cell, Column, Row, Section, Table
from reports.trials import Run


def parameter_table(run: Run, split: str, designer: str) -> Table:
    """Accuracy and macro-F1 of discrete, MAE of continuous parameters, by row."""
    sections = tuple(
        section
        for engine in run.engines
        if (section := _section(run, engine, split, designer)) is not None
    )
    return Table(
        f"parameters-{split}",
        f"Scores by parameter: {wording.SPLITS.get(split, split)} faces",
        "Parameter",
        (Column("n"), *(Column(c.label) for c in run.main_contestants)),
        sections,
        (
            *wording.stand_in_note(run),
            "Discrete parameters: accuracy ↑ with macro-F1 ↑ beside it; continuous "
            "ones: mean absolute error ↓. Over the n faces whose truth has the "
            "parameter active; seeds averaged.",
            wording.data_note(run, split, designer),
            *wording.oracle_note(run),
        ),
    )


def _section(run: Run, engine: str, split: str, designer: str) -> Section | None:
    frames = {}
    for contestant in run.main_contestants:
        scored = [
            parameter_scores(*trial.vectors(split, designer)).set_index("parameter")
            for trial in run.done(contestant.name, engine)
        ]
        if scored:
            numbers = [frame[["n", "accuracy", "macro_f1", "mae"]] for frame in scored]
            frames[contestant.name] = (scored[0]["kind"], sum(numbers) / len(numbers))
    if not frames:
        return None
    kinds, counts = next(iter(frames.values()))
    rows = []
    for name in kinds.index:
        cells = [Cell(f"{counts.loc[name, 'n']:.0f}")]
        for contestant in run.main_contestants:
            if contestant.name in frames:
                row = frames[contestant.name][1].loc[name]
                cells.append(_cell(row["accuracy"], row["macro_f1"], row["mae"]))
            else:
                failed = run.failed(contestant.name, engine)
                cells.append(Cell("failed") if failed else Cell())
        kind = "" if kinds[name] == "continuous" else f" ({kinds[name]})"
        rows.append(Row(name + kind, tuple(cells)))
    return Section(engine, tuple(rows))


def _cell(accuracy: float, macro_f1: float, mae: float) -> Cell:
    if np.isfinite(accuracy):
        return Cell(wording.number(accuracy, 3), f"F1 {wording.number(macro_f1, 3)}")
    return Cell(wording.number(mae, 3))
