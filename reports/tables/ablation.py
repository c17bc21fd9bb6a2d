"""What each step of an ablation changes, and how far it goes towards the oracle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pandas as pd

from evaluation.statistics import Comparison, Interval, holm
from reports.tables.estimates import Estimate, ScoreKey, estimates, share_of_way
from reports.tables.inferability import SUPERVISED
from reports.tables.scores import headline_metrics
from reports.trials import Ablation, Contestant, Run

Data = Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """One row against another, paired by face; `p_holm` is p corrected.

    The family of the correction are the steps of the ladder, or all that goes beyond
    it, on one engine under one metric. Without a comparison a row has no scores.
    """

    contestant: Contestant
    against: Contestant
    comparison: Comparison | None
    p_holm: float = float("nan")


@dataclass(frozen=True)
class Share:
    """How much of the way from the first rung to the supervised oracle a row goes.

    None where the oracle is not better than the first rung with an interval that
    excludes 0, or a row has no scores.
    """

    contestant: Contestant
    interval: Interval | None


def place_of(run: Run, engine: str) -> ScoreKey:
    """Where Table 3 takes its scores: as Table 1, main split and main designer."""
    return ScoreKey(engine, run.main_split, run.designers[0])


def steps(run: Run, ablation: Ablation, metric: Data, engine: str) -> list[Step]:
    """Each rung against the one before it, then what goes beyond against the last."""
    found = estimates(run, metric, place_of(run, engine))
    last = ablation.rungs[-1]
    ladder = [(rung, before) for before, rung in pairwise(ablation.rungs)]
    beyond = [(contestant, last) for contestant in ablation.beyond]
    return _family(found, ladder) + _family(found, beyond)


def _family(
    found: Mapping[str, Estimate | None], pairs: list[tuple[Contestant, Contestant]]
) -> list[Step]:
    compared = [
        Step(one, other, _compare(found[one.name], found[other.name]))
        for one, other in pairs
    ]
    corrected = holm(
        [s.comparison.p if s.comparison else float("nan") for s in compared]
    )
    return [
        Step(s.contestant, s.against, s.comparison, p)
        for s, p in zip(compared, corrected, strict=True)
    ]


def _compare(one: Estimate | None, other: Estimate | None) -> Comparison | None:
    return None if one is None or other is None else one.against(other)


def shares(run: Run, ablation: Ablation, metric: Data, engine: str) -> list[Share]:
    """Every row but the first; empty where no supervised oracle stands in the suite."""
    oracle = run.playing(SUPERVISED)
    if oracle is None:
        return []
    found = estimates(run, metric, place_of(run, engine))
    first, *others = ablation.contestants
    start, end = found[first.name], found[oracle.name]
    return [
        Share(contestant, _share(start, end, found[contestant.name], metric))
        for contestant in others
    ]


def _share(
    start: Estimate | None, end: Estimate | None, here: Estimate | None, metric: Data
) -> Interval | None:
    if start is None or end is None or here is None:
        return None
    return share_of_way(start, end, here, metric["direction"])


def ablation_data(run: Run, ablation: Ablation) -> pd.DataFrame:
    """Every figure of Table 3, a row each, unrounded.

    Columns: engine, metric, figure (score, step or share), row and against (variants),
    value, low, high (95 %), n (faces), p, p_holm.
    """
    columns = ["engine", "metric", "figure", "row", "against"]
    columns += ["value", "low", "high", "n", "p", "p_holm"]
    rows = [
        {"engine": engine, "metric": metric["name"], **figure}
        for engine in run.engines
        for metric in headline_metrics(run)
        for figure in _figures(run, ablation, metric, engine)
    ]
    return pd.DataFrame(rows, columns=columns)


def _figures(
    run: Run, ablation: Ablation, metric: Data, engine: str
) -> Iterator[dict[str, Any]]:
    found = estimates(run, metric, place_of(run, engine))
    for contestant in ablation.contestants:
        if (estimate := found[contestant.name]) is not None:
            yield _figure("score", contestant, "", estimate.interval)
    for step in steps(run, ablation, metric, engine):
        if step.comparison is not None:
            named = _figure(
                "step", step.contestant, step.against.name, step.comparison.difference
            )
            yield {**named, "p": step.comparison.p, "p_holm": step.p_holm}
    for share in shares(run, ablation, metric, engine):
        if share.interval is not None:
            first = ablation.rungs[0].name
            yield _figure("share", share.contestant, first, share.interval)


def _figure(
    kind: str, contestant: Contestant, against: str, interval: Interval
) -> dict[str, Any]:
    return {
        "figure": kind,
        "row": contestant.name,
        "against": against,
        "value": interval.mean,
        "low": interval.low,
        "high": interval.high,
        "n": interval.n,
    }
