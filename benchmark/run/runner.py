"""Run a plan: cache its stages in the store and write a folder for each trial."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from contextlib import closing
from errno import EACCES, ENOTDIR
from pathlib import Path
from typing import Protocol

import yaml

from benchmark.config.resolved import ResolvedSuite
from benchmark.execution import WorkerLost
from benchmark.run.plan import Plan, TrialPlan
from benchmark.run.rescoring import source_record
from benchmark.run.speeds import measure_speeds
from benchmark.run.stage_executor import StageExecutor
from benchmark.run.trial_runner import (
    FATAL,
    Outcome,
    fail_trial,
    finish_trial,
    is_finished,
    is_timed,
    keeps_scores,
    publish_failure,
)
from benchmark.run.trial_worker import Workers, spread, trial_work
from benchmark.run.trial_writer import write_truth_pictures
from benchmark.storage.latest import point_latest
from benchmark.storage.locks import lock
from benchmark.storage.store import Store, StoreError, atomic_write
from benchmark.storage.store_users import using_store
from benchmark.storage.trial_folder import TIMING_FILE, json_bytes
from benchmark.storage.unwritable import cannot_write, unwritable
from benchmark.system.environment import environment
from benchmark.system.progress import Progress

ROUNDS_FILE = ".speed-rounds.json"
"""In a run folder: speed measurements that a kill interrupted."""


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
        if is_finished(plan, store, trial, folder / trial.name)
    }


def run(
    plan: Plan,
    store: Store,
    out: Path,
    progress: Progress,
    listeners: Sequence[Listener] = (),
    rescore_from: Path | None = None,
    workers: Workers | None = None,
) -> list[Outcome]:
    """Run the unfinished trials of a plan. A failed trial gets a folder too.

    With `workers`, they carry out the unfinished trials. Speeds are measured here, when
    all workers have ended.

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
            _write_configuration(plan, folder, rescore_from, workers)
            for listener in listeners:
                listener.started(folder)
            executor = StageExecutor(plan, store, progress)
            outcomes = _run_trials(
                plan, executor, folder, listeners, rescore_from, workers
            )
            if rescore_from is not None:
                return outcomes
            return _time_trials(plan, executor, folder, outcomes, listeners)
    except (RunError, StoreError):
        raise
    except OSError as error:
        if not unwritable(error):
            raise
        raise _unwritable(folder, error) from error


def _write_configuration(
    plan: Plan, folder: Path, rescore_from: Path | None, workers: Workers | None
) -> None:
    resolved = yaml.safe_dump(plan.resolved.to_data(), sort_keys=False)
    atomic_write(folder / "resolved.yaml", resolved.encode())
    made_with = environment(plan.machine)
    if rescore_from is not None:
        made_with = {**made_with, **source_record(rescore_from)}
    if workers is not None:
        made_with = {**made_with, "execution": workers.executor.describe()}
    atomic_write(folder / "environment.json", json_bytes(made_with))
    point_latest(folder)


def _run_trials(
    plan: Plan,
    executor: StageExecutor,
    folder: Path,
    listeners: Sequence[Listener],
    rescore_from: Path | None,
    workers: Workers | None,
) -> list[Outcome]:
    """Run every trial up to its scores; returns the outcomes in the order of the plan.

    Trials that are scored come first: here, and outside the progress, because they say
    nothing about the time of the others. Listeners hear of trials in the order of
    completion.
    """
    outcomes: dict[str, Outcome] = {}

    def note(trial: TrialPlan, outcome: Outcome) -> None:
        outcomes[trial.name] = outcome
        # Published results come without the fitted method.
        fitted = outcome.error is None and executor.store.has(trial.fit)
        model = executor.store.folder(trial.fit) if fitted else None
        for listener in listeners:
            listener.finished_trial(outcome, model)

    left: list[TrialPlan] = []
    for trial in plan.trials:
        target = folder / "trials" / trial.name
        again = rescore_from is not None
        if again or not keeps_scores(plan, executor.store, trial, target):
            left.append(trial)
        else:
            note(trial, finish_trial(plan, executor, trial, folder))
    if left:
        if workers is None:
            found = (
                (trial, finish_trial(plan, executor, trial, folder, rescore_from))
                for trial in left
            )
        else:
            found = _distribute(plan, executor, folder, left, workers)
        label = "trials" if workers is None else workers.label
        total = len(plan.trials)
        with (
            executor.progress.task(label, total, total - len(left)) as bar,
            closing(found),
        ):
            for trial, outcome in found:
                note(trial, outcome)
                bar.advance()
    return [outcomes[trial.name] for trial in plan.trials]


def _distribute(
    plan: Plan,
    executor: StageExecutor,
    folder: Path,
    left: Sequence[TrialPlan],
    workers: Workers,
) -> Generator[tuple[TrialPlan, Outcome], None, None]:
    """Run trials on workers; each trial with its outcome when it ends."""
    for engine in dict.fromkeys(trial.engine for trial in left):
        _share_truths(executor, engine, folder)
    trials = spread(left)
    work = trial_work(plan, executor.store, folder, workers.source)
    names = [trial.name for trial in trials]
    with closing(workers.executor.map(work, names, workers.console)) as results:
        for index, result in results:
            if isinstance(result, WorkerLost):
                result = fail_trial(plan, executor.store, trials[index], folder, result)
            yield trials[index], result


def _share_truths(executor: StageExecutor, engine: str, folder: Path) -> None:
    """Write the ground-truth pictures of an engine, which all its trials share.

    An engine that fails is left to the trials, which report it.
    """
    try:
        write_truth_pictures(executor, engine, folder)
    except (*FATAL, KeyboardInterrupt):
        raise
    except BaseException as error:
        executor.store.on_wait(f"warning: ground truth of {engine}: {error}")


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
        if trial.name in targets and not is_timed(plan, targets[trial.name])
    ]
    errors = measure_speeds(executor, trials, folder / ROUNDS_FILE, FATAL)
    timed: dict[str, Outcome] = {}
    before = {outcome.name: outcome for outcome in outcomes}
    for trial in trials:
        target, outcome = targets[trial.name], before[trial.name]
        if trial.name in errors:
            outcome = publish_failure(plan, trial, target, errors[trial.name])
        else:
            atomic_write(target / TIMING_FILE, json_bytes(executor.timing(trial)))
        timed[trial.name] = outcome
        for listener in listeners:
            listener.timed_trial(outcome)
    return [timed.get(outcome.name, outcome) for outcome in outcomes]
