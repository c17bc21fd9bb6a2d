"""Ranking stability: the order of the rows by designer, split and part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from scipy import stats

from benchmark.avatars.counting import counted
from evaluation.statistics import MIN_FACES
from reports.tables import wording
from reports.tables.estimates import Estimate, ScoreKey, estimate
from reports.tables.scores import main_metric, split_parts
from reports.tables.table import Cell, Column, Row, Section, Table
from reports.trials import ReportedVariant, Run

_SWAPS = {True: "clear", False: "within noise", None: "not tested"}


@dataclass(frozen=True)
class Swap:
    """Two rows in reversed order, compared with the main ranking.

    `clear` if the paired intervals exclude 0 in both rankings; None if one of them has
    no interval.
    """

    ahead: ReportedVariant
    behind: ReportedVariant
    clear: bool | None


@dataclass(frozen=True)
class Ranking:
    """The rows under one ScoreKey, best first, compared with the main ranking.

    `tau` is Kendall's tau of the two rankings' means, in [-1, 1].
    """

    key: ScoreKey
    order: tuple[ReportedVariant, ...]
    faces: int
    tau: float
    swaps: tuple[Swap, ...]


def rankings(run: Run, engine: str) -> list[Ranking]:
    """The main ranking, then one for each other designer, split and part.

    The main ranking is over the main split and the main designer. Oracles and rows
    without a score there are left out. Empty with fewer than two rows.
    """
    metric = main_metric(run)
    keys = [ScoreKey(engine, s, d, p) for s, p in _faces(run) for d in run.designers]
    rivals = [c for c in run.main_and_step_variants if c.role != "oracle"]
    scored = [_scores(run, rivals, metric, key) for key in keys]
    sign = 1 if metric["direction"] == "lower" else -1
    return [
        _ranking(key, both, found, scored[0], sign)
        for key, found in zip(keys, scored, strict=True)
        if len(both := [c for c in rivals if c.name in found and c.name in scored[0]])
        > 1
    ]


def _faces(run: Run) -> list[tuple[str, str | None]]:
    """Each split and its parts, the main split first; None means the whole split."""
    parts = split_parts(run)
    splits = sorted(run.splits, key=lambda split: split != run.main_split)
    return [
        face
        for split in splits
        for face in ((split, None), *(p for p in parts if p[0] == split and p[1]))
    ]


def _scores(
    run: Run,
    rivals: Sequence[ReportedVariant],
    metric: Mapping[str, Any],
    key: ScoreKey,
) -> dict[str, Estimate]:
    found = {c.name: estimate(run, c.name, metric, key) for c in rivals}
    return {name: e for name, e in found.items() if e is not None}


def _ranking(
    key: ScoreKey,
    rivals: Sequence[ReportedVariant],
    found: Mapping[str, Estimate],
    main: Mapping[str, Estimate],
    sign: int,
) -> Ranking:
    here, there = (
        {c.name: sign * scores[c.name].interval.mean for c in rivals}
        for scores in (found, main)
    )
    order = sorted(rivals, key=lambda c: here[c.name])
    swaps = [
        Swap(one, other, _clear(one, other, found, main))
        for one, other in combinations(order, 2)
        if there[one.name] > there[other.name]
    ]
    tau = stats.kendalltau(list(here.values()), list(there.values()))
    return Ranking(
        key,
        tuple(order),
        max(found[c.name].interval.n for c in rivals),
        float(np.asarray(tau)[0]),
        tuple(swaps),
    )


def _clear(
    one: ReportedVariant, other: ReportedVariant, *rankings: Mapping[str, Estimate]
) -> bool | None:
    pairs = [found[one.name].against(found[other.name]) for found in rankings]
    if not all(np.isfinite(pair.difference.low) for pair in pairs):
        return None
    return all(pair.difference.excludes_zero for pair in pairs)


def ranking_table(run: Run) -> Table | None:
    """A section for each engine, a row for each ranking; None for a single ranking."""
    metric = main_metric(run)
    found = {engine: rankings(run, engine) for engine in run.engines}
    found = {engine: ranked for engine, ranked in found.items() if len(ranked) > 1}
    if not found:
        return None
    heads = ("Faces", "Order, best first", "Kendall τ", "Pairs in reversed order")
    return Table(
        "ranking",
        f"Ranking stability: {metric['title']} by designer, split and part",
        "Ground truth and faces",
        tuple(map(Column, heads)),
        tuple(Section(engine, _rows(ranked)) for engine, ranked in found.items()),
        (
            *wording.stand_in_notes(run),
            *(_stability_note(engine, ranked) for engine, ranked in found.items()),
            " ".join(_explanation(run, [s for r in found.values() for s in _swaps(r)])),
            *(wording.data_note(run, split, "each designer") for split in run.splits),
            wording.metric_note(metric),
        ),
    )


def _rows(ranked: Sequence[Ranking]) -> tuple[Row, ...]:
    main, *others = ranked
    first = Row(_label(main), (*_order(main), Cell("main"), Cell()))
    return (
        first,
        *(
            Row(
                _label(r),
                (
                    *_order(r),
                    Cell(wording.format_number(r.tau, 2)),
                    Cell(_describe_swaps(r)),
                ),
            )
            for r in others
        ),
    )


def _label(ranking: Ranking) -> str:
    key = ranking.key
    part = f" {key.part}" if key.part else ""
    return f"{key.designer}, {wording.split_title(key.split)}{part}"


def _order(ranking: Ranking) -> tuple[Cell, Cell]:
    names = ", ".join(variant.title for variant in ranking.order)
    return Cell(str(ranking.faces)), Cell(names)


def _describe_swaps(ranking: Ranking) -> str:
    pairs = [
        f"{s.ahead.title} before {s.behind.title} ({_SWAPS[s.clear]})"
        for s in ranking.swaps
    ]
    return "; ".join(pairs) or "none"


def _stability_note(engine: str, ranked: Sequence[Ranking]) -> str:
    others = ranked[1:]
    changed = [r for r in others if r.swaps]
    if not changed:
        rows = f"all {len(others)} other rows" if len(others) > 1 else "the other row"
        return f"{engine}: the ranking is the same in {rows}."
    sentence = (
        f"{engine}: the ranking differs in {len(changed)} of "
        f"{counted(len(others), 'other row')}"
    )
    if all(swap.clear is None for swap in _swaps(ranked)):
        return f"{sentence}."
    clear = sum(any(swap.clear for swap in r.swaps) for r in changed)
    return f"{sentence}, clearly in {clear or 'none'} of them."


def _swaps(ranked: Sequence[Ranking]) -> list[Swap]:
    return [swap for ranking in ranked for swap in ranking.swaps]


def _explanation(run: Run, swaps: Sequence[Swap]) -> Iterator[str]:
    yield "Each row is compared with the main ranking, the first row of its engine."
    yield "Kendall τ: rank correlation of the means with those of the main ranking."
    kinds = {swap.clear for swap in swaps}
    if kinds - {None}:
        yield (
            "A pair in reversed order is clear if its paired 95 % intervals exclude 0 "
            "in both rankings, otherwise within noise."
        )
    if None in kinds:
        yield (
            f"A pair is not tested if there are fewer than {MIN_FACES} faces in one of "
            "both rankings, or if the score cannot be resampled."
        )
    if any(v.role == "oracle" for v in run.main_and_step_variants):
        yield "Oracles are left out."
