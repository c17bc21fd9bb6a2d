"""Run a plan: cache its stages in the store and write a folder for each trial."""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, replace
from errno import EACCES, ENOTDIR
from pathlib import Path
from typing import Any, Protocol

import yaml

from benchmark.config.resolved import ResolvedSuite
from benchmark.faces.pictures import FaceSetError
from benchmark.run.contracts import describe_failure
from benchmark.run.plan import Plan, TrialPlan
from benchmark.run.rescoring import rescore, source_record
from benchmark.run.speeds import measure_speeds
from benchmark.run.stage_executor import StageExecutor
from benchmark.run.trial_writer import (
    restore_pictures,
    run_trial,
    trial_rebuilds,
    trial_record,
)
from benchmark.storage.latest import point_latest
from benchmark.storage.locks import NoLocks, lock
from benchmark.storage.rebuilds import is_outdated
from benchmark.storage.store import Store, StoreError, atomic_write
from benchmark.storage.store_users import using_store
from benchmark.storage.trial_folder import (
    CASES_FILE,
    TIMING_FILE,
    TRIAL_FILE,
    json_bytes,
    publish,
    read_record,
    read_timing,
    recover,
)
from benchmark.storage.unwritable import as_unwritable, cannot_write, unwritable
from benchmark.system.environment import environment
from benchmark.system.progress import Progress

FATAL = (StoreError, NoLocks, FaceSetError)
"""Exceptions that would fail every other trial, too: they end the run."""
ROUNDS_FILE = ".speed-rounds.json"
"""In a run folder: speed measurements that a kill interrupted."""


@dataclass(frozen=True)
class Outcome:
    """How one trial ended.

    Attributes:
        name: of the trial.
        folder: of its results.
        cached: whether it was finished before.
        error: None if it succeeded.
        traceback: of the error.
        record: the file that holds the traceback too; None if an earlier record was
            kept.
        seconds: that this invocation spent on it.
    """

    name: str
    folder: Path
    cached: bool
    error: str | None = None
    traceback: str = ""
    record: Path | None = None
    seconds: float = 0.0


class Listener(Protocol):
    """Follows the progress of a run, such as the MLflow tracker.

    Speeds are measured at the end, when all methods are fitted.
    """

    def started(self, run: Path) -> None:
        """Called once the run folder holds `resolved.yaml` and `environment.json`."""
        ...

    def finished_trial(self, outcome: Outcome, model: Path | None) -> None:
        """After each trial; `model` is the folder of its fitted method, or None.

        The speed of a new trial is not known yet.
        """
        ...

    def timed_trial(self, outcome: Outcome) -> None:
        """After the speeds were measured, for each trial that lacked its speed."""
        ...


class RunError(OSError):
    """A folder cannot be used; the message names it."""


def run_folder(resolved: ResolvedSuite, out: Path) -> Path:
    """The folder of a suite's results, named by the suite and the configuration."""
    return out / resolved.suite.name / resolved.digest[:12]


def create_out_folder(out: Path) -> None:
    """Create the output folder; raises RunError if it is not usable."""
    _require_utf8(out)
    try:
        out.mkdir(parents=True, exist_ok=True)
        atomic_write(out / ".writable", b"")
        (out / ".writable").unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(out, error) from error


def check_out_folder(out: Path) -> None:
    """Raise RunError if `create_out_folder` would; nothing is written."""
    _require_utf8(out)
    existing = next(p for p in (out, *out.absolute().parents) if p.exists())
    if not existing.is_dir():
        raise _unwritable(out, NotADirectoryError(ENOTDIR, os.strerror(ENOTDIR)))
    if not os.access(existing, os.W_OK | os.X_OK):
        raise _unwritable(out, PermissionError(EACCES, os.strerror(EACCES)))


def _require_utf8(out: Path) -> None:
    """Raise RunError for a name that MLflow and JSON files cannot hold."""
    try:
        str(out.absolute()).encode()
    except UnicodeEncodeError as error:
        name = os.fsencode(out).decode("utf-8", "backslashreplace")
        raise RunError(
            f"the name of the output folder {name} is not UTF-8; give another folder "
            "with --out"
        ) from error


def _unwritable(folder: Path, error: OSError) -> RunError:
    return RunError(cannot_write(folder, error, "name another folder with --out"))


def finished_trials(plan: Plan, store: Store, out: Path) -> set[str]:
    """Names of the trials that are finished and up to date; pictures may be missing."""
    folder = run_folder(plan.resolved, out) / "trials"
    return {
        trial.name
        for trial in plan.trials
        if _is_finished(plan, store, trial, folder / trial.name)
    }


def run(
    plan: Plan,
    store: Store,
    out: Path,
    progress: Progress,
    listeners: Sequence[Listener] = (),
    rescore_from: Path | None = None,
) -> list[Outcome]:
    """Run the unfinished trials of a plan. A failed trial gets a folder too.

    With `rescore_from`, a run folder, its predictions are scored again, also where
    they have scores, since the code of a metric may have changed. Nothing is fitted.
    Trials that are missing there fail and get no folder.

    Raises RunError or StoreError if `out` or the store is not writable, Busy if another
    process works on the same run, and FaceSetError if a face cannot be read.
    """
    create_out_folder(out)
    store.prepare()
    folder = run_folder(plan.resolved, out)
    try:
        with (
            lock(folder / ".lock", f"run folder {folder}"),
            using_store(store.root, store.on_wait),
        ):
            _write_configuration(plan, folder, rescore_from)
            for listener in listeners:
                listener.started(folder)
            executor = StageExecutor(plan, store, progress)
            return _run_trials(plan, executor, folder, listeners, rescore_from)
    except (RunError, StoreError):
        raise
    except OSError as error:
        if not unwritable(error):
            raise
        raise _unwritable(folder, error) from error


