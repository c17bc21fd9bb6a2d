"""The work that a plan leaves to do, and about how long it takes.

What a stage costs is known from like stages in the store; else from those of a run
that was measured when the package was made (`suites/costs.json`); else it is guessed.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from statistics import fmean, median
from typing import Any, NamedTuple

from benchmark.hardware import hardware
from benchmark.plan import Plan
from benchmark.stages import digest_of
from benchmark.store import Stage, Store

HERE, GUESSED = "measured here before", "rule of thumb"
COSTS = "costs.json"
KINDS = ("fit", "speed", "predict", "render", "score")
"""Stages of plans; those that a fit makes for itself count among its seconds."""
LIKENESS = 16
"""Characters of a digest that tell the listed stages apart."""

SECONDS_PER_STEP = 0.06
SECONDS_PER_FACE = {"predict": 0.02, "render": 0.01, "score": 0.01}
"""Rules of thumb for two processor cores."""


class Cost(NamedTuple):
    """Seconds that a stage may take, and how that is known."""

    seconds: float
    basis: str


class Costs(NamedTuple):
    """Mean seconds of the stages of a measured run, by likeness."""

    machine: str
    seconds: Mapping[str, float]


@dataclass(frozen=True)
class Outlook:
    """How many stages of a kind exist and are to do, and what those may take (s).

    `basis` says how that is known, in words: of all stages to do, the weakest.
    """

    kind: str
    done: int
    todo: int
    seconds: float
    basis: str


def outlook(plan: Plan, store: Store, finished: Collection[str] = ()) -> list[Outlook]:
    """The work that is left, a line for each kind of stage.

    Nothing is left of the trials whose names are `finished`.
    """
    open_trials = [trial for trial in plan.trials if trial.name not in finished]
    left = {stage.key for trial in open_trials for stage in trial.stages()}
    left |= {truth.key for truth in plan.truths.values()} if open_trials else set()
    kinds: dict[str, list[Stage]] = {}
    for stage in plan.unique.values():
        kinds.setdefault(stage.name, []).append(stage)
    return [_outlook(plan, store, k, stages, left) for k, stages in kinds.items()]


def _outlook(
    plan: Plan, store: Store, kind: str, stages: list[Stage], left: Collection[str]
) -> Outlook:
    todo = [stage for stage in stages if stage.key in left and not store.has(stage)]
    past = {name: median(taken) for name, taken in _taken(store, kind).items()}
    costs = [_cost(plan, stage, past) for stage in todo]
    order = (GUESSED, _elsewhere(), HERE)
    basis = min((cost.basis for cost in costs), key=order.index, default=HERE)
    seconds = sum(cost.seconds for cost in costs)
    return Outlook(kind, len(stages) - len(todo), len(todo), seconds, basis)


def _cost(plan: Plan, stage: Stage, past: Mapping[str, float]) -> Cost:
    name = _likeness(stage.to_json())
    if name in past:
        return Cost(past[name], HERE)
    if name in listed_costs().seconds:
        return Cost(listed_costs().seconds[name], _elsewhere())
    return Cost(_guess(plan, stage), GUESSED)


def _elsewhere() -> str:
    return f"measured on {listed_costs().machine}"


@cache
def listed_costs() -> Costs:
    """What stages of built-in suites took when the package was made."""
    data = json.loads((files("benchmark.suites") / COSTS).read_text(encoding="utf-8"))
    return Costs(data["machine"], data["seconds"])


def list_costs(store: Store, machine: str) -> str:
    """The content of `costs.json` for all that a store holds, measured on `machine`."""
    seconds = {
        name: round(fmean(taken), 2)
        for kind in KINDS
        for name, taken in _taken(store, kind).items()
    }
    return json.dumps(
        {"machine": machine, "seconds": seconds}, indent=0, sort_keys=True
    )


def _likeness(stage: Mapping[str, Any]) -> str:
    """Stages of equal name and options cost about the same."""
    like = digest_of([stage["name"], stage["version"], stage["options"]])
    return like[:LIKENESS]


def _taken(store: Store, kind: str) -> dict[str, list[float]]:
    """Seconds of the store's finished stages of a kind, by likeness."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    for record in store.records(kind):
        found[_likeness(record)].append(float(record["seconds"]))
    return found


def _guess(plan: Plan, stage: Stage) -> float:
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


def main() -> None:
    """`python -m benchmark.outlook STORE` prints `costs.json` for that store."""
    machine = hardware("cpu", 2)["name"]
    print(list_costs(Store(Path(sys.argv[1])), machine))


if __name__ == "__main__":
    main()
