"""`avatarbench run` and `validate`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.commands.report import print_places, print_table_one, write
from benchmark.config.resolve import resolve
from benchmark.config.resolved import ResolvedSuite
from benchmark.config.suite import load_suite
from benchmark.run.cost_estimate import CostEstimate, estimate_cost
from benchmark.run.plan import Plan, make_plan
from benchmark.run.runner import (
    Listener,
    Outcome,
    finished_trials,
    make_out,
    run,
    run_folder,
)
from benchmark.storage.store import Store
from benchmark.storage.trial_folder import trial_folders
from benchmark.system.console import Speaker, duration, open_progress
from benchmark.system.environment import made_with
from benchmark.tracking import Tracker, open_tracker, ui_command
from benchmark.weights.folders import SHIPPED_STAGES

if TYPE_CHECKING:
    from reports.write import ReportFiles


@dataclass(frozen=True)
class Request:
    """What the command line asked for."""

    suite: str
    out: Path
    store: Path
    overrides: tuple[str, ...]
    lpips_backbone: Path | None
    dry_run: bool
    track: bool
    quiet: bool


class Announcer:
    """Says how each trial ended."""

    def __init__(self, speaker: Speaker, trials: int) -> None:
        self._speaker, self._trials, self._count = speaker, trials, 0

    def started(self, run: Path) -> None:
        """Say where the results will lie."""
        self._speaker.say(f"run folder: {run}")

    def finished_trial(self, outcome: Outcome, model: Path | None) -> None:
        """Say that a trial is done, was there, or failed."""
        self._count += 1
        if outcome.error is not None:
            end = f"failed: {outcome.error}"
        else:
            took = duration(outcome.seconds)
            end = "there already" if outcome.cached else f"done in {took}"
        self._speaker.say(f"[{self._count}/{self._trials}] {outcome.name}: {end}")


def validate(
    suite: str, overrides: tuple[str, ...], lpips_backbone: Path | None
) -> None:
    """Print what a suite resolves to; raises SuiteError with all its problems."""
    resolved = resolve(load_suite(suite, overrides), lpips_backbone)
    print(f"suite {resolved.suite.name} is valid: {_size(make_plan(resolved))}")
    for note in _notes(resolved):
        print(note)


def carry_out(request: Request) -> int:
    """Run a suite as asked; the exit status: 0, 1 where a trial failed, 130 stopped."""
    started = time.monotonic()
    suite = load_suite(request.suite, request.overrides)
    plan = make_plan(resolve(suite, request.lpips_backbone))
    store = open_store(request.store, plan.resolved, lambda s: _say(request, s))
    for line in (_size(plan), *_notes(plan.resolved)):
        _say(request, line)
    if request.dry_run:
        _print_plan(plan, store, finished_trials(plan, request.out))
        return 0
    tracker = _tracker(request, plan) if request.track else None
    try:
        outcomes, reports = _run(request, plan, store, tracker)
    except KeyboardInterrupt:
        folder = run_folder(plan.resolved, request.out)
        print(f"\nstopped; the same command goes on from {folder}", file=sys.stderr)
        return 130
    folder = run_folder(plan.resolved, request.out)
    print_end(folder, outcomes, time.monotonic() - started)
    print_places(reports)
    print("\n".join(_leave_study(folder)))
    if tracker is not None:
        print(f"MLflow: {ui_command(request.out)}")
    return int(any(outcome.error for outcome in outcomes))


def _leave_study(folder: Path) -> list[str]:
    """Leave a study to ask people with; lines that say where it lies, or why none."""
    from benchmark.commands.study_create import leave_study

    return leave_study(folder)


def open_store(
    root: Path, resolved: ResolvedSuite, say: Callable[[str], None]
) -> Store:
    """The store below `root`, over what ships unless the run is from scratch."""
    shipped = None if resolved.suite.from_scratch else SHIPPED_STAGES
    return Store(root, say, made_with(), shipped)


def _tracker(request: Request, plan: Plan) -> Tracker:
    make_out(request.out)
    name = plan.resolved.suite.name
    return open_tracker(request.out, name, lambda s: _say(request, s))


def _run(
    request: Request, plan: Plan, store: Store, tracker: Tracker | None
) -> tuple[list[Outcome], ReportFiles]:
    speaker = open_progress(request.quiet)
    listeners: list[Listener] = [] if tracker is None else [tracker]
    listeners.append(Announcer(speaker, len(plan.trials)))
    status = "FAILED"
    try:
        outcomes = run(plan, store, request.out, speaker, listeners)
        reports = write(run_folder(plan.resolved, request.out))
        if tracker is not None:
            tracker.add_reports(reports.folder)
        if not any(outcome.error for outcome in outcomes):
            status = "FINISHED"
    except KeyboardInterrupt:
        status = "KILLED"
        raise
    finally:
        if tracker is not None:
            tracker.close(status)
    return outcomes, reports


def _say(request: Request, line: str) -> None:
    if not request.quiet:
        print(line, file=sys.stderr, flush=True)


def _size(plan: Plan) -> str:
    suite = plan.resolved.suite
    faces = " + ".join(
        f"{len(plan.resolved.splits[split])} {split}" for split in suite.splits
    )
    counts = (
        f"{_count(suite.variants, 'variant')} × {_count(suite.engines, 'engine')} × "
        f"{_count(suite.seeds, 'seed')}"
    )
    return f"{suite.title}: {counts} = {_count(plan.trials, 'trial')} on {faces} faces"


def _count(items: tuple[object, ...], noun: str) -> str:
    return f"{len(items)} {noun}{'s' if len(items) != 1 else ''}"


def _notes(resolved: ResolvedSuite) -> list[str]:
    """What a reader of the results must know."""
    notes = [
        f"no {j.meta.title}: {j.skipped}" for j in resolved.bound_metrics if j.skipped
    ]
    if resolved.suite.from_scratch:
        notes.append("from scratch: no weights and no stages that ship are taken")
    if resolved.faces.stand_in:
        notes.append(f"faces: {resolved.faces.name}, a stand-in for photographs")
    if resolved.world is not None:
        changed = "a change from " if resolved.world["changed"] else ""
        short = resolved.world["digest"][:8]
        notes.append(f"world: {changed}{resolved.world['name']}, digest {short}")
    return notes


def _print_plan(plan: Plan, store: Store, finished: set[str]) -> None:
    """The stages by kind, and each trial with what is left of it."""
    lines = estimate_cost(plan, store, finished)
    print(f"{'stage':<10}{'there':>7}{'to do':>7}  cost")
    for line in lines:
        print(f"{line.kind:<10}{line.done:>7}{line.todo:>7}  {_cost(line)}")
    print(f"in all about {duration(sum(line.seconds for line in lines))}\n")
    for trial in plan.trials:
        left = [stage.name for stage in trial.stages() if not store.has(stage)]
        kinds = ", ".join(sorted(set(left), key=left.index)) or "nothing"
        print(f"{trial.name}: to do: {'nothing' if trial.name in finished else kinds}")


def _cost(line: CostEstimate) -> str:
    if not line.todo:
        return "-"
    basis = "measured here before" if line.measured else "rule of thumb"
    return f"about {duration(line.seconds)} ({basis})"


def print_end(folder: Path, outcomes: Sequence[Outcome], seconds: float) -> None:
    """Print a run's main tables, if it has any, and how its trials ended."""
    if trial_folders(folder):
        print_table_one(folder)
    failed = [outcome for outcome in outcomes if outcome.error]
    for outcome in failed:
        print(f"trial {outcome.name} failed: {outcome.error}", file=sys.stderr)
    cached = sum(outcome.cached for outcome in outcomes)
    print(
        f"{len(outcomes)} trials ({cached} from the store, {len(failed)} failed) "
        f"in {duration(seconds)}"
    )
