"""Tables of two designers' agreement: a human ceiling for Table 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evaluation.statistics import LEVEL, MIN_FACES, Interval
from reports.tables import wording
from reports.tables.table import Cell, Column, Row, Section, Table

FIGURES = ("equal", "kappa", "difference", "correlation")


@dataclass(frozen=True)
class Pair:
    """Two designers' truths for the same faces of an engine."""

    engine: str
    one: str
    other: str
    faces: int
    render_size: int


def ceiling_table(
    pair: Pair, scores: Sequence[tuple[Mapping[str, Any], Interval | None]]
) -> Table:
    """A row a metric: the other designer scored against the one, as a method would be.

    `scores` pairs a metric's data (`metric_data` of `benchmark.config.resolved`) with
    its mean over faces, None where it was not measured here.
    """
    rows = tuple(
        Row(
            f"{metric['title']} {wording.ARROWS[metric['direction']]}",
            (_score(metric, interval), Cell(str(interval.n if interval else 0))),
        )
        for metric, interval in scores
    )
    return Table(
        "designers-ceiling",
        f"Human ceiling on {pair.engine}: {pair.other} against {pair.one}",
        "Metric",
        (Column("Mean"), Column("n")),
        (Section("", rows),),
        (
            f"The avatars of {pair.other} scored against those of {pair.one} on the "
            f"{pair.faces} faces that both did, as a method's are in Table 1: a method "
            "that does as well is as near to a designer as another designer is.",
            f"Mean with its {LEVEL:.0%} bootstrap interval over faces; none for fewer "
            f"than {MIN_FACES} faces. Renders of {pair.render_size} px.",
            *(wording.identity(metric) for metric, _ in scores),
        ),
    )


def parameter_agreement_table(pair: Pair, figures: pd.DataFrame) -> Table:
    """A row a parameter of `evaluation.designers.parameter_agreement`."""
    rows = tuple(
        Row(
            str(figure["parameter"]),
            (Cell(str(figure["n"])), *(_figure(figure[name]) for name in FIGURES)),
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
            "Over the n faces for which both have the parameter active. Options: share "
            "of equal ones, and Cohen's κ, which takes off what chance gives. Scalars: "
            "mean absolute difference, and Pearson's r. A dash stands where nothing "
            "varies.",
        ),
    )


def _score(metric: Mapping[str, Any], interval: Interval | None) -> Cell:
    return wording.score(interval, wording.digits(metric)) if interval else Cell()


def _figure(value: float) -> Cell:
    return Cell(wording.number(float(value), 2)) if np.isfinite(value) else Cell()
