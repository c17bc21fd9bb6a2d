"""Score a finished run's predictions again, with the metrics that its suite has now.

Nothing is trained and nothing is timed. A trial is taken where all that its predictions
depend on is the same; its timing is copied.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from benchmark.run.plan import Plan, TrialPlan
from benchmark.run.stage_executor import VECTORS_FILE, StageExecutor
from benchmark.run.trial_writer import describe, told_vectors, write_trial
from benchmark.storage.store import atomic_write
from benchmark.storage.trial_folder import (
    TrialError,
    read_cases,
    read_record,
    read_timing,
)

NOT_OF_PREDICTIONS = frozenset({"metrics", "world", "key", "suite", "title"})
"""What of a trial's record says nothing about its predictions."""


def same_faces(plan: Plan, source: Path) -> bool:
    """Whether a run was made on the faces and truths of the plan."""
    found = yaml.safe_load((source / "resolved.yaml").read_text(encoding="utf-8"))
    now = json.loads(json.dumps(plan.resolved.to_data()["faces"]))
    return found.get("faces") == now


def rescore(
    executor: StageExecutor, trial: TrialPlan, source: Path, target: Path, run: Path
) -> None:
    """Write the trial's folder from the predictions of its namesake in `source`.

    Raises TrialError where there is none, where it is not this very trial, and where
    its cases are damaged.
    """
    folder = source / "trials" / trial.name
    record = describe(executor.plan, trial)
    _check_same(folder, record)
    timing, cases = read_timing(folder), read_cases(folder)
    if timing is None:
        raise TrialError(f"{folder} has no timing: run the suite instead")
    resolved, spec = executor.plan.resolved, executor.engine(trial).spec
    for split, stage in trial.predict.items():
        vectors = told_vectors(cases, resolved, split, spec, folder)
        data = json.dumps(vectors.to_records()).encode()
        executor.store.get_or_build(
            stage, lambda place, _, data=data: atomic_write(place / VECTORS_FILE, data)
        )
    write_trial(executor, trial, record, timing, target, run)


def _check_same(folder: Path, record: dict[str, Any]) -> None:
    before = read_record(folder)
    if before is None or before.get("status") != "done":
        raise TrialError(f"{folder} holds no finished trial: run the suite instead")
    names = sorted(set(record) - NOT_OF_PREDICTIONS)
    changed = [name for name in names if before.get(name) != record[name]]
    if changed:
        raise TrialError(
            f"{folder} was made with other {', '.join(changed)}: run the suite instead"
        )
