"""Table 3 in print: scores by rung, what each step changes, shares of the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from evaluation.statistics import Interval
from reports.tables import wording
from reports.tables.ablation import Share, Step, shares, steps
from reports.tables.inferability import SUPERVISED
from reports.tables.scores import headline_metrics, headline_scores, rows
from reports.tables.table import Cell, Column, Row, Section, Table
from reports.trials import Ablation, Run

BEYOND = "Beyond the paper"
STEP_NOTE = (
    "Paired difference over faces, for these seeds, the row minus what it stands "
    "against, with its 95 % bootstrap interval (BCa); in bold where the interval "
    "excludes 0. p: two-sided "
    "sign-flip permutation test; Holm over the steps of the ladder, and over what goes "
    "beyond it, each on one engine under one metric."
)


def ablation_tables(run: Run) -> tuple[Table, ...]:
    """Table 3, its steps and its shares; none where the suite has no ablation."""
    ablation = run.ablation
    if ablation is None:
        return ()
    found = (_scores(run, ablation), _steps(run, ablation), _shares(run, ablation))
    return tuple(table for table in found if table is not None)


def _scores(run: Run, ablation: Ablation) -> Table:
    columns, blocks = headline_scores(run, ablation.contestants)
    return Table(
        "table-3",
        f"Table 3: {ablation.title}",
        "Method",
        tuple(columns),
        _sections(rows(ablation.rungs, blocks), rows(ablation.beyond, blocks)),
        (
            *wording.stand_in_note(run),
            *_ladder_note(ablation),
            wording.data_note(run, run.main_split, run.designers[0]),
            wording.METHOD_NOTE,
            *(wording.identity(metric) for metric in headline_metrics(run)),
            *wording.seed_notes(run),
            *wording.failure_notes(run),
        ),
    )


def _sections(ladder: Sequence[Row], beyond: Sequence[Row]) -> tuple[Section, ...]:
    both = (Section("", tuple(ladder)), Section(BEYOND, tuple(beyond)))
    return tuple(section for section in both if section.rows)


def _ladder_note(ablation: Ablation) -> tuple[str, ...]:
    first = ablation.rungs[0].title
    note = (
        f"Each rung adds a step to the one above it; {first} is Table 1's row. What "
        "else differs between rungs, such as how many avatars are drawn and how fine, "
        "is in the suite."
    )
    if ablation.beyond:
        note += " Each row beyond the paper is the last rung with something changed."
    return (note,)


def _measured(run: Run) -> list[Mapping[str, Any]]:
    return [m for m in headline_metrics(run) if m["skipped"] is None]


def _steps(run: Run, ablation: Ablation) -> Table | None:
    metrics = _measured(run)
    if not metrics:
        return None
    columns, sections = [], []
    for metric in metrics:
        columns += [
            Column(title, metric["title"])
            for title in ("Difference", "Excludes 0", "p (Holm)")
        ]
    climbs, last = len(ablation.rungs) - 1, ablation.rungs[-1].label
    for engine in run.engines:
        found = [steps(run, ablation, metric, engine) for metric in metrics]
        lines = [
            Row(same[0].contestant.label, _step_cells(same, metrics))
            for same in zip(*found, strict=True)
        ]
        title = f"{engine}: against the rung before"
        sections.append(Section(title, tuple(lines[:climbs])))
        if ablation.beyond:
            title = f"{engine}: against {last}"
            sections.append(Section(title, tuple(lines[climbs:])))
    return Table(
        "table-3-steps",
        "Table 3: what each step changes",
        "Method",
        tuple(columns),
        tuple(sections),
        (
            *wording.stand_in_note(run),
            STEP_NOTE,
            *(_better_note(metric) for metric in metrics),
            wording.data_note(run, run.main_split, run.designers[0]),
        ),
    )


def _step_cells(
    same: Sequence[Step], metrics: Sequence[Mapping[str, Any]]
) -> tuple[Cell, ...]:
    cells: list[Cell] = []
    for step, metric in zip(same, metrics, strict=True):
        if step.comparison is None:
            cells += [Cell(), Cell(), Cell()]
            continue
        difference = step.comparison.difference
        clear = difference.excludes_zero
        cells += [
            wording.score(difference, wording.digits(metric), strong=clear),
            Cell(_yes_or_no(difference)),
            Cell(wording.p_text(step.p_holm)),
        ]
    return tuple(cells)


def _yes_or_no(difference: Interval) -> str:
    if not wording.interval_text(difference, 3):
        return Cell().text
    return "yes" if difference.excludes_zero else "no"


def _better_note(metric: Mapping[str, Any]) -> str:
    sign = "negative" if metric["direction"] == "lower" else "positive"
    return f"{metric['title']}: {sign} is better."


def _shares(run: Run, ablation: Ablation) -> Table | None:
    oracle, metrics = run.playing(SUPERVISED), _measured(run)
    if oracle is None or not metrics:
        return None
    columns, blocks, notes = [], [], []
    for engine in run.engines:
        for metric in metrics:
            found = shares(run, ablation, metric, engine)
            columns.append(Column(metric["title"], engine, "↑"))
            blocks.append({s.contestant.name: _share_cell(s) for s in found})
            if all(share.interval is None for share in found):
                notes.append(
                    f"{engine}, {metric['title']}: {oracle.title} is not better than "
                    f"{ablation.rungs[0].title} with an interval that excludes 0, so "
                    "there is no share."
                )
    return Table(
        "table-3-shares",
        f"Table 3: share of the way from {ablation.rungs[0].title} to {oracle.label}",
        "Method",
        tuple(columns),
        _sections(rows(ablation.rungs[1:], blocks), rows(ablation.beyond, blocks)),
        (
            *wording.stand_in_note(run),
            f"({ablation.rungs[0].title} − row) / ({ablation.rungs[0].title} − "
            f"{oracle.title}), of means over faces, with its 95 % percentile bootstrap "
            "interval; faces are drawn for all three at once.",
            *notes,
            wording.data_note(run, run.main_split, run.designers[0]),
            *wording.oracle_note(run),
        ),
    )


def _share_cell(share: Share) -> Cell:
    found = share.interval
    if found is None:
        return Cell()
    percent = replace(
        found, mean=100 * found.mean, low=100 * found.low, high=100 * found.high
    )
    detail = wording.interval_text(percent, 0)
    return Cell(f"{wording.number(percent.mean, 0)} %", detail and f"{detail} %")
