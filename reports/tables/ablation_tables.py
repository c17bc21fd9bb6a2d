"""Table 3: scores of each step, effects of each step, and the gap closed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from evaluation.statistics import MIN_FACES, Interval
from reports.tables import wording
from reports.tables.ablation import StepEffect, WayShare, step_effects, way_shares
from reports.tables.inferability import SUPERVISED
from reports.tables.scores import headline_metrics, headline_scores, rows
from reports.tables.table import Cell, Column, Row, Section, Table
from reports.trials import Ablation, Run

BEYOND = "Beyond the paper"
PAIRED = "Difference: the row minus the row that the heading names, paired over faces"
HOLM = (
    "Holm correction within one engine and metric, separately for the steps and for "
    "the rows beyond them."
)


def ablation_tables(run: Run) -> tuple[Table, ...]:
    """The three tables of the ablation, as far as there is data; () without one."""
    ablation = run.ablation
    if ablation is None:
        return ()
    tables = (
        _score_table(run, ablation),
        _step_table(run, ablation),
        _gap_table(run, ablation),
    )
    return tuple(table for table in tables if table is not None)


def _score_table(run: Run, ablation: Ablation) -> Table:
    columns, cells = headline_scores(run, ablation.variants)
    metrics, faces = headline_metrics(run), run.splits[run.main_split]
    return Table(
        "table-3",
        f"Table 3: {ablation.title}",
        "Method",
        tuple(columns),
        _sections(rows(ablation.steps, cells), rows(ablation.beyond, cells)),
        (
            *wording.stand_in_notes(run),
            *_ablation_notes(ablation),
            wording.data_note(run, run.main_split, run.designers[0]),
            *wording.score_notes(run, faces, metrics, cells),
            *(wording.metric_note(metric) for metric in metrics),
            *wording.seed_notes(run),
            *wording.failure_notes(run),
        ),
    )


def _sections(steps: Sequence[Row], beyond: Sequence[Row]) -> tuple[Section, ...]:
    both = (Section("", tuple(steps)), Section(BEYOND, tuple(beyond)))
    return tuple(section for section in both if section.rows)


def _ablation_notes(ablation: Ablation) -> tuple[str, ...]:
    first, last = ablation.steps[0].title, ablation.steps[-1].title
    note = (
        f"Each row adds one step to the row above. {first} is the row of Table 1. Rows "
        "can differ in further settings, such as the number of drawn avatars; the "
        "suite file lists them."
    )
    beyond = (f"{BEYOND}: variants of {last}.",) if ablation.beyond else ()
    return (note, *beyond)


def _measured(run: Run) -> list[Mapping[str, Any]]:
    return [m for m in headline_metrics(run) if m["skipped"] is None]


def _step_table(run: Run, ablation: Ablation) -> Table | None:
    metrics = _measured(run)
    if not metrics:
        return None
    columns, sections = [], []
    for metric in metrics:
        columns += [
            Column(title, metric["title"])
            for title in ("Difference", "Excludes 0", "p (Holm)")
        ]
    count, last = len(ablation.steps) - 1, ablation.steps[-1].label
    for engine in run.engines:
        found = [step_effects(run, ablation, metric, engine) for metric in metrics]
        lines = [
            Row(same[0].variant.label, _step_cells(same, metrics))
            for same in zip(*found, strict=True)
        ]
        title = f"{engine}: compared with the step before"
        sections.append(Section(title, tuple(lines[:count])))
        if ablation.beyond:
            title = f"{engine}: compared with {last}"
            sections.append(Section(title, tuple(lines[count:])))
    return Table(
        "table-3-steps",
        "Table 3: effect of each step",
        "Method",
        tuple(columns),
        tuple(sections),
        (
            *wording.stand_in_notes(run),
            *_step_notes(metrics[0], run.splits[run.main_split], sections),
            *(wording.better_note(metric) for metric in metrics),
            wording.data_note(run, run.main_split, run.designers[0]),
        ),
    )


def _step_notes(
    metric: Mapping[str, Any], faces: int, sections: Sequence[Section]
) -> Iterator[str]:
    """Explains those columns of the table of steps that have numbers."""
    lines = [row.cells for section in sections for row in section.rows]
    differences = [cell for cells in lines for cell in cells[::3]]
    if wording.has_detail(differences):
        bold = " Bold: the interval excludes 0."
        bold *= any(cell.strong for cell in differences)
        yield f"{PAIRED}, {wording.interval_phrase(metric)}.{bold}"
    elif any(cell != Cell() for cell in differences):
        yield f"{PAIRED}. {wording.no_intervals(faces)}."
    if any(cell != Cell() for cells in lines for cell in cells[2::3]):
        yield f"{wording.p_phrase(metric)}. {HOLM}"


def _step_cells(
    same: Sequence[StepEffect], metrics: Sequence[Mapping[str, Any]]
) -> tuple[Cell, ...]:
    cells: list[Cell] = []
    for step, metric in zip(same, metrics, strict=True):
        if step.comparison is None:
            cells += [Cell(), Cell(), Cell()]
            continue
        difference = step.comparison.difference
        strong = difference.excludes_zero
        cells += [
            wording.score_cell(difference, wording.decimals_of(metric), strong),
            Cell(_excludes_zero(difference)),
            Cell(wording.format_p(step.p_holm)),
        ]
    return tuple(cells)


def _excludes_zero(difference: Interval) -> str:
    if not wording.format_interval(difference, 3):
        return Cell().text
    return "yes" if difference.excludes_zero else "no"


def _gap_table(run: Run, ablation: Ablation) -> Table | None:
    oracle, metrics = run.first_variant_of(SUPERVISED), _measured(run)
    if oracle is None or not metrics:
        return None
    columns, cells, notes = [], [], []
    reason = (
        f"{oracle.title} is not better than {ablation.steps[0].title} (the interval of "
        "the difference does not exclude 0)"
    )
    if run.splits[run.main_split] < MIN_FACES:
        reason = f"it needs at least {MIN_FACES} faces"
    for engine in run.engines:
        for metric in metrics:
            found = way_shares(run, ablation, metric, engine)
            columns.append(Column(metric["title"], engine, "↑"))
            cells.append({s.variant.name: _share_cell(s) for s in found})
            if all(share.interval is None for share in found):
                notes.append(
                    f"{engine}, {metric['title']}: no share, because {reason}."
                )
    interval = (
        ", with its 95 % percentile bootstrap interval (the same resampled faces for "
        "all three)"
    )
    interval *= any(wording.has_detail(column.values()) for column in cells)
    return Table(
        "table-3-shares",
        f"Table 3: share of the gap closed, from {ablation.steps[0].title} (0 %) to "
        f"{oracle.label} (100 %)",
        "Method",
        tuple(columns),
        _sections(rows(ablation.steps[1:], cells), rows(ablation.beyond, cells)),
        (
            *wording.stand_in_notes(run),
            f"Share: ({ablation.steps[0].title} − row) / ({ablation.steps[0].title} − "
            f"{oracle.title}), from means over faces{interval}.",
            *notes,
            wording.data_note(run, run.main_split, run.designers[0]),
            *wording.oracle_notes(run),
        ),
    )


def _share_cell(share: WayShare) -> Cell:
    found = share.interval
    if found is None:
        return Cell()
    percent = replace(
        found, mean=100 * found.mean, low=100 * found.low, high=100 * found.high
    )
    detail = wording.format_interval(percent, 0)
    return Cell(f"{wording.format_number(percent.mean, 0)} %", detail and f"{detail} %")
