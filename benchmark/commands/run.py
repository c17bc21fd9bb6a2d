"""`avatarbench run` and `avatarbench validate`."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.commands.gpu_plan import print_gpu_plan, print_missing
from benchmark.commands.plan_notes import describe_size, plan_notes, print_plan
from benchmark.commands.report import print_report_paths
from benchmark.commands.run_workers import WorkerOptions, open_workers, source_of
from benchmark.commands.trial_printing import TrialPrinter, print_summary
from benchmark.config.resolve import resolve
from benchmark.config.suite import SuiteError, load_suite
from benchmark.run.fresh import begin_rebuild, changed_code, end_rebuild
from benchmark.run.open_store import open_store
from benchmark.run.plan import Plan, make_plan
from benchmark.run.rehearsal import rehearse
from benchmark.run.runner import (
    Listener,
    check_out_folder,
    create_out_folder,
    finished_trials,
    run,
    run_folder,
)
from benchmark.run.trial_runner import Outcome
from benchmark.run.trial_worker import Workers
from benchmark.storage.store import Store
from benchmark.system.console import ConsoleProgress, open_progress
from benchmark.tracking import Summary, Tracker, open_tracker, where_to_look

if TYPE_CHECKING:
    from reports.write import ReportFiles


def validate_suite(
    suite: str,
    overrides: tuple[str, ...],
    lpips_backbone: Path | None,
    store_folder: Path,
) -> None:
    """Print what a suite consists of; raises SuiteError with all problems at once.

    The store is only compared with the code of plugins.
    """
    resolved = resolve(load_suite(suite, overrides), lpips_backbone, open_progress())
    plan = make_plan(resolved)
    print(f"suite {resolved.suite.name} is valid: {describe_size(plan)}")
    store = open_store(store_folder, plan, print)
    for note in (*plan_notes(plan), *changed_code(plan, store)):
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
    worker_options: WorkerOptions | None = None,
) -> int:
    """Run a suite and print its results.

    A dry run of a suite for GPUs also says what the suite costs in GPU-hours.

    Returns the exit status: 0, 1 if a trial failed, 2 for the dry run of a suite for
    GPUs that cannot start, 130 if interrupted by Ctrl-C.
    """
    from benchmark.commands.study_create import create_default_study

    started = time.monotonic()
    console = open_progress(quiet)
    say = console.say
    worker_options = worker_options or WorkerOptions()
    worker_options.check()
    read = load_suite(suite, overrides)
    try:
        plan = make_plan(resolve(read, lpips_backbone, console))
    except SuiteError as error:
        if not dry_run or read.device != "cuda":
            raise
        print_missing(read, error.problems)
        print_gpu_plan(read)
        return 2
    store = open_store(store_folder, plan, say)
    rebuilds = begin_rebuild(plan, store, fresh, dry=dry_run)
    warnings = changed_code(plan, store)
    for line in (describe_size(plan), *plan_notes(plan), *rebuilds, *warnings):
        say(line)
    source = source_of(suite, overrides, lpips_backbone)
    workers = open_workers(worker_options, plan, source, console)
    finished = finished_trials(plan, store, out)
    if dry_run:
        check_out_folder(out)
        for_gpu = read.device == "cuda"
        print_plan(plan, store, finished, with_times=not for_gpu)
        if for_gpu:
            print()
            print_gpu_plan(read)
        return 0
    rehearse(plan, store, finished, say)
    tracker = None
    if track:
        create_out_folder(out)
        tracker = open_tracker(out, plan.resolved.suite.name, say)
    folder = run_folder(plan.resolved, out)
    try:
        printer = TrialPrinter(console, len(plan.trials), debug)
        outcomes, reports = _run(plan, store, out, console, printer, tracker, workers)
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
        print(f"MLflow: {where_to_look(out, tracker.page)}")
    return int(any(outcome.error for outcome in outcomes))


def _run(
    plan: Plan,
    store: Store,
    out: Path,
    console: ConsoleProgress,
    printer: TrialPrinter,
    tracker: Tracker | None,
    workers: Workers | None,
) -> tuple[list[Outcome], ReportFiles]:
    from reports.write import write_reports

    listeners: list[Listener] = [] if tracker is None else [tracker]
    listeners.append(printer)
    status = "FAILED"
    try:
        outcomes = run(plan, store, out, console, listeners, workers=workers)
        reports = write_reports(run_folder(plan.resolved, out))
        if tracker is not None:
            tracker.add_reports(reports.folder)
            tracker.summarise(_summary(run_folder(plan.resolved, out)))
        if not any(outcome.error for outcome in outcomes):
            status = "FINISHED"
    except KeyboardInterrupt:
        status = "KILLED"
        raise
    finally:
        if tracker is not None:
            tracker.close(status)
    return outcomes, reports


def _summary(folder: Path) -> Summary:
    """What MLflow shows of a run: its verdict and the scores of Table 1."""
    from reports.tables.summary import summary_columns, summary_scores
    from reports.trials import read_run
    from reports.verdict import verdict

    run = read_run(folder)
    return Summary(verdict(run).text, summary_scores(run), summary_columns(run))
