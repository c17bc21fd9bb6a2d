"""Estimate what a plan still has to compute and how long that takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from benchmark.run.plan import Plan
from benchmark.storage.digests import digest_of
from benchmark.storage.store import Stage, Store

DEFAULT_SECONDS = {"fit": 120, "predict": 5, "render": 2, "score": 0.5, "speed": 5}
"""Seconds per stage on two CPU cores, used where the store holds no like stage."""


@dataclass(frozen=True)
class CostEstimate:
    """Stages of one kind: how many are cached, how many remain, and their cost.

    Attributes:
        kind: fit, predict, render, score or speed.
        done: stages that are cached or no longer needed.
        todo: stages that remain.
        seconds: estimated time of the remaining stages.
        measured: whether all of it is a mean of like stages in the store. If False,
            at least one stage uses its default of `DEFAULT_SECONDS`.
    """

    kind: str
    done: int
    todo: int
    seconds: float
    measured: bool


def estimate_cost(
    plan: Plan, store: Store, finished: Collection[str] = ()
) -> list[CostEstimate]:
    """Estimate the remaining work of a plan, one entry for each kind of stage.

    Trials whose names are in `finished` need nothing.
    """
    open_trials = [trial for trial in plan.trials if trial.name not in finished]
    engines = {trial.engine for trial in open_trials}
    needed = {stage.key for trial in open_trials for stage in trial.stages()}
    needed |= {t.key for (engine, *_), t in plan.truths.items() if engine in engines}
    by_kind: dict[str, list[Stage]] = {}
    for stage in plan.unique.values():
        by_kind.setdefault(stage.name, []).append(stage)
    history = _History(plan, store)
    estimates = []
    for kind, stages in by_kind.items():
        todo = [s for s in stages if s.key in needed and not store.has(s)]
        means = [history.mean_seconds(stage) for stage in todo]
        known = [seconds for seconds in means if seconds is not None]
        unknown = len(todo) - len(known)
        seconds = sum(known) + unknown * DEFAULT_SECONDS[kind]
        done = len(stages) - len(todo)
        estimates.append(CostEstimate(kind, done, len(todo), seconds, not unknown))
    return estimates


class _History:
    """Mean seconds of the stages in a store, grouped by what determines their cost."""

    def __init__(self, plan: Plan, store: Store) -> None:
        self._store = store
        self._means: dict[str, dict[str, float]] = {}
        self._fits = {trial.fit.key: trial.fit.to_json() for trial in plan.trials}
        self._fits |= {_stage_key(record): record for record in store.records("fit")}

    def mean_seconds(self, stage: Stage) -> float | None:
        """Mean over like stages in the store; None if there is none."""
        if stage.name not in self._means:
            self._means[stage.name] = self._group_means(stage.name)
        return self._means[stage.name].get(self._group(stage.to_json()))

    def _group_means(self, kind: str) -> dict[str, float]:
        seconds: defaultdict[str, list[float]] = defaultdict(list)
        for record in self._store.records(kind):
            seconds[self._group(record)].append(float(record["seconds"]))
        return {group: fmean(values) for group, values in seconds.items()}

    def _group(self, stage: Mapping[str, Any]) -> str:
        """Stages of equal options cost about the same, whatever their inputs and seed.

        A stage that uses a fit costs the same for fits of equal options on the same
        faces.
        """
        parts = [stage["name"], stage["version"], stage["options"]]
        fit = self._fits.get(stage["inputs"].get("fit", ""))
        if fit is not None:
            parts += [fit["options"], stage["inputs"].get("faces")]
        return digest_of(parts)


def _stage_key(record: Mapping[str, Any]) -> str:
    fields = ("name", "version", "options", "inputs", "seed")
    return Stage(**{field: record[field] for field in fields}).key
