"""Measure the speeds of the trials of a run together and keep them in the store."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

from benchmark.run.plan import TrialPlan
from benchmark.run.stage_executor import StageExecutor
from benchmark.run.timing import (
    SPEED_FILE,
    TIMED_FACES,
    Entry,
    Instruments,
    Timed,
    instruments,
    time_together,
)
from benchmark.storage.digests import digest_of
from benchmark.storage.store import atomic_write
from evaluation.speed import torch_clock


def measure_speeds(
    executor: StageExecutor,
    trials: Sequence[TrialPlan],
    file: Path,
    fatal: tuple[type[Exception], ...] = (),
    tools: Instruments | None = None,
) -> dict[str, BaseException]:
    """Build the missing speed stages of fitted trials, all in one session.

    Args:
        executor: of the plan of the trials.
        trials: whose methods are fitted.
        file: keeps the rounds of a session that was killed.
        fatal: exceptions that end the session. Others are returned.
        tools: the clock and the load of this machine by default.

    Returns:
        The errors of trials that failed, by name.
    """
    store, resolved = executor.store, executor.plan.resolved
    missing = {t.speed.key: t for t in trials if not store.has(t.speed)}
    rebuilds = frozenset[str]().union(*(store.rebuilds_of(t.speed) for t in trials))
    if rebuilds:  # rounds that were measured before do not count
        file.unlink(missing_ok=True)
        file = file.with_name(f"{file.stem}-{digest_of(sorted(rebuilds))[:12]}.json")
    session = time_together(
        [_entry(executor, trial) for trial in missing.values()],
        resolved.suite.speed,
        file,
        tools or instruments(torch_clock(resolved.device), resolved.suite.threads),
        executor.progress,
        fatal,
    )
    about = {
        "hardware": dict(executor.plan.machine),
        "batch": 1,
        "warmup": resolved.suite.speed.warmup,
    }
    for key in missing.keys() - session.errors.keys():
        data = json.dumps({**session.timing(key), **about}).encode()
        store.get_or_build(
            missing[key].speed,
            lambda folder, _, data=data: atomic_write(folder / SPEED_FILE, data),
            spent=session.seconds() / len(missing),
        )
    file.unlink(missing_ok=True)
    return {
        trial.name: session.errors[trial.speed.key]
        for trial in trials
        if trial.speed.key in session.errors
    }


def _entry(executor: StageExecutor, trial: TrialPlan) -> Entry:
    resolved = executor.plan.resolved
    engine, size = executor.engine(trial), resolved.suite.render_size

    def load() -> Timed:
        method = executor.load_fitted(trial)
        return Timed(method.predict, lambda vectors: engine.render(vectors, size))

    def faces() -> list[Tensor]:
        split = resolved.suite.splits[0]
        return list(executor.method_input(trial, split, TIMED_FACES).split(1))

    return Entry(trial.speed.key, load, faces)
