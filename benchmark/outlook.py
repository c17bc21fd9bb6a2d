"""The work that a plan leaves to do, and about how long it takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from benchmark.plan import Plan
from benchmark.stages import digest_of
from benchmark.store import Stage, Store

SECONDS_PER_STEP = 0.06
SECONDS_PER_FACE = {"predict": 0.02, "render": 0.01, "score": 0.004}
"""Rules of thumb for two processor cores, used until the store knows better."""


@dataclass(frozen=True)
class Outlook:
    """How many stages of a kind exist and are to do, and what those may take (s).

    `measured` where each has like stages in the store, whose mean stands for it.
    """

    kind: str
    done: int
    todo: int
    seconds: float
    measured: bool


def outlook(plan: Plan, store: Store, finished: Collection[str] = ()) -> list[Outlook]:
    """The work that is left, a line for each kind of stage.

    Of the trials whose names are `finished` nothing is needed any more.
    """
    open_trials = [trial for trial in plan.trials if trial.name not in finished]
    engines = {trial.engine for trial in open_trials}
    needed = {stage.key for trial in open_trials for stage in trial.stages()}
    needed |= {t.key for (engine, *_), t in plan.truths.items() if engine in engines}
    kinds: dict[str, list[Stage]] = {}
    for stage in plan.unique.values():
        kinds.setdefault(stage.name, []).append(stage)
    return [_outlook(plan, store, k, stages, needed) for k, stages in kinds.items()]


def _outlook(
    plan: Plan, store: Store, kind: str, stages: list[Stage], needed: Collection[str]
) -> Outlook:
    todo = [stage for stage in stages if stage.key in needed and not store.has(stage)]
    past = _past_seconds(store, kind)
    known = [past.get(_likeness(stage.to_json())) for stage in todo]
    seconds = sum(
        _rule_of_thumb(plan, stage) if cost is None else cost
        for stage, cost in zip(todo, known, strict=True)
    )
    measured = all(cost is not None for cost in known)
    return Outlook(kind, len(stages) - len(todo), len(todo), seconds, measured)


def _likeness(stage: Mapping[str, Any]) -> str:
    """Fits of equal options cost about the same, and so do other stages on average."""
    return digest_of([stage["name"], stage["version"], stage["options"]])


def _past_seconds(store: Store, kind: str) -> dict[str, float]:
    """Mean seconds of the store's finished stages of a kind, by likeness."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    for record in store.records(kind):
        found[_likeness(record)].append(float(record["seconds"]))
    return {likeness: fmean(seconds) for likeness, seconds in found.items()}


def _rule_of_thumb(plan: Plan, stage: Stage) -> float:
    if stage.name == "fit":
        return SECONDS_PER_STEP * _steps(stage.options["options"])
    if stage.name == "speed":
        return 0.1 * (stage.options["warmup"] + stage.options["repeats"])
    splits = [plan.contest.splits[name] for name in plan.contest.suite.splits]
    return SECONDS_PER_FACE[stage.name] * sum(map(len, splits)) / len(splits)


def _steps(options: Mapping[str, Any]) -> int:
    """All steps that a method's options name, at whatever depth."""
    own = [
        options[k] for k in ("steps", "warm_steps") if isinstance(options.get(k), int)
    ]
    inner = [_steps(value) for value in options.values() if isinstance(value, Mapping)]
    return sum(own) + sum(inner)
