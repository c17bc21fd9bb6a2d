"""Do differences outlast other trainings? Scores by seed, intervals over both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from evaluation.statistics import Interval, seeds_interval
from reports.tables import wording
from reports.tables.estimates import ScoreKey
from reports.tables.scores import main_metric
from reports.tables.table import Cell, Column, Row, Section, Table
from reports.trials import Contestant, Run

Data = Mapping[str, Any]


def scores_by_seed(
    run: Run, contestant: Contestant, metric: Data, place: ScoreKey
) -> pd.DataFrame:
    """Values of a metric of the level "case": a row a face, a column a finished seed.

    Faces without a value under one of the seeds are left out.
    """
    columns = {
        trial.record["seed"]: trial.scores(place.split, place.designer).set_index(
            "face"
        )[metric["name"]]
        for trial in run.done(contestant.name, place.engine)
    }
    return pd.DataFrame(columns).dropna()


def seeds_table(run: Run) -> Table | None:
    """A row's mean by seed, and its difference to the first method over both.

    A section an engine. None where no row has two seeds, or with one row alone.
    """
    metric, designer = main_metric(run), run.designers[0]
    if len(run.seeds) < 2 or len(run.with_rungs) < 2 or metric["level"] != "case":
        return None
    sections = tuple(
        Section(engine, _rows(run, metric, ScoreKey(engine, run.main_split, designer)))
        for engine in run.engines
    )
    reference = run.with_rungs[0].title
    arrow = wording.ARROWS[metric["direction"]]
    return Table(
        "seeds",
        f"{metric['title']} by training seed",
        "Method",
        (
            *(Column(f"seed {seed}", "", arrow) for seed in run.seeds),
            Column("SD", "over seeds"),
            Column(f"− {reference}", "over faces and seeds"),
        ),
        sections,
        (
            *wording.stand_in_note(run),
            f"Difference to {reference} with its 95 % percentile bootstrap interval; "
            "faces are drawn for both rows at once, seeds for each by itself; in bold "
            "where it excludes 0. Intervals of the other tables are over faces, for "
            f"these seeds as they are. With {len(run.seeds)} seeds it is rough, and "
            "rather too narrow than too wide.",
            "A seed varies what a method says that it varies: see its page for what "
            "all seeds share.",
            wording.data_note(run, run.main_split, designer),
            *wording.oracle_note(run),
            wording.identity(metric),
        ),
    )


def _rows(run: Run, metric: Data, place: ScoreKey) -> tuple[Row, ...]:
    found = {c.name: scores_by_seed(run, c, metric, place) for c in run.with_rungs}
    base = found[run.with_rungs[0].name]
    return tuple(
        Row(c.label, _cells(run, metric, found[c.name], base)) for c in run.with_rungs
    )


def _cells(
    run: Run, metric: Data, scores: pd.DataFrame, base: pd.DataFrame
) -> tuple[Cell, ...]:
    decimals = wording.digits(metric)
    means = {s: float(np.mean(scores[s])) for s in scores.columns if len(scores)}
    shown = [
        Cell(wording.number(means.get(seed, np.nan), decimals)) for seed in run.seeds
    ]
    spread = np.std(list(means.values()), ddof=1) if len(means) > 1 else np.nan
    return (
        *shown,
        Cell(wording.number(float(spread), decimals)),
        _difference(scores, base, decimals),
    )


def _difference(scores: pd.DataFrame, base: pd.DataFrame, decimals: int) -> Cell:
    if scores is base or min(scores.shape[1], base.shape[1]) < 2:
        return Cell()
    found: Interval = seeds_interval(scores, base)
    return wording.score(found, decimals, strong=found.excludes_zero)
