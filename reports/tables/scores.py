"""Table 1 and the tables of all scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reports.tables import wording
from reports.tables.estimates import (
    ScoreKey,
    best_rows,
    estimates,
    leading_rows,
)
from reports.tables.table import Cell, Column, Row, Section, Table
from reports.tables.timing import speed_cell, speed_note
from reports.tables.undefined import undefined_notes
from reports.trials import ReportedVariant, ReportError, Run

HEADLINE = ("lpips", "st-lpips")
"""The metrics of Tables 1 and 3: the paper's LPIPS, and a second distance."""

ColumnCells = Mapping[str, Cell]
"""One column: a cell for each variant's name."""


def measured(run: Run) -> tuple[Mapping[str, Any], ...]:
    """The metrics that were measured, in order.

    Raises ReportError if there are none.
    """
    found = tuple(m for m in run.metrics if m["skipped"] is None)
    if not found:
        raise ReportError(f"{run.folder}: no metric was measured, nothing to report")
    return found


def main_metric(run: Run) -> Mapping[str, Any]:
    """The metric that rankings use: the first of the suite that was measured.

    This is LPIPS in the shipped suites, and ST-LPIPS where LPIPS was skipped.
    """
    return measured(run)[0]


def headline_metrics(run: Run) -> tuple[Mapping[str, Any], ...]:
    """The metrics of Tables 1 and 3; the suite's first if it has none of HEADLINE."""
    found = tuple(m for m in run.metrics if m["name"] in HEADLINE)
    return found or run.metrics[:1]


def headline_table(run: Run) -> Table:
    """Table 1, laid out as in the paper: distances by engine, then speed."""
    metrics, shown = headline_metrics(run), run.main_variants
    columns, cells = headline_scores(run, shown)
    scores = tuple(cells)
    timing, comparable = speed_note(run)
    columns += [
        Column("Model", "Speed (Hz)", "↑"),
        Column("With render", "Speed (Hz)", "↑"),
    ]
    for kind in ("model", "end_to_end"):
        cells.append(_speed_column(run, kind, run.engines, comparable))
    return Table(
        "table-1",
        f"Table 1: distance to the {wording.truth_maker(run)}'s avatar, and speed",
        "Method",
        tuple(columns),
        (Section("", rows(shown, cells)),),
        _score_notes(run, run.main_split, run.designers[0], metrics, scores, timing),
    )


def headline_scores(
    run: Run, variants: Sequence[ReportedVariant]
) -> tuple[list[Column], list[ColumnCells]]:
    """A column for each engine and headline metric: headings and cells."""
    columns, cells = [], []
    for engine in run.engines:
        key = ScoreKey(engine, run.main_split, run.designers[0])
        for metric in headline_metrics(run):
            columns.append(_metric_head(metric, engine))
            cells.append(_score_column(run, variants, metric, key))
    return columns, cells


def all_scores_table(run: Run, split: str, designer: str, speed: bool = True) -> Table:
    """All metrics of one split and designer, a section for each engine."""
    timing, comparable = speed_note(run)
    speeds = (("model", "Model"), ("end_to_end", "With render")) if speed else ()
    columns = [_metric_head(m) for m in run.metrics]
    columns += [Column(title, "Speed (Hz)", "↑") for _, title in speeds]
    sections, scores = [], []
    for engine in run.engines:
        key = ScoreKey(engine, split, designer)
        cells = [_score_column(run, run.variants, m, key) for m in run.metrics]
        scores += cells
        cells += [_speed_column(run, k, (engine,), comparable) for k, _ in speeds]
        sections.append(Section(engine, rows(run.variants, cells)))
    return Table(
        f"all-{split}-{designer}",
        f"All scores: {wording.split_title(split)} faces, ground truth by {designer}",
        "Method",
        tuple(columns),
        tuple(sections),
        _score_notes(run, split, designer, run.metrics, scores, timing),
    )


