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
from benchmark.run.plan import Plan, TrialPlan
from benchmark.run.rescoring import rescore, source_record
from benchmark.run.stage_executor import StageExecutor
from benchmark.run.trial_writer import restore_pictures, run_trial, trial_record
from benchmark.storage.latest import point_latest
from benchmark.storage.locks import NoLocks, lock
from benchmark.storage.store import Store, StoreError, atomic_write, is_older
from benchmark.storage.trial_folder import (
    CASES_FILE,
    TRIAL_FILE,
    json_bytes,
    publish,
    read_record,
    read_timing,
    recover,
)
from benchmark.storage.unwritable import cannot_write, unwritable
from benchmark.system.environment import environment
from benchmark.system.progress import Progress


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
    """Follows the progress of a run, such as the MLflow tracker."""

    def started(self, run: Path) -> None:
        """Called once the run folder holds `resolved.yaml` and `environment.json`."""
        ...

    def finished_trial(self, outcome: Outcome, model: Path | None) -> None:
        """After each trial; `model` is the folder of its fitted method, or None."""
        ...


class RunError(OSError):
    """A folder cannot be used; the message names it."""


def run_folder(resolved: ResolvedSuite, out: Path) -> Path:
    """The folder of a suite's results, named by the suite and the configuration."""
    return out / resolved.suite.name / resolved.digest[:12]


def create_out_folder(out: Path) -> None:
    """Create the output folder; raises RunError if it is not writable."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        atomic_write(out / ".writable", b"")
        (out / ".writable").unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(out, error) from error


def check_out_folder(out: Path) -> None:
    """Raise RunError if `create_out_folder` would; nothing is written."""
    existing = next(p for p in (out, *out.absolute().parents) if p.exists())
    if not existing.is_dir():
        raise _unwritable(out, NotADirectoryError(ENOTDIR, f"{existing} is a file"))
    if not os.access(existing, os.W_OK | os.X_OK):
        raise _unwritable(out, PermissionError(EACCES, os.strerror(EACCES)))


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

    With `rescore_from`, a run folder, its predictions are scored again and nothing is
    fitted. Trials that are missing there fail and get no folder.

    Raises RunError or StoreError if `out` or the store is not writable, Busy if another
    process works on the same run, and FaceSetError if a face cannot be read.
    """
    create_out_folder(out)
    store.prepare()
    folder = run_folder(plan.resolved, out)
    try:
        with lock(folder / ".lock", f"run folder {folder}"):
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
    return outcomes


def _run_trial(
    plan: Plan,
    executor: StageExecutor,
    trial: TrialPlan,
    folder: Path,
    rescore_from: Path | None,
) -> Outcome:
    """Run one trial. An exception of a plugin fails the trial, not the run."""
    target = folder / "trials" / trial.name
    record = trial_record(plan, trial)
    recover(target)
    finished = _is_finished(plan, executor.store, trial, target)
    try:
        if finished:
            restore_pictures(executor, trial, target, folder)
        elif rescore_from is not None:
            rescore(executor, trial, rescore_from, target, folder)
        else:
            run_trial(executor, trial, record, target, folder)
    except (StoreError, NoLocks, FaceSetError):
        # Every other trial would fail too.
        raise
    except Exception as error:
        message, trace = f"{type(error).__name__}: {error}", traceback.format_exc()
        outcome = Outcome(trial.name, target, False, message, trace)
        if finished or rescore_from is not None:  # keep the existing folder
            return outcome
        failed = {
            **record,
            "status": "failed",
            "error": message,
            "traceback": trace,
            "set_scores": {},
        }
        publish(target, lambda f: _write_failed(f, failed))
        return replace(outcome, record=target / TRIAL_FILE)
    return Outcome(trial.name, target, cached=finished)


def _is_finished(plan: Plan, store: Store, trial: TrialPlan, target: Path) -> bool:
    """Whether the folder holds exactly this trial, timed on this machine.

    Pictures may be missing, since they can be rendered again.
    """
    before, timing = read_record(target), read_timing(target)
    if before is None or timing is None or timing.get("hardware") != plan.machine:
        return False
    since = max(map(store.since_of, trial.stages()))
    if is_older(target / TRIAL_FILE, since):
        return False
    record = trial_record(plan, trial)
    if not (target / CASES_FILE).is_file():
        return False
    return before == {**before, **record, "status": "done"}


def _write_failed(folder: Path, record: dict[str, Any]) -> None:
    atomic_write(folder / TRIAL_FILE, json_bytes(record))
