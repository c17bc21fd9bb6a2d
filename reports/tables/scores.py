"""Every measured table of a run, each as one table object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evaluation.statistics import MIN_FACES
from reports.tables import wording
from reports.tables.estimates import Estimate, ScoreKey, best_rows, estimates
from reports.tables.table import Cell, Column, Row, Section, Table
from reports.tables.timing import speed_cell, speed_note
from reports.trials import Contestant, ReportError, Run

HEADLINE = ("lpips", "st-lpips")
"""The metrics of the headline table: the paper's LPIPS, and its stand-by."""


Block = Mapping[str, Cell]
"""A column's cells by variant."""


def measured(run: Run) -> tuple[Mapping[str, Any], ...]:
    """The run's metrics that were measured; raises ReportError where none was."""
    found = tuple(m for m in run.metrics if m["skipped"] is None)
    if not found:
        raise ReportError(f"{run.folder}: no metric was measured; nothing to report")
    return found


def main_metric(run: Run) -> Mapping[str, Any]:
    """The metric that rankings go by: the first of the suite that was measured."""
    return measured(run)[0]


def headline_metrics(run: Run) -> tuple[Mapping[str, Any], ...]:
    """The metrics of Tables 1 and 3; the suite's first where it has none of them."""
    found = tuple(m for m in run.metrics if m["name"] in HEADLINE)
    return found or run.metrics[:1]


def headline(run: Run) -> Table:
    """Table 1 in the paper's shape: distances by engine, then speed."""
    metrics, shown = headline_metrics(run), run.main_contestants
    columns, blocks = headline_scores(run, shown)
    timing, comparable = speed_note(run)
    columns += [
        Column("Model", "Hz", "↑"),
        Column("+ engine", "Hz", "↑"),
    ]
    for kind in ("model", "end_to_end"):
        blocks.append(_speed_column(run, kind, run.engines, comparable))
    return Table(
        "table-1",
        "Table 1: distance to the designer's avatar, and speed",
        "Method",
        tuple(columns),
        (Section("", rows(shown, blocks)),),
        _notes(run, run.main_split, run.designers[0], metrics, timing),
    )


def headline_scores(
    run: Run, contestants: Sequence[Contestant]
) -> tuple[list[Column], list[Block]]:
    """Columns of every engine and headline metric, with these rows' cells."""
    columns, blocks = [], []
    for engine in run.engines:
        place = ScoreKey(engine, run.main_split, run.designers[0])
        for metric in headline_metrics(run):
            columns.append(_column(metric, engine))
            blocks.append(_score_column(run, contestants, metric, place))
    return columns, blocks


def by_engine(run: Run, split: str, designer: str, speed: bool = True) -> Table:
    """Every metric of one split under one designer, a section an engine."""
    timing, comparable = speed_note(run)
    speeds = (("model", "Model"), ("end_to_end", "+ engine")) if speed else ()
    columns = [_column(m) for m in run.metrics]
    columns += [Column(title, "Hz", "↑") for _, title in speeds]
    sections = []
    for engine in run.engines:
        place = ScoreKey(engine, split, designer)
        blocks = [_score_column(run, run.contestants, m, place) for m in run.metrics]
        blocks += [_speed_column(run, k, (engine,), comparable) for k, _ in speeds]
        sections.append(Section(engine, rows(run.contestants, blocks)))
    return Table(
        f"all-{split}-{designer}",
        f"All scores: {wording.SPLITS.get(split, split)} faces, truths of {designer}",
        "Method",
        tuple(columns),
        tuple(sections),
        _notes(run, split, designer, run.metrics, timing),
    )


def parts(run: Run) -> Table | None:
    """The main metric by split and part of the world; None where there is one only."""
    metric, designer = main_metric(run), run.designers[0]
    places, shown = split_parts(run), run.with_rungs
    if len(places) < 2:
        return None
    sections = []
    for engine in run.engines:
        blocks = []
        for split, part in places:
            place = ScoreKey(engine, split, designer, part)
            blocks.append(_score_column(run, shown, metric, place))
        sections.append(Section(engine, rows(shown, blocks)))
    columns = [
        Column(part or "all", wording.SPLITS.get(split, split))
        for split, part in places
    ]
    return Table(
        "parts",
        f"{metric['title']} by split and part of the world",
        "Method",
        tuple(columns),
        tuple(sections),
        (
            *wording.stand_in_note(run),
            *(wording.data_note(run, name, designer) for name in run.splits),
            _part_sizes(run, places),
            wording.METHOD_NOTE,
            *wording.oracle_note(run),
            wording.identity(metric),
        ),
    )