def parts_table(run: Run) -> Table | None:
    """The main metric by split and part; None with one column or without a score."""
    metric, designer = main_metric(run), run.designers[0]
    groups, shown = split_parts(run), run.main_and_step_variants
    if len(groups) < 2:
        return None
    sizes = _part_sizes(run, groups)
    if not sizes:
        return None
    sections, scores = [], []
    for engine in run.engines:
        cells = []
        for split, part in groups:
            key = ScoreKey(engine, split, designer, part)
            cells.append(_score_column(run, shown, metric, key))
        scores += cells
        sections.append(Section(engine, rows(shown, cells)))
    columns = [
        Column(part or "all", wording.split_title(split)) for split, part in groups
    ]
    return Table(
        "parts",
        f"{metric['title']} by split and part of the faces",
        "Method",
        tuple(columns),
        tuple(sections),
        (
            *wording.stand_in_notes(run),
            *(wording.data_note(run, name, designer) for name in run.splits),
            f"Faces: {', '.join(f'{name} {count}' for name, count in sizes.items())}.",
            *wording.score_notes(run, max(sizes.values()), (metric,), scores),
            *wording.oracle_notes(run),
            wording.metric_note(metric),
        ),
    )


def split_parts(run: Run) -> list[tuple[str, str | None]]:
    """(split, part) for each part of each split; part None if a split has only one."""
    done = next((t for t in run.trials if t.error is None), None)
    groups: list[tuple[str, str | None]] = []
    for split in run.splits:
        scores = None if done is None else done.scores(split, run.designers[0])
        names = [] if scores is None else sorted(set(map(str, scores["part"])))
        groups += [(split, None)] if len(names) < 2 else [(split, n) for n in names]
    return groups


def _part_sizes(
    run: Run, groups: Sequence[tuple[str, str | None]]
) -> Mapping[str, int]:
    """The number of faces by the name of a split's part; empty if all trials failed."""
    done = next((t for t in run.trials if t.error is None), None)
    sizes: dict[str, int] = {}
    if done is None:
        return sizes
    for split, part in groups:
        scores = done.scores(split, run.designers[0])
        count = len(scores) if part is None else list(scores["part"]).count(part)
        sizes[f"{wording.split_title(split)} {part or 'all'}"] = count
    return sizes


def _metric_head(metric: Mapping[str, Any], group: str = "") -> Column:
    return Column(metric["title"], group, wording.ARROWS[metric["direction"]])


def rows(
    variants: Sequence[ReportedVariant], columns: Sequence[ColumnCells]
) -> tuple[Row, ...]:
    """A row for each variant; `columns` hold the cells of each column."""
    return tuple(Row(v.label, tuple(c[v.name] for c in columns)) for v in variants)


def _score_column(
    run: Run,
    variants: Sequence[ReportedVariant],
    metric: Mapping[str, Any],
    key: ScoreKey,
) -> ColumnCells:
    found = estimates(run, metric, key)
    strong = best_rows(variants, found, metric)
    leading = leading_rows(variants, found, metric)
    decimals = wording.decimals_of(metric)
    return {
        c.name: _missing_cell(run, c, metric, key)
        if (e := found[c.name]) is None
        else wording.score_cell(
            e.interval, decimals, c.name in strong, c.name in leading
        )
        for c in variants
    }


def _missing_cell(
    run: Run, variant: ReportedVariant, metric: Mapping[str, Any], key: ScoreKey
) -> Cell:
    wanted = metric["skipped"] is None
    failed = wanted and run.failed(variant.name, key.engine)
    return Cell(wording.FAILED) if failed else Cell()


def _speed_column(
    run: Run, kind: str, engines: Sequence[str], comparable: bool
) -> ColumnCells:
    if not comparable:
        return {c.name: Cell() for c in run.variants}
    return {
        c.name: speed_cell(
            [t for e in engines for t in run.finished_trials(c.name, e)], kind
        )
        for c in run.variants
    }


def _score_notes(
    run: Run,
    split: str,
    designer: str,
    metrics: Sequence[Mapping[str, Any]],
    scores: Sequence[ColumnCells],
    timing: str,
) -> tuple[str, ...]:
    return (
        *wording.stand_in_notes(run),
        wording.data_note(run, split, designer),
        *wording.score_notes(run, run.splits[split], metrics, scores),
        *wording.oracle_notes(run),
        *(wording.metric_note(metric) for metric in metrics),
        *undefined_notes(run, split, designer, metrics),
        timing,
        *wording.seed_notes(run),
        *wording.failure_notes(run),
    )
