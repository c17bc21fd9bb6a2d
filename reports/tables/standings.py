"""Who leads on each engine, and over whom the lead is significant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from evaluation.statistics import MIN_FACES
from reports.tables import wording
from reports.tables.estimates import Estimate, ScoreKey, best_rows, estimates
from reports.trials import ReportedVariant, Run

BASELINE = "baseline"
"""The method that every lead is compared with, by the name of its plugin."""
Status = Literal["clear", "close", "untested"]
"""A lead that is significant, one that is not, and one that no test covers."""


@dataclass(frozen=True)
class Standing:
    """Who leads on one engine by one metric.

    `order` holds the ranked rows, best first; oracles are never ranked. The first
    `leaders` of them have the best mean, as printed. `close` names the other rows that
    are not significantly worse, `untested` those that no test compares with the best.
    `faces` is the number of faces behind the best mean.
    """

    engine: str
    order: tuple[ReportedVariant, ...]
    leaders: int
    close: frozenset[str]
    untested: frozenset[str]
    faces: int

    @property
    def ahead(self) -> tuple[ReportedVariant, ...]:
        """The leading rows; more than one if their means are printed alike."""
        return self.order[: self.leaders]

    @property
    def led_by_control(self) -> bool:
        """Whether no method is among the leading rows."""
        return all(variant.role == "control" for variant in self.ahead)

    @property
    def rivals(self) -> tuple[ReportedVariant, ...]:
        """Rows that the verdict compares the leaders with, best first.

        They are the next row, Baseline and all rows that are not significantly worse.
        Where a control leads, they are the best method and all methods that are not
        significantly worse.
        """
        behind = self.order[self.leaders :]
        if self.led_by_control:
            behind = tuple(v for v in behind if v.role == "method")
        return tuple(
            variant
            for index, variant in enumerate(behind)
            if index == 0
            or self.status(variant.name) == "close"
            or (variant.meta["name"] == BASELINE and not self.led_by_control)
        )

    def status(self, rival: str) -> Status:
        """Whether the lead over a rival is significant; `rival` is its name."""
        if rival in self.untested:
            return "untested"
        return "close" if rival in self.close else "clear"


def standings(run: Run, metric: Mapping[str, Any]) -> list[Standing]:
    """The standing on each engine that has a ranked score, over the rows of Table 1."""
    found = [_standing(run, metric, engine) for engine in run.engines]
    return [standing for standing in found if standing is not None]


def _standing(run: Run, metric: Mapping[str, Any], engine: str) -> Standing | None:
    key = ScoreKey(engine, run.main_split, run.designers[0])
    found = estimates(run, metric, key)
    scored = {
        variant.name: e
        for variant in run.main_variants
        if variant.role != "oracle"
        and (e := found[variant.name]) is not None
        and np.isfinite(e.interval.mean)
    }
    if not scored:
        return None
    sign = 1 if metric["direction"] == "lower" else -1
    ranked = (v for v in run.main_variants if v.name in scored)
    order = sorted(ranked, key=lambda v: sign * scored[v.name].interval.mean)
    best = scored[order[0].name]
    printed = [_printed(scored[variant.name], metric) for variant in order]
    leaders = printed.count(printed[0])
    equal = best_rows(run.main_variants, found, metric)
    behind = order[leaders:]
    return Standing(
        engine,
        tuple(order),
        leaders,
        frozenset(v.name for v in behind if v.name in equal),
        frozenset(v.name for v in behind if not _comparable(scored[v.name], best)),
        best.interval.n,
    )


def _printed(found: Estimate, metric: Mapping[str, Any]) -> float:
    return round(found.interval.mean, wording.decimals_of(metric))


def _comparable(one: Estimate, other: Estimate) -> bool:
    """Whether `best_rows` tests these two."""
    if min(one.interval.n, other.interval.n) < MIN_FACES:
        return False
    if len(one.faces):
        return len(one.faces.index.intersection(other.faces.index)) > 0
    return len(one.resampled) > 0 and len(other.resampled) > 0
