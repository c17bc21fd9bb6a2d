"""Write the folder of a trial from its stages."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars import AvatarSpec, AvatarVectors
from benchmark.config.resolved import ResolvedSuite, metric_data
from benchmark.faces.split import FaceSplit
from benchmark.run.plan import Plan, TrialPlan
from benchmark.run.rendering import render
from benchmark.run.stage_executor import StageExecutor
from benchmark.storage.rebuilds import is_outdated, mark_rebuilt
from benchmark.storage.store import Store, atomic_write
from benchmark.storage.trial_folder import (
    CASES_FILE,
    PICTURES,
    TIMING_FILE,
    TRIAL_FILE,
    CaseBlock,
    TrialError,
    cases_bytes,
    json_bytes,
    publish,
    read_cases,
    webp_files,
    write_once,
)

if TYPE_CHECKING:
    import pandas as pd


def run_trial(
    executor: StageExecutor,
    trial: TrialPlan,
    record: dict[str, Any],
    target: Path,
    run: Path,
) -> None:
    """Execute the stages of a trial, then write its folder and ground-truth pictures.

    `record` is `trial.json` without status and set scores.
    """
    for split in executor.plan.resolved.suite.splits:
        # Find a damaged face now, not after hours of training.
        executor.encoded_faces(split)
    executor.fit(trial)
    # Speeds are measured when all methods of the run are fitted.
    timing = executor.timing(trial) if executor.store.has(trial.speed) else None
    write_trial(executor, trial, record, timing, target, run)


def write_trial(
    executor: StageExecutor,
    trial: TrialPlan,
    record: dict[str, Any],
    timing: Mapping[str, Any] | None,
    target: Path,
    run: Path,
) -> None:
    """Predict, render and score a trial; write its folder and ground-truth pictures.

    Without `timing`, the folder is complete but for its speed.
    """
    # Render first, or the seconds of a score stage would include rendering.
    renders = {split: executor.renders(trial, split) for split in trial.render}
    write_truth_pictures(executor, trial.engine, run)
    blocks, set_scores = _score_trial(executor, trial)

    def fill(folder: Path) -> None:
        atomic_write(folder / CASES_FILE, cases_bytes(blocks))
        if timing is not None:
            atomic_write(folder / TIMING_FILE, json_bytes(timing))
        _write_pictures(executor, renders, folder / PICTURES)
        done = {"status": "done", "error": None, "set_scores": set_scores}
        atomic_write(folder / TRIAL_FILE, json_bytes({**record, **done}))
        mark_rebuilt(folder, trial_rebuilds(executor.store, trial))

    publish(target, fill)


def _score_trial(
    executor: StageExecutor, trial: TrialPlan
) -> tuple[list[CaseBlock], dict[str, dict[str, float]]]:
    """Case scores in blocks, and set scores by `split/designer` and metric."""
    resolved = executor.plan.resolved
    levels = {bound.meta.name: bound.meta.level for bound in resolved.bound_metrics}
    blocks: list[CaseBlock] = []
    set_scores: dict[str, dict[str, float]] = {}
    for split in resolved.suite.splits:
        for designer in resolved.suite.designers:
            scores = executor.scores(trial, split, designer)
            set_scores[f"{split}/{designer}"] = {
                name: float(values[0])
                for name, values in scores.items()
                if levels[name] == "set"
            }
            case = {n: v for n, v in scores.items() if levels[n] == "case"}
            blocks.append(
                CaseBlock(
                    split,
                    designer,
                    resolved.splits[split].ids,
                    _subgroups(resolved.splits[split]),
                    executor.predict(trial, split),
                    resolved.truths[trial.engine, split, designer],
                    case,
                )
            )
    return blocks, set_scores


def trial_rebuilds(store: Store, trial: TrialPlan) -> frozenset[str]:
    """The rebuilds in which a trial must have been made."""
    return frozenset[str]().union(*map(store.rebuilds_of, trial.stages()))


def _subgroups(split: FaceSplit) -> list[str]:
    """The subgroup of each face; the name of the split if there are none."""
    attributes = split.attributes()
    if attributes is None or "part" not in attributes:
        return [split.name] * len(split)
    return [str(part) for part in attributes["part"]]


def restore_pictures(
    executor: StageExecutor, trial: TrialPlan, target: Path, run: Path
) -> None:
    """Render pictures that are missing from a finished trial or its run.

    Published results come without pictures. They are rendered from the vectors in the
    cases, to the same bytes. Nothing is fitted. Raises TrialError for damaged cases.
    """
    write_truth_pictures(executor, trial.engine, run)
    if _has_pictures(executor, trial, target / PICTURES):
        return
    cases = read_cases(target)
    renders = {
        split: _render_cases(executor, trial, cases, split, target)
        for split in trial.render
    }
    publish(
        target / PICTURES, lambda folder: _write_pictures(executor, renders, folder)
    )


def _has_pictures(executor: StageExecutor, trial: TrialPlan, folder: Path) -> bool:
    """Whether every face has its two pictures."""
    splits = executor.plan.resolved.splits
    return all(
        len(list((folder / split).glob("[!.]*.webp"))) == 2 * len(splits[split])
        for split in trial.render
    )


def _render_cases(
    executor: StageExecutor,
    trial: TrialPlan,
    cases: pd.DataFrame,
    split: str,
    target: Path,
) -> NDArray[np.uint8]:
    """(n, S, S, 3) renders of the predictions in the cases."""
    resolved, engine = executor.plan.resolved, executor.engine(trial)
    vectors = read_predictions(cases, resolved, split, engine.spec, target)
    with executor.progress.task(f"render {trial.name}", len(vectors)) as bar:
        return render(engine, vectors, resolved.suite.render_size, bar).pictures


def read_predictions(
    cases: pd.DataFrame,
    resolved: ResolvedSuite,
    split: str,
    spec: AvatarSpec,
    target: Path,
) -> AvatarVectors:
    """The predictions of a split in the cases of folder `target`, in the split's order.

    Raises TrialError if any is missing or damaged.
    """
    chosen = (cases["split"] == split) & (
        cases["designer"] == resolved.suite.designers[0]
    )
    predicted = dict(
        zip(cases["face"][chosen], cases["predicted"][chosen], strict=True)
    )
    try:
        records = [json.loads(predicted[face]) for face in resolved.splits[split].ids]
        return AvatarVectors.from_records(spec, records)
    except (KeyError, ValueError) as error:
        raise TrialError(
            f"{target / CASES_FILE} lacks predictions for faces of {split}: delete "
            f"the folder {target} and run the suite again"
        ) from error


def _write_pictures(
    executor: StageExecutor, renders: Mapping[str, NDArray[np.uint8]], folder: Path
) -> None:
    """Write the face and the prediction of every case; `renders` are by split."""
    for split, pictures in renders.items():
        place = folder / split
        place.mkdir(parents=True)
        ids = executor.plan.resolved.splits[split].ids
        encoded = zip(executor.encoded_faces(split), webp_files(pictures), strict=True)
        for face, (own, prediction) in zip(ids, encoded, strict=True):
            (place / f"{face}.face.webp").write_bytes(own)
            (place / f"{face}.prediction.webp").write_bytes(prediction)


def write_truth_pictures(executor: StageExecutor, engine: str, run: Path) -> None:
    """Write the ground-truth pictures of an engine if they are missing."""
    resolved = executor.plan.resolved
    for split in resolved.suite.splits:
        for designer in resolved.suite.designers:
            place = run / "truths" / engine / designer / split
            paths = [place / f"{face}.webp" for face in resolved.splits[split].ids]
            rebuilds = executor.store.rebuilds_of(
                executor.plan.truths[engine, split, designer]
            )
            if is_outdated(place, rebuilds):
                shutil.rmtree(place)
            if all(path.is_file() for path in paths):
                continue
            renders = executor.truth_renders(engine, split, designer)
            for path, encoded in zip(paths, webp_files(renders), strict=True):
                write_once(path, encoded)
            mark_rebuilt(place, rebuilds)


def trial_record(plan: Plan, trial: TrialPlan) -> dict[str, Any]:
    """The content of `trial.json`, without status and scores."""
    resolved = plan.resolved
    engine = resolved.engines[trial.engine]
    method, others = asdict(trial.variant.meta), trial.variant.other_engines
    record = {
        "suite": resolved.suite.name,
        "variant": trial.variant.name,
        "title": trial.variant.title,
        "method": trial.variant.meta.name,
        "method_meta": method,
        "role": trial.variant.meta.role,
        "options": trial.variant.options.model_dump(mode="json"),
        "weights": dict(trial.variant.digests),
        **({"other_engines": dict(others)} if others else {}),
        "engine": trial.engine,
        "engine_meta": asdict(engine.meta),
        "spec": engine.spec.to_json(),
        "seed": trial.seed,
        "metrics": [metric_data(bound) for bound in resolved.bound_metrics],
        "faces": resolved.faces_record(),
        "world": resolved.version,
        "splits": {name: len(resolved.splits[name]) for name in resolved.suite.splits},
        "designers": list(resolved.suite.designers),
        "render_size": resolved.suite.render_size,
        "compute": resolved.compute,
        "key": plan.trial_key(trial),
    }
    # Tuples become lists, so that the record equals what is read from the file.
    return json.loads(json_bytes(record))