def _write_configuration(plan: Plan, folder: Path, rescore_from: Path | None) -> None:
    resolved = yaml.safe_dump(plan.resolved.to_data(), sort_keys=False)
    atomic_write(folder / "resolved.yaml", resolved.encode())
    made_with = environment(plan.machine)
    if rescore_from is not None:
        made_with = {**made_with, **source_record(rescore_from)}
    atomic_write(folder / "environment.json", json_bytes(made_with))
    point_latest(folder)


def _run_trials(
    plan: Plan,
    executor: StageExecutor,
    folder: Path,
    listeners: Sequence[Listener],
    rescore_from: Path | None,
) -> list[Outcome]:
    outcomes: list[Outcome] = []
    with executor.progress.task("trials", len(plan.trials)) as bar:
        for trial in plan.trials:
            started = time.monotonic()
            outcome = _run_trial(plan, executor, trial, folder, rescore_from)
            outcome = replace(outcome, seconds=time.monotonic() - started)
            outcomes.append(outcome)
            # Published results come without the fitted method.
            fitted = outcome.error is None and executor.store.has(trial.fit)
            model = executor.store.folder(trial.fit) if fitted else None
            for listener in listeners:
                listener.finished_trial(outcome, model)
            bar.advance()
    if rescore_from is not None:
        return outcomes
    return _time_trials(plan, executor, folder, outcomes, listeners)


def _run_trial(
    plan: Plan,
    executor: StageExecutor,
    trial: TrialPlan,
    folder: Path,
    rescore_from: Path | None,
) -> Outcome:
    """Run one trial up to its scores. Whatever a plugin raises fails this trial."""
    target = folder / "trials" / trial.name
    recover(target)
    timed = _is_timed(plan, target)
    scored = _is_scored(plan, executor.store, trial, target)
    # The speed is measured with the method that made the scores.
    scored = scored and (timed or executor.store.has(trial.fit))
    if rescore_from is not None and read_record(rescore_from / "trials" / trial.name):
        scored = False
    try:
        if scored:
            restore_pictures(executor, trial, target, folder)
            if not timed:  # or reports would show the speed of another machine
                (target / TIMING_FILE).unlink(missing_ok=True)
        elif rescore_from is not None:
            rescore(executor, trial, rescore_from, target, folder)
        else:
            run_trial(executor, trial, trial_record(plan, trial), target, folder)
    except (*FATAL, KeyboardInterrupt):
        raise
    except BaseException as error:  # such as SystemExit
        if (failure := as_unwritable(error, folder)) is not None:
            raise _unwritable(folder, failure) from error
        if scored or rescore_from is not None:  # keep the existing folder
            return _failure(trial, target, error)
        return _publish_failure(plan, trial, target, error)
    return Outcome(trial.name, target, cached=scored and timed)


def _time_trials(
    plan: Plan,
    executor: StageExecutor,
    folder: Path,
    outcomes: Sequence[Outcome],
    listeners: Sequence[Listener],
) -> list[Outcome]:
    """Measure the speeds of all trials that lack it, in one session."""
    succeeded = {outcome.name for outcome in outcomes if outcome.error is None}
    targets = {
        trial.name: folder / "trials" / trial.name
        for trial in plan.trials
        if trial.name in succeeded
    }
    trials = [
        trial
        for trial in plan.trials
        if trial.name in targets and not _is_timed(plan, targets[trial.name])
    ]
    errors = measure_speeds(executor, trials, folder / ROUNDS_FILE, FATAL)
    timed: dict[str, Outcome] = {}
    before = {outcome.name: outcome for outcome in outcomes}
    for trial in trials:
        target, outcome = targets[trial.name], before[trial.name]
        if trial.name in errors:
            outcome = _publish_failure(plan, trial, target, errors[trial.name])
        else:
            atomic_write(target / TIMING_FILE, json_bytes(executor.timing(trial)))
        timed[trial.name] = outcome
        for listener in listeners:
            listener.timed_trial(outcome)
    return [timed.get(outcome.name, outcome) for outcome in outcomes]


def _failure(trial: TrialPlan, target: Path, error: BaseException) -> Outcome:
    trace = "".join(traceback.format_exception(error))
    return Outcome(trial.name, target, False, describe_failure(error), trace)


def _publish_failure(
    plan: Plan, trial: TrialPlan, target: Path, error: BaseException
) -> Outcome:
    """Write the folder of a failed trial."""
    outcome = _failure(trial, target, error)
    failed = {
        **trial_record(plan, trial),
        "status": "failed",
        "error": outcome.error,
        "traceback": outcome.traceback,
        "set_scores": {},
    }
    publish(target, lambda f: _write_failed(f, failed))
    return replace(outcome, record=target / TRIAL_FILE)


def _is_finished(plan: Plan, store: Store, trial: TrialPlan, target: Path) -> bool:
    """Whether the folder holds exactly this trial, timed on this machine.

    Pictures may be missing, since they can be rendered again.
    """
    return _is_timed(plan, target) and _is_scored(plan, store, trial, target)


def _is_timed(plan: Plan, target: Path) -> bool:
    timing = read_timing(target)
    return timing is not None and timing.get("hardware") == plan.machine


def _is_scored(plan: Plan, store: Store, trial: TrialPlan, target: Path) -> bool:
    before = read_record(target)
    if before is None or not (target / CASES_FILE).is_file():
        return False
    if is_outdated(target, trial_rebuilds(store, trial)):
        return False
    return before == {**before, **trial_record(plan, trial), "status": "done"}


def _write_failed(folder: Path, record: dict[str, Any]) -> None:
    atomic_write(folder / TRIAL_FILE, json_bytes(record))
