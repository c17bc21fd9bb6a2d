"""One trial of a plan: run it up to its scores, or say how it failed."""

from __future__ import annotations

import time
import traceback
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmark.faces.pictures import FaceSetError
from benchmark.run.contracts import describe_failure
from benchmark.run.plan import Plan, TrialPlan
from benchmark.run.rescoring import rescore
from benchmark.run.stage_executor import StageExecutor
from benchmark.run.trial_writer import (
    restore_pictures,
    run_trial,
    trial_rebuilds,
    trial_record,
)
from benchmark.storage.locks import NoLocks
from benchmark.storage.rebuilds import is_outdated
from benchmark.storage.store import Store, StoreError, atomic_write
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
from benchmark.storage.unwritable import as_unwritable

FATAL = (StoreError, NoLocks, FaceSetError)
"""Exceptions that would fail every other trial, too: they end the run."""


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


def finish_trial(
    plan: Plan,
    executor: StageExecutor,
    trial: TrialPlan,
    folder: Path,
    rescore_from: Path | None = None,
) -> Outcome:
    """Run one trial up to its scores. Whatever a plugin raises fails this trial."""
    started = time.monotonic()
    outcome = _finish_trial(plan, executor, trial, folder, rescore_from)
    return replace(outcome, seconds=time.monotonic() - started)


def _finish_trial(
    plan: Plan,
    executor: StageExecutor,
    trial: TrialPlan,
    folder: Path,
    rescore_from: Path | None,
) -> Outcome:
    target = folder / "trials" / trial.name
    recover(target)
    timed = is_timed(plan, target)
    scored = keeps_scores(plan, executor.store, trial, target)
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
            raise failure from error  # ends the run
        if scored or rescore_from is not None:  # keep the existing folder
            return _failure(trial, target, error)
        return publish_failure(plan, trial, target, error)
    return Outcome(trial.name, target, cached=scored and timed)


def fail_trial(
    plan: Plan, store: Store, trial: TrialPlan, folder: Path, error: BaseException
) -> Outcome:
    """The outcome of a trial whose workers died; the folder of a scored one stays."""
    target = folder / "trials" / trial.name
    if _is_scored(plan, store, trial, target):
        return _failure(trial, target, error)
    return publish_failure(plan, trial, target, error)


def _failure(trial: TrialPlan, target: Path, error: BaseException) -> Outcome:
    trace = "".join(traceback.format_exception(error))
    return Outcome(trial.name, target, False, describe_failure(error), trace)


def publish_failure(
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


def is_finished(plan: Plan, store: Store, trial: TrialPlan, target: Path) -> bool:
    """Whether the folder holds exactly this trial, timed on this machine.

    Pictures may be missing, since they can be rendered again.
    """
    return is_timed(plan, target) and _is_scored(plan, store, trial, target)


def keeps_scores(plan: Plan, store: Store, trial: TrialPlan, target: Path) -> bool:
    """Whether a run keeps the scores in the folder.

    Its pictures and its speed may be missing.
    """
    # The speed is measured with the method that made the scores.
    measurable = is_timed(plan, target) or store.has(trial.fit)
    return measurable and _is_scored(plan, store, trial, target)


def is_timed(plan: Plan, target: Path) -> bool:
    """Whether a trial folder holds speeds that were measured on this machine."""
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
