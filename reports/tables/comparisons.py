"""Tables of rows against each other: paired differences, and another designer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evaluation.statistics import holm
from reports.tables import wording
from reports.tables.estimates import Estimate, ScoreKey, estimates
from reports.tables.scores import main_metric, rows
from reports.tables.table import Cell, Column, Row, Section, Table
from reports.trials import Contestant, Run


def differences(run: Run) -> Table | None:
    """Each row against the first method, paired by face; None without a rival."""
    metric, designer = main_metric(run), run.designers[0]
    reference, *others = run.main_contestants
    if not others:
        return None
    sections = []
    for engine in run.engines:
        found = estimates(run, metric, ScoreKey(engine, run.main_split, designer))
        rows = _difference_rows(metric, found, reference, others)
        if rows:
            sections.append(Section(engine, rows))
    heads = ("Difference", "p", "p (Holm)", "Effect")
    return Table(
        "differences",
        f"Paired differences in {metric['title']}: each row minus {reference.title}",
        "Method",
        tuple(Column(head) for head in heads),
        tuple(sections),
        (
            *wording.stand_in_note(run),
            f"{'Negative' if metric['direction'] == 'lower' else 'Positive'} is better "
            f"({metric['title']} {wording.ARROWS[metric['direction']]}).",
            "Two-sided sign-flip permutation test over faces; Holm over the rows of an "
            "engine; effect: matched-pairs rank-biserial correlation.",
            wording.data_note(run, run.main_split, designer),
            *wording.oracle_note(run),
            wording.identity(metric),
        ),
    )


def _difference_rows(
    metric: Mapping[str, Any],
    found: Mapping[str, Estimate | None],
    reference: Contestant,
    others: Sequence[Contestant],
) -> tuple[Row, ...]:
    base = found[reference.name]
    if base is None:
        return ()
    pairs = [(c, e.against(base)) for c in others if (e := found[c.name]) is not None]
    corrected = holm([comparison.p for _, comparison in pairs])
    decimals = wording.digits(metric)
    return tuple(
        Row(
            contestant.label,
            (
                wording.score(comparison.difference, decimals),
                Cell(wording.p_text(comparison.p)),
                Cell(wording.p_text(p)),
                Cell(wording.number(comparison.effect, 2)),
            ),
        )
        for (contestant, comparison), p in zip(pairs, corrected, strict=True)
    )


def designers(run: Run) -> Table | None:
    """Scores and ranks by each designer's truths; None with only one designer."""
    if len(run.designers) < 2:
        return None
    metric, split = main_metric(run), run.main_split
    columns = [Column(d, e) for e in run.engines for d in run.designers]
    blocks = []
    for engine in run.engines:
        for designer in run.designers:
            found = estimates(run, metric, ScoreKey(engine, split, designer))
            ranks = _ranks(found, metric["direction"])
            blocks.append(
                {n: _ranked(e, metric, ranks.get(n)) for n, e in found.items()}
            )
    return Table(
        "designers",
        f"Sensitivity to the designer: {metric['title']} and rank by truths",
        "Method",
        tuple(columns),
        (Section("", rows(run.contestants, blocks)),),
        (
            *wording.stand_in_note(run),
            wording.data_note(run, split, " and ".join(run.designers)),
            *wording.oracle_note(run),
            wording.identity(metric),
        ),
    )


def _ranks(found: Mapping[str, Estimate | None], direction: str) -> dict[str, int]:
    sign = 1 if direction == "lower" else -1
    means = {n: sign * e.interval.mean for n, e in found.items() if e is not None}
    ordered = sorted(means, key=lambda name: means[name])
    return {name: rank for rank, name in enumerate(ordered, start=1)}


def _ranked(e: Estimate | None, metric: Mapping[str, Any], rank: int | None) -> Cell:
    if e is None:
        return Cell()
    text = wording.number(e.interval.mean, wording.digits(metric))
    return Cell(text, f"rank {rank}")
