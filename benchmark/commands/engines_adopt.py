"""`avatarbench engines adopt`: from an engine to a fitted method, in one command."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from benchmark.adoption.costs import (
    ROUGH,
    StageCost,
    estimate_stages,
    measure_rate,
    planned_stages,
)
from benchmark.adoption.next_steps import score_commands, use_commands
from benchmark.adoption.page_content import make_page
from benchmark.adoption.results import (
    AVATARS,
    MODEL,
    PAGE,
    SUITE_FILE,
    draw_steps,
    step_records,
    write_avatars,
    write_model,
)
from benchmark.adoption.suites import AdoptionError, adoption_suite, scored_suite
from benchmark.adoption.variety import measure_variety
from benchmark.avatars.counting import counted
from benchmark.avatars.spec import did_you_mean
from benchmark.commands.plan_notes import plan_notes
from benchmark.config.resolve import resolve
from benchmark.config.suite import Suite, load_suite
from benchmark.engines.sheet import summary
from benchmark.registry import ENGINES
from benchmark.run.fresh import begin_rebuild, changed_code, end_rebuild
from benchmark.run.open_store import open_store
from benchmark.run.plan import Plan, TrialPlan, make_plan
from benchmark.run.rehearsal import rehearse
from benchmark.run.runner import check_out_folder, create_out_folder
from benchmark.run.stage_executor import StageExecutor
from benchmark.storage.locks import lock
from benchmark.storage.recording_store import RecordingStore
from benchmark.storage.store import Store, atomic_write
from benchmark.storage.store_users import using_store
from benchmark.system.console import (
    ConsoleProgress,
    duration,
    open_progress,
    print_table,
)
from benchmark.system.cpu_load import load_average, usable_cores
from methods.planning import PlannedStage
from reports.adoption.page import write_adoption_page


@dataclass(frozen=True)
class _Adoption:
    """Everything that one call works with."""

    base: Suite
    plan: Plan
    trial: TrialPlan
    executor: StageExecutor
    stages: list[PlannedStage]
    out: Path
    changes: tuple[str, ...]
    scored: str

    @property
    def engine(self) -> str:
        return self.trial.engine

    @property
    def store(self) -> Store:
        """The store; what `--fresh` rebuilds counts as missing in it."""
        return RecordingStore(self.executor.store, self.trial.fit)


def adopt_engine(
    engine: str,
    *,
    method: str,
    suite: str,
    overrides: Sequence[str],
    out: Path | None,
    store_folder: Path,
    fresh: bool,
    dry_run: bool,
    yes: bool,
    quiet: bool,
) -> int:
    """Fit a method to an engine and show its avatars; returns the exit status.

    Raises AdoptionError, SuiteError and others with one sentence for a mistake.
    """
    started = time.monotonic()
    console = open_progress(quiet)
    target = out or Path("adopted") / engine
    base = load_suite(suite, overrides)
    _check_engine(engine)
    check_out_folder(target)
    plan = make_plan(resolve(adoption_suite(base, engine, method), progress=console))
    (trial,) = plan.trials
    store = open_store(store_folder, plan, console.say)
    again = f"engines adopt {engine} --fresh"
    names = (engine,) if fresh else ()
    rebuilds = begin_rebuild(plan, store, names, dry=True)
    for line in (*plan_notes(plan), *rebuilds, *changed_code(plan, store, again)):
        console.say(line)
    executor = StageExecutor(plan, store, console)
    if not dry_run:
        rehearse(plan, store, (), console.say)
    stages = planned_stages(executor, trial)
    scored = scored_suite(base, plan.resolved)
    adoption = _Adoption(
        base, plan, trial, executor, stages, target, tuple(overrides), scored
    )
    left = _print_plan(adoption)
    if dry_run or (left and not yes and not _confirmed()):
        return 0
    begin_rebuild(plan, store, names, dry=False)
    try:
        _adopt(adoption, console)
    except KeyboardInterrupt:
        print("\nstopped; repeat the command to continue", file=sys.stderr)
        return 130
    end_rebuild(plan, store)
    _print_result(adoption, time.monotonic() - started)
    return 0


def _check_engine(name: str) -> None:
    """Raise AdoptionError for an engine that is not there, with what to do."""
    names = ENGINES.names()
    if name not in names:
        raise AdoptionError(
            f"there is no engine {name}{did_you_mean(name, names)}; make one of a "
            f"program with `avatarbench engines init {name} --command …`, in the "
            "folder where you adopt it"
        )


def _print_plan(adoption: _Adoption) -> bool:
    """Print what is to do and what it costs; returns whether anything is to do."""
    trial, executor = adoption.trial, adoption.executor
    engine = executor.engine(trial)
    suite = adoption.plan.resolved.suite
    sizes = [
        each.stage.options["size"]
        for each in adoption.stages
        if each.unit_seconds is None and each.stage is not None
    ]
    size = min(sizes, default=suite.render_size)
    rate = measure_rate(engine, size)
    costs = estimate_stages(adoption.stages, adoption.plan, adoption.store, rate)
    print(f"engine: {engine.meta.title}, {summary(engine.spec)}")
    print(f"speed:  {_speed(rate)} at {size} px")
    print(f"method: {trial.variant.title}, with options of the suite {suite.name}")
    print_table(
        ("stage", "work", "about", "estimate"),
        [(c.name, c.work, _time(c), c.basis) for c in costs],
    )
    left = [cost for cost in costs if not cost.cached]
    if not left:
        print("Everything is cached; the results are written again.")
        return False
    total = sum(cost.seconds for cost in left)
    disk = sum(cost.mib for cost in left)
    needs = f" and {disk:,.0f} MiB in {adoption.store.root}" if disk else ""
    print(f"total: about {duration(total)}{needs}")
    _print_advice(left, total, engine.meta.name)
    return True


def _speed(rate: float) -> str:
    if rate >= 1:
        return f"{rate:,.0f} renders per second"
    return f"{duration(1 / rate)} for a render"


def _time(cost: StageCost) -> str:
    return "cached" if cost.cached else duration(cost.seconds)


def _print_advice(left: Sequence[StageCost], total: float, engine: str) -> None:
    """Say what the estimate takes for granted, and how to make renders cheaper."""
    if any(cost.basis == ROUGH for cost in left):
        print("Rough estimates are those of two free CPU cores.")
    load, cores = load_average(), usable_cores()
    if load > cores:
        print(
            f"Other work keeps this machine busy (load {load:.1f}, "
            f"{counted(cores, 'core')}): it will take longer."
        )
    renders = sum(cost.seconds for cost in left if cost.name == "renders")
    if renders > max(total / 2, 300):
        print(
            "Most of it is rendering. Faster: a higher `workers` in the engine file of "
            f"{engine}, or a lower `samples` (docs/bring-an-engine.md)."
        )
    print("It can be stopped at any time; the same command continues.")


def _confirmed() -> bool:
    if not sys.stdin.isatty():
        raise AdoptionError(
            "this is no terminal, so nobody can be asked: add --yes to begin, or "
            "--dry-run to see the plan only"
        )
    return typer.confirm("Begin?", default=True)


def _adopt(adoption: _Adoption, console: ConsoleProgress) -> None:
    """Fit, predict and render, then write the folder."""
    out, trial, executor = adoption.out, adoption.trial, adoption.executor
    create_out_folder(out)
    using = using_store(executor.store.root, console.say)
    with lock(out / ".lock", f"folder {out}"), using:
        # Find a damaged face now, not after hours of training.
        size = adoption.plan.resolved.suite.render_size
        executor.pictures(next(iter(trial.predict)), size)
        write_model(executor, trial, out)
        vectors = write_avatars(executor, trial, out)
        atomic_write(out / SUITE_FILE, adoption.scored.encode())
        page = make_page(
            adoption.base,
            adoption.plan,
            trial,
            out,
            adoption.changes,
            measure_variety(vectors),
            step_records(adoption.stages, trial, adoption.store),
            draw_steps(executor, trial),
        )
        write_adoption_page(page, out / PAGE)


def _print_result(adoption: _Adoption, seconds: float) -> None:
    out = adoption.out
    print(f"\n{adoption.engine} is adopted ({duration(seconds)}): {out}")
    print(f"  {out / PAGE}: portraits with their avatars; look at it first")
    print(f"  {out / MODEL}: the fitted method")
    print(f"  {out / AVATARS}: vectors (avatars.csv), pictures, contact sheet")
    use = use_commands(adoption.engine, out)
    score = score_commands(adoption.plan.resolved, adoption.engine, out)
    print("No score is possible without ground truth. Next:")
    for command in (*use, *score):
        print(f"\n  # {command.purpose}\n  {command.text}")
