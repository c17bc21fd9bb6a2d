"""`avatarbench trace`: what each step of a method's fit reached, and what it cost."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from benchmark.commands.run import open_store
from benchmark.commands.trace_faces import Compared, compared, fidelity
from benchmark.config.resolve import resolve
from benchmark.config.suite import SuiteError, load_suite
from benchmark.run.plan import Plan, TrialPlan, make_plan
from benchmark.run.stage_executor import StageExecutor
from benchmark.storage.store import Build, Stage, Store, atomic_write
from benchmark.system.console import duration, open_progress, print_table
from benchmark.system.progress import Progress
from methods.shared.tracing import Step, Traceable

SHOWN = {
    "parameter": "parameter",
    "pairs": "pairs",
    "portraits": "portraits",
    "kept": "kept",
    "tied_pairs": "r pairs",
    "tied_portraits": "r portraits",
}
"""Columns of the fidelity that a terminal has room for, under short names; the file
has all."""


@dataclass(frozen=True)
class Request:
    """What the command line asked for; empty tuples mean all.

    Attributes:
        suite: a built-in one's name, or a file.
        overrides: of its keys.
        engines: names.
        variants: names.
        store: of finished stages.
        out: where a folder a trial is written.
        read: pairs that the suite's oracle reads.
        faces: validation faces that a method compares avatars with.
        quiet: no progress.
    """

    suite: str
    overrides: tuple[str, ...]
    engines: tuple[str, ...]
    variants: tuple[str, ...]
    store: Path
    out: Path
    read: int
    faces: int
    quiet: bool


def carry_out(request: Request) -> int:
    """Trace every method that was asked for; writes a folder for each."""
    plan = make_plan(resolve(load_suite(request.suite, request.overrides)))
    trials = _chosen(plan, request)
    progress = open_progress(request.quiet)
    store = open_store(request.store, plan.resolved, progress.say)
    for trial in trials:
        _trace(StageExecutor(plan, store, progress), trial, request, progress)
    return 0


def _chosen(plan: Plan, request: Request) -> list[TrialPlan]:
    """The first seed's trials of the engines and variants that show their steps."""
    seed = plan.resolved.suite.seeds[0]
    found = [
        trial
        for trial in plan.trials
        if trial.seed == seed
        and issubclass(trial.variant.method, Traceable)
        and trial.engine in (request.engines or (trial.engine,))
        and trial.variant.name in (request.variants or (trial.variant.name,))
    ]
    if not found:
        there = ", ".join(
            v.name for v in plan.resolved.variants if issubclass(v.method, Traceable)
        )
        raise SuiteError(
            [
                f"{request.suite}: no trial to trace: of its variants those that show "
                f"their steps are: {there or 'none'}; its engines are "
                f"{', '.join(plan.resolved.engines)}"
            ]
        )
    return found


def _trace(
    executor: StageExecutor, trial: TrialPlan, request: Request, progress: Progress
) -> None:
    method = trial.variant.method(trial.variant.options)
    assert isinstance(method, Traceable)
    store = WatchedStore(executor.store)
    found = method.trace(executor.context(trial, progress, store))
    steps = [_told(step, store) for step in found.steps]
    read = found.pairs and fidelity(executor, trial, found.pairs, request.read)
    alike = found.likeness and compared(executor, trial, found.likeness, request.faces)
    data = {"variant": trial.variant.name, "engine": trial.engine, "steps": steps}
    folder = request.out / f"{trial.variant.name}-{trial.engine}"
    _write(folder, data, found.sheets, read, alike)
    print(f"{trial.variant.name} on {trial.engine}")
    print_table(("step", "time", "memory", "figure", "value"), _lines(steps))
    if read is not None:
        print(
            "what the oracle reads: error or accuracy, and r, how it follows the truth"
        )
        _print(read.filter(list(SHOWN)).set_axis(list(SHOWN.values()), axis=1))
    if alike is not None:
        _print(alike.means)
    print(f"written: {folder}")


def _write(
    folder: Path,
    data: dict[str, Any],
    sheets: Mapping[str, NDArray[np.uint8]],
    read: pd.DataFrame | None,
    alike: Compared | None,
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    atomic_write(folder / "trace.json", (json.dumps(data, indent=2) + "\n").encode())
    if read is not None:
        read.to_csv(folder / "fidelity.csv", index=False)
    if alike is not None:
        alike.table.to_csv(folder / "likeness.csv", index=False)
        sheets = {**sheets, "likeness": alike.sheet}
    for name, sheet in sheets.items():
        Image.fromarray(sheet).save(folder / f"{name}.png")


def _told(step: Step, store: WatchedStore) -> dict[str, Any]:
    """A step with the cost of its stages, which are one or, of features, several."""
    records = store.seen.get(step.name, [])
    return {
        "step": step.name,
        "seconds": sum(each["seconds"] for each in records) if records else None,
        "peak_mib": max((each["peak_mib"] for each in records), default=None),
        "keys": [each["key"] for each in records],
        "figures": dict(step.figures),
    }


def _print(table: pd.DataFrame) -> None:
    rows = table.itertuples(index=False)
    print_table(tuple(table.columns), ([_cell(value) for value in row] for row in rows))


def _lines(steps: list[dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    for step in steps:
        seconds, peak = step["seconds"], step["peak_mib"]
        took = "" if seconds is None else duration(seconds)
        height = "" if peak is None else f"{peak:,.0f} MiB"
        head = (step["step"], took, height)
        for name, value in step["figures"].items():
            yield (*head, name, _cell(value))
            head = ("", "", "")


def _cell(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


class WatchedStore(Store):
    """The same store; `seen` keeps the records of all stages asked for, by name."""

    def __init__(self, store: Store) -> None:
        super().__init__(store.root, store.on_wait, store.made_with, store.shipped)
        self.seen: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)

    def get_or_build(self, stage: Stage, build: Build) -> Path:
        """As Store.get_or_build."""
        folder = super().get_or_build(stage, build)
        if all(stage.key != each["key"] for each in self.seen[stage.name]):
            self.seen[stage.name].append({**self.record(stage), "key": stage.key})
        return folder
