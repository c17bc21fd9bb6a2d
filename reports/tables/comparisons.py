"""Paired differences between rows, and scores by each designer's ground truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evaluation.statistics import holm
from reports.tables import wording
from reports.tables.estimates import Estimate, ScoreKey, estimates
from reports.tables.scores import main_metric, rows
from reports.tables.table import Cell, Column, Row, Section, Table
from reports.trials import ReportedVariant, Run


def differences_table(run: Run) -> Table | None:
    """Each row minus the first method, paired by face; None without a difference."""
    metric, designer = main_metric(run), run.designers[0]
    reference, *others = run.main_variants
    if not others:
        return None
    sections = []
    for engine in run.engines:
        found = estimates(run, metric, ScoreKey(engine, run.main_split, designer))
        rows = _difference_rows(metric, found, reference, others)
        if rows:
            sections.append(Section(engine, rows))
    if not sections:
        return None
    heads = ("Difference", "p", "p (Holm)", "Effect size")
    return Table(
        "differences",
        f"Paired differences in {metric['title']}: each row minus {reference.title}",
        "Method",
        tuple(Column(head) for head in heads),
        tuple(sections),
        (
            *wording.stand_in_notes(run),
            wording.better_note(metric),
            _difference_note(metric, run.splits[run.main_split], sections),
            wording.data_note(run, run.main_split, designer),
            *wording.oracle_notes(run),
            wording.metric_note(metric),
        ),
    )


def _difference_note(
    metric: Mapping[str, Any], faces: int, sections: Sequence[Section]
) -> str:
    """Explains those columns of `differences_table` that have numbers."""
    rows = [row for section in sections for row in section.rows]
    differences, tests, _, effects = zip(*(row.cells for row in rows), strict=True)
    sentence = "Difference: mean over faces"
    if wording.has_detail(differences):
        sentence += f" {wording.interval_phrase(metric)}."
    else:
        sentence += f". {wording.no_intervals(faces)}."
    if any(cell != Cell() for cell in tests):
        sentence += f" {wording.p_phrase(metric)}; p (Holm): corrected over the "
        sentence += "rows of an engine."
    if any(cell != Cell() for cell in effects):
        sentence += " Effect size: matched-pairs rank-biserial correlation."
    return sentence


def _difference_rows(
    metric: Mapping[str, Any],
    found: Mapping[str, Estimate | None],
    reference: ReportedVariant,
    others: Sequence[ReportedVariant],
) -> tuple[Row, ...]:
    base = found[reference.name]
    if base is None:
        return ()
    pairs = [(c, e.against(base)) for c in others if (e := found[c.name]) is not None]
    corrected = holm([comparison.p for _, comparison in pairs])
    decimals = wording.decimals_of(metric)
    return tuple(
        Row(
            variant.label,
            (
                wording.score_cell(comparison.difference, decimals),
                Cell(wording.format_p(comparison.p)),
                Cell(wording.format_p(p)),
                Cell(wording.format_number(comparison.effect, 2)),
            ),
        )
        for (variant, comparison), p in zip(pairs, corrected, strict=True)
    )


def designers_table(run: Run) -> Table | None:
    """Scores and ranks by each designer's ground truth; None for one designer."""
    if len(run.designers) < 2:
        return None
    metric, split = main_metric(run), run.main_split
    columns = [Column(d, e) for e in run.engines for d in run.designers]
    cells = []
    for engine in run.engines:
        for designer in run.designers:
            found = estimates(run, metric, ScoreKey(engine, split, designer))
            ranks = _ranks(found, metric)
            cells.append(
                {n: _rank_cell(e, metric, ranks.get(n)) for n, e in found.items()}
            )
    return Table(
        "designers",
        f"Sensitivity to the designer: {metric['title']} and rank by each ground truth",
        "Method",
        tuple(columns),
        (Section("", rows(run.variants, cells)),),
        (
            *wording.stand_in_notes(run),
            "Rank: among all rows of the column; 1 is best. Means that are printed "
            "alike share a rank.",
            wording.data_note(run, split, " or ".join(run.designers)),
            *wording.oracle_notes(run),
            wording.metric_note(metric),
        ),
    )


def _ranks(
    found: Mapping[str, Estimate | None], metric: Mapping[str, Any]
) -> dict[str, int]:
    """The rank of each mean as printed; equal means share the better rank."""
    sign = 1 if metric["direction"] == "lower" else -1
    decimals = wording.decimals_of(metric)
    means = {
        name: sign * round(e.interval.mean, decimals)
        for name, e in found.items()
        if e is not None and np.isfinite(e.interval.mean)
    }
    return {n: 1 + sum(m < mean for m in means.values()) for n, mean in means.items()}


def _rank_cell(e: Estimate | None, metric: Mapping[str, Any], rank: int | None) -> Cell:
    if e is None or rank is None:
        return Cell()
    text = wording.format_number(e.interval.mean, wording.decimals_of(metric))
    return Cell(text, f"rank {rank}")
