"""`avatarbench trace`: the figures, pictures and cost of each step of a fit."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from benchmark.avatars.spec import did_you_mean
from benchmark.commands.trace_faces import Comparison, compare_faces, measure_fidelity
from benchmark.config.resolve import resolve
from benchmark.config.suite import SuiteError, load_suite
from benchmark.run.fresh import changed_code
from benchmark.run.open_store import open_store
from benchmark.run.plan import Plan, TrialPlan, make_plan
from benchmark.run.stage_executor import StageExecutor
from benchmark.storage.recording_store import RecordingStore
from benchmark.storage.store import atomic_write
from benchmark.storage.store_users import using_store
from benchmark.system.console import duration, open_progress, print_table
from methods.tracing import Step, Traceable
from reports.tables.numbers import significant

FIDELITY_COLUMNS = {
    "parameter": "parameter",
    "pairs": "pairs",
    "portraits": "portraits",
    "kept": "kept",
    "tied_pairs": "r pairs",
    "tied_portraits": "r portraits",
}
"""Columns that fit on a terminal, with short names; the CSV file has all columns."""


def trace_methods(
    suite: str,
    *,
    overrides: Sequence[str],
    engines: Sequence[str],
    variants: Sequence[str],
    store_folder: Path,
    out: Path,
    pairs: int,
    faces: int,
    quiet: bool,
) -> None:
    """Trace the fits of a suite's first seed; writes one folder for each below `out`.

    Empty `engines` or `variants` mean all. The oracle of the suite predicts at most
    `pairs` training pairs, and avatars are compared with `faces` validation faces.
    Raises SuiteError if there is nothing to trace.
    """
    plan = make_plan(resolve(load_suite(suite, overrides)))
    trials = _select_trials(plan, suite, engines, variants)
    progress = open_progress(quiet)
    store = open_store(store_folder, plan, progress.say)
    for warning in changed_code(plan, store):
        progress.say(warning)
    with using_store(store.root, store.on_wait):
        for trial in trials:
            if not store.has(trial.fit):
                progress.say(
                    f"{trial.name} is not fitted in {store.root}: missing stages are "
                    "built now; --store names the store of another run"
                )
            executor = StageExecutor(plan, store, progress)
            folder = out / f"{trial.variant.name}-{trial.engine}"
            _trace_trial(executor, trial, folder, pairs, faces)


def _select_trials(
    plan: Plan, suite: str, engines: Sequence[str], variants: Sequence[str]
) -> list[TrialPlan]:
    seed = plan.resolved.suite.seeds[0]
    names = [variant.name for variant in plan.resolved.variants]
    problems = [
        f"{suite}: no {kind} is called {name!r}{did_you_mean(name, known)}; the "
        f"{kind}s are {', '.join(known)}"
        for kind, wanted, known in (
            ("engine", engines, list(plan.resolved.engines)),
            ("variant", variants, names),
        )
        for name in wanted
        if name not in known
    ]
    if problems:
        raise SuiteError(problems)
    found = [
        trial
        for trial in plan.trials
        if trial.seed == seed
        and issubclass(trial.variant.method, Traceable)
        and trial.engine in (engines or (trial.engine,))
        and trial.variant.name in (variants or (trial.variant.name,))
    ]
    if not found:
        traceable = ", ".join(
            v.name for v in plan.resolved.variants if issubclass(v.method, Traceable)
        )
        raise SuiteError(
            [
                f"{suite}: no trial to trace; its variants that can be traced are: "
                f"{traceable or 'none'}; its engines are "
                f"{', '.join(plan.resolved.engines)}"
            ]
        )
    return found


def _trace_trial(
    executor: StageExecutor, trial: TrialPlan, folder: Path, pairs: int, faces: int
) -> None:
    method = trial.variant.method(trial.variant.options)
    assert isinstance(method, Traceable)
    store = RecordingStore(executor.store, trial.fit)
    trace = method.trace(executor.fit_context(trial, executor.progress, store))
    steps = [_step_record(step, store) for step in trace.steps]
    probe = trace.face_similarity
    fidelity = trace.pairs and measure_fidelity(executor, trial, trace.pairs, pairs)
    comparison = probe and compare_faces(executor, trial, probe, faces)
    data = {"variant": trial.variant.name, "engine": trial.engine, "steps": steps}
    _write(folder, data, trace.sheets, fidelity, comparison)
    print(f"{trial.variant.name} on {trial.engine}")
    print_table(("step", "time", "memory", "figure", "value"), _step_rows(steps))
    if fidelity is not None:
        print("oracle on the training pairs: error or accuracy; r: correlation")
        shown = fidelity.filter(list(FIDELITY_COLUMNS))
        _print_frame(shown.set_axis(list(FIDELITY_COLUMNS.values()), axis=1))
    if comparison is not None:
        _print_frame(comparison.means)
    print(f"written: {folder}")


def _write(
    folder: Path,
    data: dict[str, Any],
    sheets: Mapping[str, NDArray[np.uint8]],
    fidelity: pd.DataFrame | None,
    comparison: Comparison | None,
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    atomic_write(folder / "trace.json", (json.dumps(data, indent=2) + "\n").encode())
    if fidelity is not None:
        fidelity.to_csv(folder / "fidelity.csv", index=False)
    if comparison is not None:
        comparison.table.to_csv(folder / "likeness.csv", index=False)
        sheets = {**sheets, "likeness": comparison.sheet}
    for name, sheet in sheets.items():
        Image.fromarray(sheet).save(folder / f"{name}.png")


def _step_record(step: Step, store: RecordingStore) -> dict[str, Any]:
    """A step with the total cost of its stages; a step may have several of them."""
    stages = [stage for stage in store.requested if stage.name == step.name]
    records = [stage.record for stage in stages]
    peaks = [each["peak_mib"] for each in records if each["peak_mib"] is not None]
    return {
        "step": step.name,
        "seconds": sum(each["seconds"] for each in records) if records else None,
        "peak_mib": max(peaks, default=None),
        "keys": [stage.key for stage in stages],
        "figures": dict(step.figures),
    }


def _print_frame(table: pd.DataFrame) -> None:
    rows = table.itertuples(index=False)
    print_table(tuple(table.columns), ([_cell(value) for value in row] for row in rows))


def _step_rows(steps: list[dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    for step in steps:
        seconds, peak = step["seconds"], step["peak_mib"]
        took = "" if seconds is None else duration(seconds)
        memory = "" if peak is None else f"{peak:,.0f} MiB"
        head = (step["step"], took, memory)
        for name, value in step["figures"].items():
            yield (*head, name, _cell(value))
            head = ("", "", "")


def _cell(value: object) -> str:
    return significant(value, 4) if isinstance(value, float) else str(value)
