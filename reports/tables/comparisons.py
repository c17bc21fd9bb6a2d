"""Paired differences between rows, and scores by each designer's ground truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evaluation.statistics import holm
from reports.tables import wording
from reports.tables.estimates import Estimate, ScoreKey, estimates
from reports.tables.scores import main_metric, rows
from reports.tables.table import Cell, Column, Row, Section, Table
from reports.trials import ReportedVariant, Run

P_NOTE = (
    "p: two-sided sign-flip permutation test over faces, Holm-corrected over the rows "
    "of an engine. Effect size: matched-pairs rank-biserial correlation."
)


def differences_table(run: Run) -> Table | None:
    """Each row minus the first method, paired by face; None for a single row."""
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
            f"{wording.mean_note('Difference', run.splits[run.main_split])} {P_NOTE}",
            wording.data_note(run, run.main_split, designer),
            *wording.oracle_notes(run),
            wording.metric_note(metric),
        ),
    )


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
            ranks = _ranks(found, metric["direction"])
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
            "Rank: among all rows of the column; 1 is best.",
            wording.data_note(run, split, " or ".join(run.designers)),
            *wording.oracle_notes(run),
            wording.metric_note(metric),
        ),
    )


def _ranks(found: Mapping[str, Estimate | None], direction: str) -> dict[str, int]:
    sign = 1 if direction == "lower" else -1
    means = {n: sign * e.interval.mean for n, e in found.items() if e is not None}
    ordered = sorted(means, key=lambda name: means[name])
    return {name: rank for rank, name in enumerate(ordered, start=1)}


def _rank_cell(e: Estimate | None, metric: Mapping[str, Any], rank: int | None) -> Cell:
    if e is None:
        return Cell()
    text = wording.format_number(e.interval.mean, wording.decimals_of(metric))
    return Cell(text, f"rank {rank}")
