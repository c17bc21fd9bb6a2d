"""Put a trial folder together from its stages."""

from __future__ import annotations

import json
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
from benchmark.storage.store import atomic_write
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
    webp_bytes,
    write_once,
)

if TYPE_CHECKING:
    import pandas as pd


def assemble(
    executor: StageExecutor,
    trial: TrialPlan,
    record: dict[str, Any],
    target: Path,
    run: Path,
) -> None:
    """Do the trial's stages and write its folder, and the truths' pictures of the run.

    `record` is `trial.json` without status and set scores.
    """
    for split in executor.plan.resolved.suite.splits:
        # A damaged face must not come to light after hours of training.
        executor.encoded_faces(split)
    executor.fit(trial)
    write_trial(executor, trial, record, executor.timing(trial), target, run)


def write_trial(
    executor: StageExecutor,
    trial: TrialPlan,
    record: dict[str, Any],
    timing: Mapping[str, Any],
    target: Path,
    run: Path,
) -> None:
    """Predict, render and score a trial, and write its folder and the run's truths."""
    # Before any score, which would else count them among its own seconds.
    renders = {split: executor.renders(trial, split) for split in trial.render}
    _write_truths(executor, trial, run)
    blocks, set_scores = _judge(executor, trial)

    def fill(folder: Path) -> None:
        atomic_write(folder / CASES_FILE, cases_bytes(blocks))
        atomic_write(folder / TIMING_FILE, json_bytes(timing))
        _write_pictures(executor, renders, folder / PICTURES)
        done = {"status": "done", "error": None, "set_scores": set_scores}
        atomic_write(folder / TRIAL_FILE, json_bytes({**record, **done}))

    publish(target, fill)


def _judge(
    executor: StageExecutor, trial: TrialPlan
) -> tuple[list[CaseBlock], dict[str, dict[str, float]]]:
    """Case scores in blocks, and set scores by `split/designer`."""
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
                    parts_of(resolved.splits[split]),
                    executor.predict(trial, split),
                    resolved.truths[trial.engine, split, designer],
                    case,
                )
            )
    return blocks, set_scores


def parts_of(split: FaceSplit) -> list[str]:
    """Each face's part of the world; the split's name where none is known."""
    attributes = split.attributes()
    if attributes is None or "part" not in attributes:
        return [split.name] * len(split)
    return [str(part) for part in attributes["part"]]


def complete(
    executor: StageExecutor, trial: TrialPlan, target: Path, run: Path
) -> None:
    """Draw what a finished trial lacks of its pictures, and truths' ones of the run.

    Results that were published without pictures become a whole trial folder so, with
    the same bytes, from the vectors of their cases; nothing is fitted. Raises
    TrialError for damaged cases.
    """
    _write_truths(executor, trial, run)
    if _has_pictures(executor, trial, target / PICTURES):
        return
    cases = read_cases(target)
    renders = {
        split: _redrawn(executor, trial, cases, split, target) for split in trial.render
    }
    publish(
        target / PICTURES, lambda folder: _write_pictures(executor, renders, folder)
    )


def _has_pictures(executor: StageExecutor, trial: TrialPlan, folder: Path) -> bool:
    """Whether every case has its two pictures."""
    splits = executor.plan.resolved.splits
    return all(
        len(list((folder / split).glob("*.webp"))) == 2 * len(splits[split])
        for split in trial.render
    )


def _redrawn(
    executor: StageExecutor,
    trial: TrialPlan,
    cases: pd.DataFrame,
    split: str,
    target: Path,
) -> NDArray[np.uint8]:
    """(n, S, S, 3) pictures of the predictions that cases of the folder tell."""
    resolved, engine = executor.plan.resolved, executor.engine(trial)
    vectors = told_vectors(cases, resolved, split, engine.spec, target)
    with executor.progress.task(f"redraw {trial.name}", len(vectors)) as bar:
        return render(engine, vectors, resolved.suite.render_size, bar).pictures


def told_vectors(
    cases: pd.DataFrame,
    resolved: ResolvedSuite,
    split: str,
    spec: AvatarSpec,
    target: Path,
) -> AvatarVectors:
    """What cases say was predicted for a split's faces, in the split's order."""
    mine = (cases["split"] == split) & (
        cases["designer"] == resolved.suite.designers[0]
    )
    told = dict(zip(cases["face"][mine], cases["predicted"][mine], strict=True))
    try:
        records = [json.loads(told[face]) for face in resolved.splits[split].ids]
        return AvatarVectors.from_records(spec, records)
    except (KeyError, ValueError) as error:
        raise TrialError(
            f"{target / CASES_FILE} does not tell what was predicted for every face of "
            f"{split}: delete the folder {target} and run the suite again"
        ) from error


def _write_pictures(
    executor: StageExecutor, renders: Mapping[str, NDArray[np.uint8]], folder: Path
) -> None:
    """Face and prediction of every case; `renders` (n, S, S, 3) by split."""
    for split, pictures in renders.items():
        place = folder / split
        place.mkdir(parents=True)
        for row, face in enumerate(executor.plan.resolved.splits[split].ids):
            (place / f"{face}.face.webp").write_bytes(
                executor.encoded_faces(split)[row]
            )
            (place / f"{face}.prediction.webp").write_bytes(webp_bytes(pictures[row]))


def _write_truths(executor: StageExecutor, trial: TrialPlan, run: Path) -> None:
    """The run's truth pictures of the trial's engine, where they are not there yet."""
    resolved = executor.plan.resolved
    for split in resolved.suite.splits:
        for designer in resolved.suite.designers:
            place = run / "truths" / trial.engine / designer / split
            paths = [place / f"{face}.webp" for face in resolved.splits[split].ids]
            if all(path.is_file() for path in paths):
                continue
            renders = executor.truth_renders(trial.engine, split, designer)
            for path, picture in zip(paths, np.asarray(renders), strict=True):
                write_once(path, webp_bytes(picture))


def describe(plan: Plan, trial: TrialPlan) -> dict[str, Any]:
    """The content of `trial.json` but for status and scores."""
    resolved = plan.resolved
    engine = resolved.engines[trial.engine]
    method = asdict(trial.variant.meta)
    record = {
        "suite": resolved.suite.name,
        "variant": trial.variant.name,
        "title": trial.variant.title,
        "method": trial.variant.meta.name,
        "method_meta": method,
        "role": trial.variant.meta.role,
        "options": trial.variant.options.model_dump(mode="json"),
        "weights": dict(trial.variant.digests),
        "engine": trial.engine,
        "engine_meta": asdict(engine.meta),
        "spec": engine.spec.to_json(),
        "seed": trial.seed,
        "metrics": [metric_data(bound) for bound in resolved.bound_metrics],
        "faces": resolved.faces_record(),
        "world": resolved.world,
        "splits": {name: len(resolved.splits[name]) for name in resolved.suite.splits},
        "designers": list(resolved.suite.designers),
        "render_size": resolved.suite.render_size,
        "compute": resolved.compute,
        "key": plan.trial_key(trial),
    }
    return _as_json(record)


def _as_json(data: dict[str, Any]) -> dict[str, Any]:
    """The data as it reads back from JSON (tuples as lists), to compare with a file."""
    return json.loads(json_bytes(data))
