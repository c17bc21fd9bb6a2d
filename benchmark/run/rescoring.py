"""Score the predictions of a finished run with the current metrics of its suite.

Nothing is trained or timed. A trial is reused if everything that its predictions depend
on is unchanged; its timing is copied.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from benchmark.run.plan import Plan, TrialPlan
from benchmark.run.stage_executor import VECTORS_FILE, StageExecutor
from benchmark.run.trial_writer import read_predictions, trial_record, write_trial
from benchmark.storage.store import atomic_write
from benchmark.storage.trial_folder import (
    TrialError,
    read_cases,
    read_record,
    read_timing,
    recover,
)

UNRELATED_KEYS = frozenset({"metrics", "world", "key", "suite", "title"})
"""Keys of `trial.json` that do not affect predictions."""


def same_inputs(plan: Plan, source: Path) -> bool:
    """Whether a run has the faces, the ground truth and `from_scratch` of the plan."""
    before = yaml.safe_load((source / "resolved.yaml").read_text(encoding="utf-8"))
    now = json.loads(json.dumps(plan.resolved.to_data()))
    names = ("faces", "from_scratch")
    return isinstance(before, dict) and all(before.get(n) == now[n] for n in names)


def source_record(source: Path) -> dict[str, Any]:
    """What `environment.json` of a rescored run says of the run it was made from."""
    made_with = json.loads((source / "environment.json").read_text(encoding="utf-8"))
    earlier = made_with.get("rescored_from")
    if earlier is not None and earlier["folder"] == source.name:  # it was in place
        return {"rescored_from": earlier}
    return {"rescored_from": {"folder": source.name, "environment": made_with}}


def rescore(
    executor: StageExecutor, trial: TrialPlan, source: Path, target: Path, run: Path
) -> None:
    """Write the folder `target` from the predictions of the same trial in `source`.

    The store of `executor` must be private: it takes the predictions for built ones.
    Raises TrialError if that trial is missing, differs in anything but metrics, or has
    damaged cases.
    """
    folder = source / "trials" / trial.name
    record = trial_record(executor.plan, trial)
    recover(folder)
    _check_reusable(folder, record)
    timing, cases = read_timing(folder), read_cases(folder)
    if timing is None:
        raise TrialError(f"{folder} has no timing: run the suite instead")
    resolved, spec = executor.plan.resolved, executor.engine(trial).spec
    for split, stage in trial.predict.items():
        vectors = read_predictions(cases, resolved, split, spec, folder)
        data = json.dumps(vectors.to_records()).encode()
        executor.store.get_or_build(
            stage, lambda place, _, data=data: atomic_write(place / VECTORS_FILE, data)
        )
    write_trial(executor, trial, record, timing, target, run)


def _check_reusable(folder: Path, record: dict[str, Any]) -> None:
    before = read_record(folder)
    if before is None or before.get("status") != "done":
        raise TrialError(f"{folder} is not a finished trial: run the suite instead")
    names = sorted(set(record) - UNRELATED_KEYS)
    changed = [name for name in names if before.get(name) != record[name]]
    if changed:
        raise TrialError(
            f"{folder} was made with different {', '.join(changed)}: run the suite "
            "instead"
        )
