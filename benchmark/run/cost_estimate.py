"""The executor that a plan leaves to do, and about how long it takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean
from typing import Any

from benchmark.run.plan import Plan, TrialPlan
from benchmark.run.stage_executor import StageExecutor
from benchmark.storage.digests import digest_of
from benchmark.storage.store import Stage, Store
from benchmark.system.progress import Silent
from methods.shared.stage_estimate import Foreseeing, Foreseen, Foresight

SECONDS_PER_STEP, SECONDS_PER_CALL = 0.06, 0.02
SECONDS_PER_FACE = {"render": 0.01, "score": 0.004}
"""Rules of thumb for two processor cores, used until the store knows better and where a
method does not tell."""


@dataclass(frozen=True)
class CostEstimate:
    """How many stages of a kind exist and are to do, and what those may take (s).

    `measured` where each has like stages in the store, whose mean stands for it.
    """

    kind: str
    done: int
    todo: int
    seconds: float
    measured: bool


def estimate_cost(
    plan: Plan, store: Store, finished: Collection[str] = ()
) -> list[CostEstimate]:
    """The executor that is left, a line for each kind of stage.

    Of the trials whose names are `finished` nothing is needed any more. What a fit will
    make on its way has lines of its own where its method tells.
    """
    open_trials = [trial for trial in plan.trials if trial.name not in finished]
    engines = {trial.engine for trial in open_trials}
    needed = {stage.key for trial in open_trials for stage in trial.stages()}
    needed |= {t.key for (engine, *_), t in plan.truths.items() if engine in engines}
    costs = _Costs(plan, store, open_trials)
    inner = {key: found.stage for key, found in costs.inner.items()}
    kinds: dict[str, list[Stage]] = {}
    for stage in (inner | plan.unique).values():
        kinds.setdefault(stage.name, []).append(stage)
    needed |= inner.keys()
    return [_line(k, stages, needed, store, costs) for k, stages in kinds.items()]


def _line(
    kind: str,
    stages: list[Stage],
    needed: Collection[str],
    store: Store,
    costs: _Costs,
) -> CostEstimate:
    todo = [stage for stage in stages if stage.key in needed and not store.has(stage)]
    known = [costs.measured(stage) for stage in todo]
    seconds = sum(
        costs.guessed(stage) if cost is None else cost
        for stage, cost in zip(todo, known, strict=True)
    )
    measured = all(cost is not None for cost in known)
    return CostEstimate(kind, len(stages) - len(todo), len(todo), seconds, measured)


class _Costs:
    """What stages cost: like ones of the store, else what methods tell, else a rule."""

    def __init__(self, plan: Plan, store: Store, trials: Iterable[TrialPlan]) -> None:
        self._plan, self._store = plan, store
        self._trials = {trial.fit.key: trial for trial in trials}
        self._past: dict[str, dict[str, float]] = {}
        self._fits = {trial.fit.key: trial.fit.to_json() for trial in plan.trials}
        self._fits |= {Stage(**_own(r)).key: r for r in store.records("fit")}

    @cached_property
    def foresight(self) -> dict[str, Foresight]:
        """By the key of a fit that is to do, where its method tells."""
        executor = StageExecutor(self._plan, self._store, Silent())
        found = {}
        for key, trial in self._trials.items():
            method = trial.variant.method(trial.variant.options)
            if isinstance(method, Foreseeing):
                found[key] = method.foresee(
                    executor.context(trial, Silent(), self._store)
                )
        return found

    @cached_property
    def inner(self) -> dict[str, Foreseen]:
        """What fits that are to do make on their way, by key."""
        return {
            found.stage.key: found
            for key, foresight in self.foresight.items()
            if not self._store.has(self._trials[key].fit)
            for found in foresight.stages
        }

    def measured(self, stage: Stage) -> float | None:
        """Mean seconds of like stages in the store; None where there is none.

        Nothing is like a fit whose method tells of its stages: who came first made
        them.
        """
        if stage.key in self.foresight:
            return None
        if stage.name not in self._past:
            self._past[stage.name] = self._mean_seconds(stage.name)
        return self._past[stage.name].get(self._likeness(stage.to_json()))

    def _mean_seconds(self, kind: str) -> dict[str, float]:
        found: defaultdict[str, list[float]] = defaultdict(list)
        for record in self._store.records(kind):
            found[self._likeness(record)].append(float(record["seconds"]))
        return {likeness: fmean(seconds) for likeness, seconds in found.items()}

    def _likeness(self, stage: Mapping[str, Any]) -> str:
        """Stages of equal options cost about the same, on average over their inputs.

        What is done with a fit costs the same for fits of equal options, on equal
        faces.
        """
        parts = [stage["name"], stage["version"], stage["options"]]
        fit = self._fits.get(stage["inputs"].get("fit", ""))
        if fit is not None:
            parts += [fit["options"], stage["inputs"].get("faces")]
        return digest_of(parts)

    def guessed(self, stage: Stage) -> float:
        """What a method tells, or a rule of thumb."""
        if stage.key in self.inner:
            return self.inner[stage.key].seconds
        foresight = self.foresight.get(stage.inputs.get("fit", stage.key))
        call = SECONDS_PER_CALL if foresight is None else foresight.face_seconds
        if stage.name == "fit":
            if foresight is not None:
                return foresight.seconds
            return SECONDS_PER_STEP * _steps(stage.options["options"])
        if stage.name == "speed":
            # Timed twice: alone, and with the engine.
            return 2 * call * (stage.options["warmup"] + stage.options["repeats"])
        splits = self._plan.resolved.splits
        if stage.name == "predict":
            sizes = {split.digest: len(split) for split in splits.values()}
            return call * sizes[stage.inputs["faces"]]
        scored = [len(splits[name]) for name in self._plan.resolved.suite.splits]
        return SECONDS_PER_FACE[stage.name] * fmean(scored)


def _own(record: Mapping[str, Any]) -> dict[str, Any]:
    return {k: record[k] for k in ("name", "version", "options", "inputs", "seed")}


def _steps(options: Mapping[str, Any]) -> int:
    """All steps that a method's options name, at whatever depth."""
    own = [
        options[k] for k in ("steps", "warm_steps") if isinstance(options.get(k), int)
    ]
    inner = [_steps(value) for value in options.values() if isinstance(value, Mapping)]
    return sum(own) + sum(inner)