def split_parts(run: Run) -> list[tuple[str, str | None]]:
    """Every split, by its parts where it has several."""
    done = next((t for t in run.trials if t.error is None), None)
    places: list[tuple[str, str | None]] = []
    for split in run.splits:
        scores = None if done is None else done.scores(split, run.designers[0])
        names = [] if scores is None else sorted(set(map(str, scores["part"])))
        places += [(split, None)] if len(names) < 2 else [(split, n) for n in names]
    return places


def _part_sizes(run: Run, places: Sequence[tuple[str, str | None]]) -> str:
    """How many faces each column of `parts` has."""
    done = next(t for t in run.trials if t.error is None)
    sizes = []
    for split, part in places:
        scores = done.scores(split, run.designers[0])
        count = len(scores) if part is None else list(scores["part"]).count(part)
        sizes.append(f"{wording.SPLITS.get(split, split)} {part or 'all'} {count}")
    return f"Faces: {', '.join(sizes)}."


def _column(metric: Mapping[str, Any], group: str = "") -> Column:
    return Column(metric["title"], group, wording.ARROWS[metric["direction"]])


def rows(contestants: Sequence[Contestant], blocks: Sequence[Block]) -> tuple[Row, ...]:
    """A row a contestant from blocks that each hold a column's cells by variant."""
    return tuple(Row(c.label, tuple(b[c.name] for b in blocks)) for c in contestants)


def _score_column(
    run: Run,
    contestants: Sequence[Contestant],
    metric: Mapping[str, Any],
    place: ScoreKey,
) -> Block:
    found = estimates(run, metric, place)
    strong = best_rows(contestants, found, metric["direction"])
    return {
        c.name: _score_cell(run, c, metric, place, found[c.name], c.name in strong)
        for c in contestants
    }


def _score_cell(
    run: Run,
    contestant: Contestant,
    metric: Mapping[str, Any],
    place: ScoreKey,
    found: Estimate | None,
    strong: bool,
) -> Cell:
    if found is not None:
        return wording.score(found.interval, wording.digits(metric), strong)
    wanted = metric["skipped"] is None
    failed = wanted and run.failed(contestant.name, place.engine)
    return Cell("failed") if failed else Cell()


def _speed_column(
    run: Run, kind: str, engines: Sequence[str], comparable: bool
) -> Block:
    if not comparable:
        return {c.name: Cell() for c in run.contestants}
    return {
        c.name: speed_cell([t for e in engines for t in run.done(c.name, e)], kind)
        for c in run.contestants
    }


def _notes(
    run: Run,
    split: str,
    designer: str,
    metrics: Sequence[Mapping[str, Any]],
    timing: str,
) -> tuple[str, ...]:
    few = run.splits[split] < MIN_FACES
    return (
        *wording.stand_in_note(run),
        wording.data_note(run, split, designer),
        wording.METHOD_NOTE,
        *((f"Fewer than {MIN_FACES} faces: no intervals, no tests.",) if few else ()),
        *wording.oracle_note(run),
        *(wording.identity(metric) for metric in metrics),
        *_fewer_faces(run, split, designer, metrics),
        timing,
        *wording.seed_notes(run),
        *wording.failure_notes(run),
    )


def _fewer_faces(
    run: Run, split: str, designer: str, metrics: Sequence[Mapping[str, Any]]
) -> tuple[str, ...]:
    """A sentence for each metric that is not defined on every face for every row."""
    faces, notes = run.splits[split], []
    for metric in metrics:
        for engine in run.engines:
            found = estimates(run, metric, ScoreKey(engine, split, designer)).values()
            counts = {e.interval.n for e in found if e is not None}
            if counts and min(counts) < faces:
                few, many = min(counts), max(counts)
                span = str(few) if few == many else f"{few} to {many}, by row,"
                notes.append(
                    f"{metric['title']} on {engine}: {span} of {faces} faces, those "
                    "where it is defined."
                )
    return tuple(notes)
