"""The effect of each ablation step, and how close it comes to the oracle."""

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
from reports.trials import Ablation, ReportedVariant, Run

Data = Mapping[str, Any]


@dataclass(frozen=True)
class StepEffect:
    """The difference of one row to another, paired by face.

    `comparison` is None if either row has no scores. `p_holm` is Holm-corrected within
    one engine and metric: over the ablation steps, or over the variants beyond them.
    """

    variant: ReportedVariant
    against: ReportedVariant
    comparison: Comparison | None
    p_holm: float = float("nan")


@dataclass(frozen=True)
class WayShare:
    """How far a row gets from the first step (0) to the supervised oracle (1).

    `interval` is None if the oracle is not better than the first step with an interval
    that excludes 0, or if a row has no scores.
    """

    variant: ReportedVariant
    interval: Interval | None


def headline_key(run: Run, engine: str) -> ScoreKey:
    """The scores of Tables 1 and 3: main split, main designer."""
    return ScoreKey(engine, run.main_split, run.designers[0])


def step_effects(
    run: Run, ablation: Ablation, metric: Data, engine: str
) -> list[StepEffect]:
    """Each step against the one before, then each variant beyond against the last."""
    found = estimates(run, metric, headline_key(run, engine))
    last = ablation.steps[-1]
    steps = [(step, before) for before, step in pairwise(ablation.steps)]
    beyond = [(variant, last) for variant in ablation.beyond]
    return _compare_pairs(found, steps) + _compare_pairs(found, beyond)


def _compare_pairs(
    found: Mapping[str, Estimate | None],
    pairs: list[tuple[ReportedVariant, ReportedVariant]],
) -> list[StepEffect]:
    compared = [
        StepEffect(one, other, _compare(found[one.name], found[other.name]))
        for one, other in pairs
    ]
    corrected = holm(
        [s.comparison.p if s.comparison else float("nan") for s in compared]
    )
    return [
        StepEffect(s.variant, s.against, s.comparison, p)
        for s, p in zip(compared, corrected, strict=True)
    ]


def _compare(one: Estimate | None, other: Estimate | None) -> Comparison | None:
    return None if one is None or other is None else one.against(other)


def way_shares(
    run: Run, ablation: Ablation, metric: Data, engine: str
) -> list[WayShare]:
    """The share of every row but the first; empty without a supervised oracle."""
    oracle = run.first_variant_of(SUPERVISED)
    if oracle is None:
        return []
    found = estimates(run, metric, headline_key(run, engine))
    first, *others = ablation.variants
    start, end = found[first.name], found[oracle.name]
    return [
        WayShare(variant, _way_share(start, end, found[variant.name], metric))
        for variant in others
    ]


def _way_share(
    start: Estimate | None, end: Estimate | None, reached: Estimate | None, metric: Data
) -> Interval | None:
    if start is None or end is None or reached is None:
        return None
    return share_of_way(start, end, reached, metric["direction"])


def ablation_data(run: Run, ablation: Ablation) -> pd.DataFrame:
    """All numbers of Table 3, unrounded, one in each row.

    Columns: engine, metric, figure ("score", "step" or "share"), row and against
    (variants' names), value, low and high (95 % interval), n (faces), p, p_holm.
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
    found = estimates(run, metric, headline_key(run, engine))
    for variant in ablation.variants:
        if (estimate := found[variant.name]) is not None:
            yield _figure("score", variant, "", estimate.interval)
    for step in step_effects(run, ablation, metric, engine):
        if step.comparison is not None:
            named = _figure(
                "step", step.variant, step.against.name, step.comparison.difference
            )
            yield {**named, "p": step.comparison.p, "p_holm": step.p_holm}
    for share in way_shares(run, ablation, metric, engine):
        if share.interval is not None:
            first = ablation.steps[0].name
            yield _figure("share", share.variant, first, share.interval)


def _figure(
    kind: str, variant: ReportedVariant, against: str, interval: Interval
) -> dict[str, Any]:
    return {
        "figure": kind,
        "row": variant.name,
        "against": against,
        "value": interval.mean,
        "low": interval.low,
        "high": interval.high,
        "n": interval.n,
    }
