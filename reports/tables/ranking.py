"""Does the order of the rows survive other designers, other faces, other worlds?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from scipy import stats

from reports.tables import wording
from reports.tables.estimates import Estimate, ScoreKey, estimate
from reports.tables.scores import main_metric, split_parts
from reports.tables.table import Cell, Column, Row, Section, Table
from reports.trials import Contestant, Run


@dataclass(frozen=True)
class Swap:
    """Two rows in the other order than on the main place.

    `clear` where the paired intervals of both places exclude 0: more than noise.
    """

    ahead: Contestant
    behind: Contestant
    clear: bool


@dataclass(frozen=True)
class Ranking:
    """The rows on one place, best first, against their order on the main place."""

    place: ScoreKey
    order: tuple[Contestant, ...]
    faces: int
    tau: float
    swaps: tuple[Swap, ...]


def rankings(run: Run, engine: str) -> list[Ranking]:
    """The main place's ranking, then every other designer's, split's and part's.

    Oracle rows are left out, and rows without a score on the main place. Empty with
    fewer than two rows.
    """
    metric = main_metric(run)
    places = [ScoreKey(engine, s, d, p) for s, p in _faces(run) for d in run.designers]
    rivals = [c for c in run.with_rungs if c.role != "oracle"]
    scored = [_scores(run, rivals, metric, place) for place in places]
    sign = 1 if metric["direction"] == "lower" else -1
    return [
        _ranking(place, both, found, scored[0], sign)
        for place, found in zip(places, scored, strict=True)
        if len(both := [c for c in rivals if c.name in found and c.name in scored[0]])
        > 1
    ]


def _faces(run: Run) -> list[tuple[str, str | None]]:
    """The main split and the others, each whole and by its parts of the world."""
    parts = split_parts(run)
    splits = sorted(run.splits, key=lambda split: split != run.main_split)
    return [
        face
        for split in splits
        for face in ((split, None), *(p for p in parts if p[0] == split and p[1]))
    ]


def _scores(
    run: Run, rivals: Sequence[Contestant], metric: Mapping[str, Any], place: ScoreKey
) -> dict[str, Estimate]:
    found = {c.name: estimate(run, c.name, metric, place) for c in rivals}
    return {name: e for name, e in found.items() if e is not None}


def _ranking(
    place: ScoreKey,
    rivals: Sequence[Contestant],
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
        Swap(one, other, _clear(found, one, other) and _clear(main, one, other))
        for one, other in combinations(order, 2)
        if there[one.name] > there[other.name]
    ]
    tau = stats.kendalltau(list(here.values()), list(there.values()))
    return Ranking(
        place,
        tuple(order),
        max(found[c.name].interval.n for c in rivals),
        float(np.asarray(tau)[0]),
        tuple(swaps),
    )


def _clear(found: Mapping[str, Estimate], one: Contestant, other: Contestant) -> bool:
    return found[one.name].against(found[other.name]).difference.excludes_zero


def ranking_table(run: Run) -> Table | None:
    """A section an engine, a row a place; None where there is nothing to compare."""
    metric = main_metric(run)
    found = {engine: rankings(run, engine) for engine in run.engines}
    found = {engine: ranked for engine, ranked in found.items() if len(ranked) > 1}
    if not found:
        return None
    heads = ("Faces", "Order, best first", "Kendall τ", "Pairs that change places")
    return Table(
        "ranking",
        f"Does the ranking survive? {metric['title']} by designer, split and part",
        "Truths and faces",
        tuple(map(Column, heads)),
        tuple(Section(engine, _rows(ranked)) for engine, ranked in found.items()),
        (
            *wording.stand_in_note(run),
            *(_verdict(engine, ranked) for engine, ranked in found.items()),
            "Without oracle rows. Kendall τ of the means to those of an engine's first "
            "row; a pair changes places clearly where its paired 95 % intervals "
            "exclude 0 both there and here, otherwise within noise.",
            *(wording.data_note(run, split, "each designer") for split in run.splits),
            wording.identity(metric),
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
                (*_order(r), Cell(wording.number(r.tau, 2)), Cell(_swaps(r))),
            )
            for r in others
        ),
    )


def _label(ranking: Ranking) -> str:
    place = ranking.place
    split = wording.SPLITS.get(place.split, place.split)
    return f"{place.designer}, {split}{f' {place.part}' if place.part else ''}"


def _order(ranking: Ranking) -> tuple[Cell, Cell]:
    names = ", ".join(contestant.title for contestant in ranking.order)
    return Cell(str(ranking.faces)), Cell(names)


def _swaps(ranking: Ranking) -> str:
    pairs = [
        f"{s.ahead.title} before {s.behind.title} "
        f"({'clearly' if s.clear else 'within noise'})"
        for s in ranking.swaps
    ]
    return "; ".join(pairs) or "none"


def _verdict(engine: str, ranked: Sequence[Ranking]) -> str:
    others = ranked[1:]
    changed = [r for r in others if r.swaps]
    if not changed:
        return f"{engine}: the ranking survives everywhere ({len(others)} more rows)."
    clear = sum(any(swap.clear for swap in r.swaps) for r in changed)
    return (
        f"{engine}: the ranking changes in {len(changed)} of {len(others)} more rows, "
        f"in {clear or 'none'} of them clearly."
    )
