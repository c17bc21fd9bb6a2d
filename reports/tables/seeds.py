"""Scores by training seed, and differences with intervals over faces and seeds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from evaluation.statistics import Interval, seeds_interval
from reports.tables import wording
from reports.tables.estimates import ScoreKey
from reports.tables.scores import main_metric
from reports.tables.table import Cell, Column, Row, Section, Table
from reports.trials import ReportedVariant, Run

Data = Mapping[str, Any]


def scores_by_seed(
    run: Run, variant: ReportedVariant, metric: Data, key: ScoreKey
) -> pd.DataFrame:
    """Per-face values of a case metric: faces as rows, finished seeds as columns.

    Faces without a value for one of the seeds are dropped.
    """
    columns = {
        trial.record["seed"]: trial.scores(key.split, key.designer).set_index("face")[
            metric["name"]
        ]
        for trial in run.finished_trials(variant.name, key.engine)
    }
    return pd.DataFrame(columns).dropna()


def seeds_table(run: Run) -> Table | None:
    """Each row's mean by seed, and its difference to the first method.

    A section for each engine. None for a single seed, a single row or a set metric.
    """
    metric, designer = main_metric(run), run.designers[0]
    if (
        len(run.seeds) < 2
        or len(run.main_and_step_variants) < 2
        or metric["level"] != "case"
    ):
        return None
    sections = tuple(
        Section(engine, _rows(run, metric, ScoreKey(engine, run.main_split, designer)))
        for engine in run.engines
    )
    reference = run.main_and_step_variants[0].title
    arrow = wording.ARROWS[metric["direction"]]
    return Table(
        "seeds",
        f"{metric['title']} by training seed",
        "Method",
        (
            *(Column(f"seed {seed}", "", arrow) for seed in run.seeds),
            Column("SD", "Over seeds"),
            Column(f"Minus {reference}", "Over faces and seeds"),
        ),
        sections,
        (
            *wording.stand_in_notes(run),
            *_difference_notes(run, reference, [s.rows for s in sections]),
            "What a seed varies depends on the method; its documentation says what all "
            "seeds share.",
            wording.data_note(run, run.main_split, designer),
            *wording.oracle_notes(run),
            wording.metric_note(metric),
        ),
    )


def _difference_notes(
    run: Run, reference: str, sections: Sequence[Sequence[Row]]
) -> Iterator[str]:
    """Explains the last column, as far as it has numbers."""
    cells = [row.cells[-1] for rows in sections for row in rows]
    if wording.has_detail(cells):
        bold = " Bold: the interval excludes 0." * any(cell.strong for cell in cells)
        yield (
            f"Minus {reference}: difference with its 95 % percentile bootstrap "
            "interval over faces and seeds (both rows share the resampled faces; seeds "
            f"are resampled for each row).{bold} Intervals in the other tables are "
            "over faces only."
        )
        yield (
            f"With {len(run.seeds)} seeds this interval is rough and tends to be too "
            "narrow."
        )
    elif any(cell != Cell() for cell in cells):
        faces = wording.no_intervals(run.splits[run.main_split])
        yield f"Minus {reference}: difference of the means. {faces}."


def _rows(run: Run, metric: Data, key: ScoreKey) -> tuple[Row, ...]:
    found = {
        c.name: scores_by_seed(run, c, metric, key) for c in run.main_and_step_variants
    }
    base = found[run.main_and_step_variants[0].name]
    return tuple(
        Row(c.label, _cells(run, metric, found[c.name], base))
        for c in run.main_and_step_variants
    )


def _cells(
    run: Run, metric: Data, scores: pd.DataFrame, base: pd.DataFrame
) -> tuple[Cell, ...]:
    decimals = wording.decimals_of(metric)
    means = {s: float(np.mean(scores[s])) for s in scores.columns if len(scores)}
    shown = [
        Cell(wording.format_number(means.get(seed, np.nan), decimals))
        for seed in run.seeds
    ]
    spread = np.std(list(means.values()), ddof=1) if len(means) > 1 else np.nan
    return (
        *shown,
        Cell(wording.format_number(float(spread), decimals)),
        _difference(scores, base, decimals),
    )


def _difference(scores: pd.DataFrame, base: pd.DataFrame, decimals: int) -> Cell:
    if scores is base or min(scores.shape[1], base.shape[1]) < 2:
        return Cell()
    found: Interval = seeds_interval(scores, base)
    return wording.score_cell(found, decimals, strong=found.excludes_zero)
