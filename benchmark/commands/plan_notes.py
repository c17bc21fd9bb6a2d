"""What is printed about a plan before it runs: its size, notices, and what is to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmark.avatars.counting import counted
from benchmark.config.metric_needs import unmet_need
from benchmark.config.resolved import ResolvedSuite
from benchmark.config.suite import Suite
from benchmark.faces.photos.manifest import NAME as PHOTOGRAPHS
from benchmark.registry import ENGINES, METHODS, METRICS
from benchmark.run.cost_estimate import CostEstimate, estimate_cost
from benchmark.run.plan import Plan
from benchmark.storage.store import Store
from benchmark.system.console import duration


def describe_size(plan: Plan) -> str:
    """One line: variants, engines, seeds, trials and faces of a plan."""
    suite = plan.resolved.suite
    sizes = {split: len(plan.resolved.splits[split]) for split in suite.splits}
    faces = " + ".join(f"{size} {split}" for split, size in sizes.items())
    faces += " face" if sum(sizes.values()) == 1 else " faces"
    counts = (
        f"{counted(len(suite.variants), 'variant')} × "
        f"{counted(len(suite.engines), 'engine')} × {counted(len(suite.seeds), 'seed')}"
    )
    return f"{suite.title}: {counts} = {counted(len(plan.trials), 'trial')} on {faces}"


def plan_notes(plan: Plan) -> list[str]:
    """Notices that readers of the results need."""
    resolved = plan.resolved
    notes = _thread_notes(plan.machine)
    notes += [
        f"{bound.meta.title} is skipped: {bound.skipped}"
        for bound in resolved.bound_metrics
        if bound.skipped
    ]
    notes += _undefined_scores(resolved)
    notes += [f"warning: {sentence}" for sentence in resolved.warnings]
    notes += _name_conflicts(resolved.suite)
    if resolved.suite.from_scratch:
        notes.append("from scratch: no shipped weights, no shipped stages")
    if resolved.faces.stand_in:
        kind = "synthetic stand-ins for photographs"
        if resolved.faces.name == PHOTOGRAPHS:
            kind = "generated photographs, with ground truth by an AI model"
        notes.append(f"faces: {resolved.faces.name}, {kind}")
    if resolved.version is not None:
        name, digest = resolved.version["name"], resolved.version["digest"][:8]
        changed = ", with changes" if resolved.version["changed"] else ""
        notes.append(f"benchmark version: {name}{changed} (digest {digest})")
    return notes


def _thread_notes(machine: Mapping[str, Any]) -> list[str]:
    threads, cores = machine["threads"], machine["cores"]
    if threads <= cores:
        return []
    words = counted(cores, "core")
    return [
        f"warning: threads is {threads}, but this machine has {words}; more "
        f"threads than cores slow the run down, so give --set threads={cores}"
    ]


def _undefined_scores(resolved: ResolvedSuite) -> list[str]:
    """One sentence for each metric that has no score on an engine, with the reason."""
    notes: list[str] = []
    for name, engine in resolved.engines.items():
        for bound in resolved.bound_metrics:
            needs = unmet_need(bound.metric, engine)
            if bound.skipped is None and needs is not None:
                notes.append(
                    f"{bound.meta.title} has no score on {name}: the engine has no "
                    f"{needs}"
                )
    return notes


def _name_conflicts(suite: Suite) -> list[str]:
    """One sentence for each plugin that is ignored under a name that a suite uses."""
    used = (
        (ENGINES, suite.engines),
        (METHODS, dict.fromkeys(variant.method for variant in suite.variants)),
        (METRICS, suite.metrics),
    )
    found = (registry.conflict(name) for registry, names in used for name in names)
    return [f"warning: {sentence}" for sentence in found if sentence is not None]


def print_plan(
    plan: Plan, store: Store, finished: set[str], with_times: bool = True
) -> None:
    """Print the stages by kind, then what remains of each trial.

    Without times for suites whose stages take hours on a GPU: the defaults are those of
    small trainings on two CPU cores.
    """
    estimates = estimate_cost(plan, store, finished)
    print(f"{'stage':<10}{'cached':>8}{'to do':>7}" + "  time" * with_times)
    for each in estimates:
        cost = f"  {_describe_cost(each)}" if with_times else ""
        print(f"{each.kind:<10}{each.done:>8}{each.todo:>7}{cost}")
    if with_times:
        print(f"total: about {duration(sum(each.seconds for each in estimates))}")
    print()
    for trial in plan.trials:
        left = [stage.name for stage in trial.stages() if not store.has(stage)]
        kinds = ", ".join(sorted(set(left), key=left.index)) or "nothing"
        print(f"{trial.name}: to do: {'nothing' if trial.name in finished else kinds}")


def _describe_cost(estimate: CostEstimate) -> str:
    if not estimate.todo:
        return "-"
    basis = "from earlier stages" if estimate.measured else "rough default"
    return f"about {duration(estimate.seconds)} ({basis})"
