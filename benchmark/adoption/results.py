"""What an adoption leaves: the model, avatars of portraits, pictures of the steps."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmark.avatars import AvatarVectors
from benchmark.creation.writing import Record, write_avatar, write_sheets, write_table
from benchmark.run.fit_recording import read_cost
from benchmark.run.plan import TrialPlan
from benchmark.run.stage_executor import StageExecutor
from benchmark.storage.recording_store import RecordingStore
from benchmark.storage.store import Stage, Store
from benchmark.storage.trial_folder import publish
from benchmark.weights import WeightsError
from methods.planning import PlannedStage
from methods.tracing import Traceable

MODEL, AVATARS, SUITE_FILE, PAGE = "model", "avatars", "suite.yaml", "index.html"
FIGURES_FILE = "figures.json"


@dataclass(frozen=True)
class StepRecord:
    """What a stage of the fit did and took; `seconds` is None if it left no record."""

    name: str
    work: str
    seconds: float | None
    peak_mib: float | None


def write_model(executor: StageExecutor, trial: TrialPlan, out: Path) -> None:
    """Copy the fitted method to `out/model`, for `avatarbench create --model`."""
    fitted = executor.fit(trial)

    def fill(folder: Path) -> None:
        shutil.copytree(fitted, folder, dirs_exist_ok=True)

    publish(out / MODEL, fill)


def write_avatars(
    executor: StageExecutor, trial: TrialPlan, out: Path
) -> AvatarVectors:
    """Write the avatars of the portraits to `out/avatars`; returns their vectors.

    For each portrait: the vector as JSON, the avatar, and both side by side; for all of
    them a CSV and a contact sheet.
    """
    (split,) = trial.predict
    resolved = executor.plan.resolved
    vectors = executor.predict(trial, split)
    faces = executor.pictures(split, resolved.suite.render_size)
    avatars = executor.renders(trial, split)
    meta = executor.engine(trial).meta
    names = list(resolved.splits[split].ids)
    records: list[Record] = [
        {
            "engine": meta.name,
            "engine_version": meta.version,
            "vector": vector,
            "avatar": name,
            "model": trial.variant.title,
            "model_key": trial.fit.key,
        }
        for name, vector in zip(names, vectors.to_records(), strict=True)
    ]

    def fill(folder: Path) -> None:
        for name, record, face, avatar in zip(
            names, records, faces, avatars, strict=True
        ):
            write_avatar(folder, name, record, face, avatar)
        write_table(folder, vectors.spec.names, records)
        write_sheets(folder, names)

    publish(out / AVATARS, fill)
    return vectors


def draw_steps(executor: StageExecutor, trial: TrialPlan) -> Mapping[str, Path]:
    """Contact sheets of the steps of a fit by name, cached in the store.

    There are none for methods that cannot be traced, and where the weights that measure
    the steps are missing; the progress then says so.
    """
    method = trial.variant.method(trial.variant.options)
    if not isinstance(method, Traceable):
        return {}
    stage = Stage("adoption-trace", "1", {}, {"fit": trial.fit.key})

    def build(folder: Path, scratch: Path) -> None:
        store = RecordingStore(executor.store, trial.fit)
        context = executor.fit_context(trial, executor.progress, store)
        trace = method.trace(context)
        figures = {step.name: dict(step.figures) for step in trace.steps}
        (folder / FIGURES_FILE).write_text(json.dumps(figures, indent=2) + "\n")
        for name, sheet in trace.sheets.items():
            Image.fromarray(np.asarray(sheet)).save(folder / f"{name}.png")

    try:
        folder = RecordingStore(executor.store, trial.fit).get_or_build(stage, build)
    except WeightsError as error:
        print(f"warning: the steps of the fit are not drawn: {error}", flush=True)
        return {}
    return {path.stem: path for path in sorted(folder.glob("*.png"))}


def step_records(
    stages: list[PlannedStage], trial: TrialPlan, store: Store
) -> list[StepRecord]:
    """What the stages of a finished fit took, with the whole fit last."""
    parts = [_step_record(each, store) for each in stages if each.stage != trial.fit]
    record = store.record(trial.fit)
    cost = read_cost(store.folder(trial.fit), record["seconds"])
    return [
        *parts,
        StepRecord("fit", "all of it", cost["fit_seconds"], record["peak_mib"]),
    ]


def _step_record(planned: PlannedStage, store: Store) -> StepRecord:
    stage = planned.stage
    record: Mapping[str, Any] = {}
    if stage is not None and store.has(stage):
        record = store.record(stage)
    return StepRecord(
        planned.name, planned.work, record.get("seconds"), record.get("peak_mib")
    )
