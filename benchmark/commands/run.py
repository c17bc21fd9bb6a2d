"""`avatarbench run` and `avatarbench validate`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.commands.report import print_main_tables, print_report_paths
from benchmark.config.resolve import resolve
from benchmark.config.resolved import ResolvedSuite
from benchmark.config.suite import Suite, load_suite
from benchmark.engines.base import PartMapped
from benchmark.registry import ENGINES, METHODS, METRICS
from benchmark.run.cost_estimate import CostEstimate, estimate_cost
from benchmark.run.fresh import (
    begin_rebuild,
    changed_code,
    end_rebuild,
    stage_sources,
)
from benchmark.run.plan import Plan, make_plan
from benchmark.run.rehearsal import rehearse
from benchmark.run.runner import (
    Listener,
    Outcome,
    check_out_folder,
    create_out_folder,
    finished_trials,
    run,
    run_folder,
)
from benchmark.storage.store import Store
from benchmark.storage.trial_folder import trial_folders
from benchmark.system.console import ConsoleProgress, duration, open_progress
from benchmark.system.environment import made_with
from benchmark.tracking import Tracker, open_tracker, where_to_look
from benchmark.weights.folders import SHIPPED_STAGES

if TYPE_CHECKING:
    from reports.write import ReportFiles


class TrialPrinter:
    """A Listener that prints how each trial ends, with tracebacks if `debug`."""

    def __init__(self, console: ConsoleProgress, trials: int, debug: bool) -> None:
        self._console, self._trials, self._count = console, trials, 0
        self._debug = debug

    def started(self, run: Path) -> None:
        """Print the run folder."""
        self._console.say(f"run folder: {run}")

    def finished_trial(self, outcome: Outcome, model: Path | None) -> None:
        """Print whether a trial is done, was cached, or failed."""
        self._count += 1
        if outcome.error is not None:
            end = f"failed: {_describe_failure(outcome, self._debug)}"
        else:
            took = duration(outcome.seconds)
            end = "already finished" if outcome.cached else f"done in {took}"
        self._console.say(f"[{self._count}/{self._trials}] {outcome.name}: {end}")

    def timed_trial(self, outcome: Outcome) -> None:
        """Print a trial that failed when its speed was measured."""
        if outcome.error is not None:
            failure = _describe_failure(outcome, self._debug)
            self._console.say(f"speed of {outcome.name}: failed: {failure}")


def validate_suite(
    suite: str, overrides: tuple[str, ...], lpips_backbone: Path | None
) -> None:
    """Print what a suite consists of; raises SuiteError with all problems at once."""
    resolved = resolve(load_suite(suite, overrides), lpips_backbone, open_progress())
    plan = make_plan(resolved)
    print(f"suite {resolved.suite.name} is valid: {_describe_size(plan)}")
    for note in _notes(plan):
        print(note)


def run_suite(
    suite: str,
    *,
    out: Path,
    store_folder: Path,
    overrides: tuple[str, ...],
    lpips_backbone: Path | None,
    fresh: Sequence[str],
    dry_run: bool,
    track: bool,
    quiet: bool,
    debug: bool = False,
) -> int:
    """Run a suite and print its results.

    Returns the exit status: 0, 1 if a trial failed, 130 if interrupted by Ctrl-C.
    """
    from benchmark.commands.study_create import create_default_study

    def say(line: str) -> None:
        if not quiet:
            print(line, file=sys.stderr, flush=True)

    started = time.monotonic()
    console = open_progress(quiet)
    plan = make_plan(resolve(load_suite(suite, overrides), lpips_backbone, console))
    store = open_store(store_folder, plan, say)
    rebuilds = begin_rebuild(plan, store, fresh, dry=dry_run)
    warnings = changed_code(plan, store)
    for line in (_describe_size(plan), *_notes(plan), *rebuilds, *warnings):
        say(line)
    finished = finished_trials(plan, store, out)
    if dry_run:
        check_out_folder(out)
        _print_plan(plan, store, finished)
        return 0
    rehearse(plan, store, finished, say)
    tracker = None
    if track:
        create_out_folder(out)
        tracker = open_tracker(out, plan.resolved.suite.name, say)
    folder = run_folder(plan.resolved, out)
    try:
        printer = TrialPrinter(console, len(plan.trials), debug)
        outcomes, reports = _run(plan, store, out, console, printer, tracker)
    except KeyboardInterrupt:
        print(
            f"\nstopped; repeat the command to continue the run in {folder}",
            file=sys.stderr,
        )
        return 130
    if not any(outcome.error for outcome in outcomes):
        end_rebuild(plan, store)
    study = create_default_study(folder)
    print_summary(folder, outcomes, time.monotonic() - started, debug)
    print_report_paths(reports)
    print("\n".join(study))
    if tracker is not None:
        print(f"MLflow: {where_to_look(out)}")
    return int(any(outcome.error for outcome in outcomes))


def open_store(root: Path, plan: Plan, say: Callable[[str], None]) -> Store:
    """The store at `root`, with the shipped stages unless the run is from scratch."""
    shipped = None if plan.resolved.suite.from_scratch else SHIPPED_STAGES
    store = Store(root, say, made_with(), shipped)
    store.sources = stage_sources(plan)
    return store


def _run(
    plan: Plan,
    store: Store,
    out: Path,
    console: ConsoleProgress,
    printer: TrialPrinter,
    tracker: Tracker | None,
) -> tuple[list[Outcome], ReportFiles]:
    from reports.write import write_reports

    listeners: list[Listener] = [] if tracker is None else [tracker]
    listeners.append(printer)
    status = "FAILED"
    try:
        outcomes = run(plan, store, out, console, listeners)
        reports = write_reports(run_folder(plan.resolved, out))
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


def _describe_size(plan: Plan) -> str:
    suite = plan.resolved.suite
    sizes = {split: len(plan.resolved.splits[split]) for split in suite.splits}
    faces = " + ".join(f"{size} {split}" for split, size in sizes.items())
    faces += " face" if sum(sizes.values()) == 1 else " faces"
    counts = (
        f"{_count(suite.variants, 'variant')} × {_count(suite.engines, 'engine')} × "
        f"{_count(suite.seeds, 'seed')}"
    )
    return f"{suite.title}: {counts} = {_count(plan.trials, 'trial')} on {faces}"


def _count(items: tuple[object, ...], noun: str) -> str:
    return f"{len(items)} {noun}{'s' if len(items) != 1 else ''}"


def _notes(plan: Plan) -> list[str]:
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
        notes.append(
            f"faces: {resolved.faces.name}, synthetic stand-ins for photographs"
        )
    if resolved.version is not None:
        name, digest = resolved.version["name"], resolved.version["digest"][:8]
        changed = ", with changes" if resolved.version["changed"] else ""
        notes.append(f"benchmark version: {name}{changed} (digest {digest})")
    return notes


def _thread_notes(machine: Mapping[str, Any]) -> list[str]:
    threads, cores = machine["threads"], machine["cores"]
    if threads <= cores:
        return []
    words = "1 core" if cores == 1 else f"{cores} cores"
    return [
        f"warning: threads is {threads}, but this machine has {words}; more "
        f"threads than cores slow the run down, so give --set threads={cores}"
    ]


def _undefined_scores(resolved: ResolvedSuite) -> list[str]:
    """One sentence for each metric that has no score on an engine, with the reason."""
    notes: list[str] = []
    for name, engine in resolved.engines.items():
        offers = {
            "part maps": isinstance(engine, PartMapped),
            "continuous parameters": bool(engine.spec.continuous),
            "discrete parameters": bool(engine.spec.discrete),
        }
        for bound in resolved.bound_metrics:
            needs = getattr(bound.metric, "engine_needs", "")
            if bound.skipped is None and not offers.get(needs, True):
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


def _print_plan(plan: Plan, store: Store, finished: set[str]) -> None:
    """Print the stages by kind, then what remains of each trial."""
    estimates = estimate_cost(plan, store, finished)
    print(f"{'stage':<10}{'cached':>8}{'to do':>7}  time")
    for each in estimates:
        print(f"{each.kind:<10}{each.done:>8}{each.todo:>7}  {_describe_cost(each)}")
    total = duration(sum(each.seconds for each in estimates))
    print(f"total: about {total}\n")
    for trial in plan.trials:
        left = [stage.name for stage in trial.stages() if not store.has(stage)]
        kinds = ", ".join(sorted(set(left), key=left.index)) or "nothing"
        print(f"{trial.name}: to do: {'nothing' if trial.name in finished else kinds}")


def _describe_cost(estimate: CostEstimate) -> str:
    if not estimate.todo:
        return "-"
    basis = "from earlier stages" if estimate.measured else "rough default"
    return f"about {duration(estimate.seconds)} ({basis})"


def _describe_failure(outcome: Outcome, debug: bool) -> str:
    """The error of a trial, with its traceback or where that is."""
    if debug:
        return f"{outcome.error}\n{outcome.traceback.rstrip()}"
    place = "use --debug" if outcome.record is None else f"see {outcome.record}"
    return f"{outcome.error} (traceback: {place})"


def print_summary(
    folder: Path, outcomes: Sequence[Outcome], seconds: float, debug: bool
) -> None:
    """Print the main tables of a run, if it has any, and how its trials ended.

    With `debug`, the traceback of each failed trial is printed.
    """
    if trial_folders(folder):
        print_main_tables(folder)
    failed = [outcome for outcome in outcomes if outcome.error]
    for outcome in failed:
        words = _describe_failure(outcome, debug)
        print(f"trial {outcome.name} failed: {words}", file=sys.stderr)
    cached = sum(outcome.cached for outcome in outcomes)
    print(
        f"{len(outcomes)} trials ({cached} cached, {len(failed)} failed) "
        f"in {duration(seconds)}"
    )
