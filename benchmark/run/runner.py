"""Carry a plan out: stages through the store, trials into the run folder."""

from __future__ import annotations

import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import yaml

from benchmark.config.resolved import ResolvedSuite
from benchmark.faces.pictures import FaceSetError
from benchmark.run.plan import Plan, TrialPlan
from benchmark.run.rescoring import rescore
from benchmark.run.stage_executor import StageExecutor
from benchmark.run.trial_writer import assemble, complete, describe
from benchmark.storage.locks import lock
from benchmark.storage.store import Store, StoreError, atomic_write, unwritable
from benchmark.storage.trial_folder import (
    CASES_FILE,
    TRIAL_FILE,
    json_bytes,
    point_latest,
    publish,
    read_record,
    read_timing,
)
from benchmark.system.environment import environment
from benchmark.system.progress import Progress


@dataclass(frozen=True)
class Outcome:
    """How one trial ended: its folder, whether it was there before, or its error.

    `seconds` is what this invocation spent on it.
    """

    name: str
    folder: Path
    cached: bool
    error: str | None = None
    seconds: float = 0.0


class Listener(Protocol):
    """Who wants to hear how a run goes (the tracker)."""

    def started(self, run: Path) -> None:
        """The run folder holds the resolved configuration and the environment."""
        ...

    def finished_trial(self, outcome: Outcome, model: Path | None) -> None:
        """A trial folder is complete; `model` is the fitted method's folder, if any."""
        ...


class RunError(OSError):
    """The run's folder cannot be used; the message names it."""


def run_folder(resolved: ResolvedSuite, out: Path) -> Path:
    """Where a resolved's results lie: stable, named by suite and configuration."""
    return out / resolved.suite.name / resolved.digest[:12]


def make_out(out: Path) -> None:
    """Make the output folder; raises RunError where nothing can be written to it."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        atomic_write(out / ".writable", b"")
        (out / ".writable").unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(out, error) from error


def _unwritable(folder: Path, error: OSError) -> RunError:
    return RunError(
        f"cannot write to {folder}: {error.strerror}; make it writable, free some "
        "space, or name another folder with --out"
    )


def finished_trials(plan: Plan, out: Path) -> set[str]:
    """Names of the trials whose folders are whole, but for pictures, and up to date."""
    folder = run_folder(plan.resolved, out) / "trials"
    return {
        trial.name
        for trial in plan.trials
        if _is_there(folder / trial.name, describe(plan, trial), plan.machine)
    }


def run(
    plan: Plan,
    store: Store,
    out: Path,
    progress: Progress,
    listeners: Sequence[Listener] = (),
    scored_before: Path | None = None,
) -> list[Outcome]:
    """Do what is left of a plan; every trial ends as a folder, a failed one too.

    `scored_before` is a run folder whose predictions are scored again, in place of
    fitting anything; trials that it does not hold fail and leave no folder.

    Raises RunError or StoreError where `out` or the store cannot be written (any more)
    and Busy where another process works on the same run, FaceSetError where a face
    cannot be read.
    """
    make_out(out)
    store.prepare()
    folder = run_folder(plan.resolved, out)
    try:
        with lock(folder / ".lock", f"run folder {folder}"):
            _prepare(plan, folder)
            for listener in listeners:
                listener.started(folder)
            executor = StageExecutor(plan, store, progress)
            return _run_trials(plan, executor, folder, listeners, scored_before)
    except (RunError, StoreError):
        raise
    except OSError as error:
        if not unwritable(error):
            raise
        raise _unwritable(folder, error) from error


def _prepare(plan: Plan, folder: Path) -> None:
    resolved = yaml.safe_dump(plan.resolved.to_data(), sort_keys=False)
    atomic_write(folder / "resolved.yaml", resolved.encode())
    atomic_write(folder / "environment.json", json_bytes(environment(plan.machine)))
    point_latest(folder)


def _run_trials(
    plan: Plan,
    executor: StageExecutor,
    folder: Path,
    listeners: Sequence[Listener],
    scored_before: Path | None,
) -> list[Outcome]:
    outcomes: list[Outcome] = []
    with executor.progress.task("trials", len(plan.trials)) as bar:
        for trial in plan.trials:
            started = time.monotonic()
            outcome = _run_trial(plan, executor, trial, folder, scored_before)
            outcome = replace(outcome, seconds=time.monotonic() - started)
            outcomes.append(outcome)
            # Results that were published elsewhere come without their model.
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
    scored_before: Path | None,
) -> Outcome:
    """One trial; whatever a plugin raises becomes a failed trial, not a failed run."""
    target = folder / "trials" / trial.name
    record = describe(plan, trial)
    there = _is_there(target, record, plan.machine)
    try:
        if there:
            complete(executor, trial, target, folder)
        elif scored_before is not None:
            rescore(executor, trial, scored_before, target, folder)
        else:
            assemble(executor, trial, record, target, folder)
    except (StoreError, FaceSetError):
        # No other trial could go on either.
        raise
    except Exception as error:
        message = f"{type(error).__name__}: {error}"
        if there or scored_before is not None:  # what stands there stays
            return Outcome(trial.name, target, cached=False, error=message)
        failed = {
            **record,
            "status": "failed",
            "error": message,
            "traceback": traceback.format_exc(),
            "set_scores": {},
        }
        publish(target, lambda f: _write_failed(f, failed))
        return Outcome(trial.name, target, cached=False, error=message)
    return Outcome(trial.name, target, cached=there)


def _is_there(target: Path, record: dict[str, Any], machine: Mapping[str, Any]) -> bool:
    """Whether the folder holds this very trial, timed on this machine.

    Its pictures may be missing: they can be drawn anew.
    """
    before, timing = read_record(target), read_timing(target)
    if before is None or timing is None or timing.get("hardware") != machine:
        return False
    if not (target / CASES_FILE).is_file():
        return False
    return before == {**before, **record, "status": "done"}


def _write_failed(folder: Path, record: dict[str, Any]) -> None:
    atomic_write(folder / TRIAL_FILE, json_bytes(record))
