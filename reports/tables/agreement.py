"""Tables of the agreement between two designers: human performance for Table 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from benchmark.avatars.counting import counted
from evaluation.statistics import LEVEL, MIN_FACES, Interval
from reports.tables import wording
from reports.tables.table import Cell, Column, Row, Section, Table

FIGURES = ("equal", "kappa", "difference", "correlation")


@dataclass(frozen=True)
class Pair:
    """Two designers whose avatars of the same faces are compared on one engine."""

    engine: str
    one: str
    other: str
    faces: int
    render_size: int


def ceiling_table(
    pair: Pair, scores: Sequence[tuple[Mapping[str, Any], Interval | None]]
) -> Table:
    """Scores of one designer against the other, a row for each metric.

    `scores` pairs a metric's data (`metric_data` of `benchmark.config.resolved`) with
    its mean over faces, or None if it was not measured.
    """
    rows = tuple(
        Row(
            f"{metric['title']} {wording.ARROWS[metric['direction']]}",
            (_score_cell(metric, interval), Cell(str(interval.n if interval else 0))),
        )
        for metric, interval in scores
    )
    return Table(
        "designers-ceiling",
        f"Human performance on {pair.engine}: {pair.other} against {pair.one}",
        "Metric",
        (Column("Mean"), Column("n")),
        (Section("", rows),),
        (
            f"Avatars by {pair.other}, scored against those by {pair.one} as a method "
            f"is in Table 1, over the {counted(pair.faces, 'face')} that both "
            "designed. A method with this score is as close to a designer as another "
            "designer is.",
            *_interval_note(rows),
            f"Renders of {pair.render_size} px.",
            *(wording.metric_note(metric) for metric, _ in scores),
        ),
    )


def _interval_note(rows: Sequence[Row]) -> tuple[str, ...]:
    means = [row.cells[0] for row in rows if row.cells[0] != Cell()]
    fewer = f"for fewer than {MIN_FACES} faces"
    if not means:
        return ()
    if not wording.has_detail(means):
        return (f"Mean over faces; no interval {fewer}.",)
    missing = f"; no interval {fewer}" * any(not cell.detail for cell in means)
    return (f"Mean with its {LEVEL:.0%} bootstrap interval over faces{missing}.",)


def parameter_agreement_table(pair: Pair, figures: pd.DataFrame) -> Table:
    """One row per parameter: see `evaluation.designers.parameter_agreement`."""
    rows = tuple(
        Row(
            str(figure["parameter"]),
            (Cell(str(figure["n"])), *(_figure_cell(figure[name]) for name in FIGURES)),
        )
        for figure in figures.to_dict("records")
    )
    return Table(
        "designers-parameters",
        f"Agreement of {pair.one} and {pair.other} on {pair.engine}, by parameter",
        "Parameter",
        (
            Column("n"),
            Column("Equal", arrow="↑"),
            Column("κ", arrow="↑"),
            Column("Difference", arrow="↓"),
            Column("r", arrow="↑"),
        ),
        (Section("", rows),),
        (
            "Over the n faces for which both designers have the parameter active. "
            "Options: share of equal choices (Equal) and Cohen's κ (corrected for "
            "chance). Scalars: mean absolute difference and Pearson's r. A dash: the "
            "figure is undefined, for instance because a designer never varied the "
            "parameter.",
        ),
    )


def _score_cell(metric: Mapping[str, Any], interval: Interval | None) -> Cell:
    return (
        wording.score_cell(interval, wording.decimals_of(metric))
        if interval
        else Cell()
    )


def _figure_cell(value: float) -> Cell:
    return (
        Cell(wording.format_number(float(value), 2)) if np.isfinite(value) else Cell()
    )
