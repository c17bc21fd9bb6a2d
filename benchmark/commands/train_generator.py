"""`avatarbench train generator`: train a SemanticStyleGAN."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric

from benchmark.commands.parsed_faces import open_parsed
from benchmark.commands.train_checks import check_start, choose_device
from benchmark.commands.train_export import (
    Origin,
    export_weights,
    read_start,
    require_replaceable,
    write_start,
)
from benchmark.commands.train_watch import PREVIEWS, Watch, open_quality
from benchmark.faces.parsed import ParsedFaces
from benchmark.storage.locks import lock
from benchmark.system.console import ConsoleProgress, duration, open_progress
from benchmark.system.hardware import hardware
from benchmark.tracking import (
    Status,
    Training,
    TrainingTracker,
    open_training_tracker,
    where_to_look,
)
from benchmark.tracking.records import FaceRecord
from benchmark.weights.folders import find_weights
from methods.generator.curves import CURVES, read_curves
from methods.generator.pretrained import (
    load_discriminator,
    load_generator,
)
from methods.generator.recipe import GeneratorRecipe, read_recipe
from methods.generator.state import TrainingError, TrainingState, check_checkpoint
from methods.generator.training import (
    CHECKPOINT,
    Trained,
    about_training,
    open_fabric,
    require_trainable,
    train_generator,
)


@dataclass(frozen=True)
class Job:
    """A training whose inputs are checked, ready to start or to continue.

    Attributes:
        recipe: of the training.
        faces: to train on.
        folder: of the training.
        device: a torch device type.
        devices: number of devices, each with its own process.
        start: weights to start from.
        export: folder for the weights at the end.
        half: export in half precision.
        minutes: stop after this time.
        quality_count: samples for the quality score; 0 for no score.
        out: folder of all runs, for MLflow.
        track: log to MLflow.
        console: prints progress.
    """

    recipe: GeneratorRecipe
    faces: ParsedFaces
    folder: Path
    device: str
    devices: int
    start: Path | None
    export: Path | None
    half: bool
    minutes: float | None
    quality_count: int
    out: Path
    track: bool
    console: ConsoleProgress

    @property
    def about(self) -> dict[str, Any]:
        """What identifies the training: a change of it is another training."""
        return about_training(self.recipe, self.faces)

    @property
    def checkpoint(self) -> Path:
        """The file that the training continues from."""
        return self.folder / CHECKPOINT


def run_generator_training(
    data: str,
    *,
    recipe_name: str,
    changes: Mapping[str, Any],
    out: Path,
    folder: Path | None,
    minutes: float | None,
    device: str,
    devices: int,
    start: Path | None,
    export: Path | None,
    half: bool,
    quality_count: int,
    track: bool,
    quiet: bool,
) -> int:
    """Train a generator; returns the exit status, 130 if interrupted by Ctrl-C.

    `changes` override keys of the recipe. Raises TrainingError, WeightsError or
    FaceSetError before anything is written if an input does not fit.
    """
    recipe = read_recipe(recipe_name, **changes)
    device = choose_device(device, devices)
    faces = open_parsed(data, recipe.config.size)
    require_trainable(recipe, faces, devices)
    job = Job(
        recipe=recipe,
        faces=faces,
        folder=folder or out / "generators" / recipe.name,
        device=device,
        devices=devices,
        start=start,
        export=export,
        half=half,
        minutes=minutes,
        quality_count=quality_count,
        out=out,
        track=track,
        console=open_progress(quiet or not _is_first()),
    )
    check_checkpoint(job.checkpoint, job.about)
    if start is not None:
        check_start(find_weights(start), recipe)
    if export is not None:
        require_replaceable(export, job.about)
    job.folder.mkdir(parents=True, exist_ok=True)
    return _run(job)


def _run(job: Job) -> int:
    # Only the first process locks and reports; it starts the others in `_train`.
    guard = lock(job.folder / ".lock", f"training in {job.folder}")
    with guard if _is_first() else nullcontext():
        tracker = _open_tracker(job) if job.track and _is_first() else None
        try:
            trained = _train(job, tracker)
        except KeyboardInterrupt:
            if _is_first():
                print(f"\nstopped; {_how_to_continue(job)}", file=sys.stderr)
            return 130
        except FloatingPointError as error:
            raise TrainingError(f"{error}; {_how_to_continue(job)}") from error
        if _is_first():
            _finish(job, trained)
            if tracker is not None:
                print(f"MLflow: {where_to_look(job.out, tracker.page)}")
    return 0


def _is_first() -> bool:
    """Whether this is the process of the user, not one that it started."""
    return os.environ.get("RANK", os.environ.get("LOCAL_RANK", "0")) == "0"


def _initial_state(job: Job, fabric: Fabric) -> TrainingState | None:
    """A state with the weights of --from; None for a checkpoint or a new start."""
    if job.start is None or job.checkpoint.is_file():
        return None
    folder = find_weights(job.start)
    if _is_first():
        write_start(job.folder, folder)
    state = TrainingState(job.recipe, fabric.device)
    with_both = job.recipe.exported_discriminator is not None
    discriminator = load_discriminator(folder) if with_both else None
    state.start_from(load_generator(folder), discriminator)
    return state


def _open_tracker(job: Job) -> TrainingTracker:
    faces = job.faces
    record = FaceRecord(faces.name, faces.digest, faces.licence, faces.stand_in)
    recipe = job.recipe.model_dump(mode="json", exclude={"images", "preview_every"})
    training = Training(
        name=job.recipe.name,
        folder=job.folder,
        params={
            **recipe,
            "faces": {**record._asdict(), "count": len(faces)},
            "device": job.device,
            "devices": job.devices,
        },
        faces=record,
        hardware=_describe_hardware(job),
    )
    return open_training_tracker(job.out, training, job.console.say)


def _describe_hardware(job: Job) -> str:
    name = hardware(job.device, torch.get_num_threads())["name"]
    count = job.devices
    return name if count == 1 else f"{count} x {name}"


def _train(job: Job, tracker: TrainingTracker | None) -> Trained:
    fabric = open_fabric(job.recipe, job.device, job.devices)
    fabric.launch()
    watch = _open_watch(job, tracker, str(fabric.device)) if _is_first() else None
    status: Status = "FAILED"
    try:
        trained = train_generator(
            job.recipe,
            job.faces,
            job.folder,
            fabric,
            progress=job.console,
            observer=watch,
            start=_initial_state(job, fabric),
            minutes=job.minutes,
        )
        status = "FINISHED" if trained.finished else "SCHEDULED"
    except KeyboardInterrupt:
        status = "KILLED"
        raise
    finally:
        if watch is not None:
            watch.close(status)
    return trained


def _open_watch(job: Job, tracker: TrainingTracker | None, device: str) -> Watch:
    """The observer of the training, in the first process only."""
    say = job.console.say
    quality = open_quality(job.faces, job.quality_count, device, say)
    watch = Watch(job.folder, job.recipe.batch, quality, tracker, say)
    watch.started(job.faces, read_curves(job.folder))
    return watch


def _how_to_continue(job: Job) -> str:
    if job.checkpoint.is_file():
        return f"repeat the command to continue from {job.checkpoint}"
    return f"{job.folder} has no checkpoint yet, so the training starts over"


def _finish(job: Job, trained: Trained) -> None:
    """Export the weights if requested, then print the result and its files."""
    total = job.recipe.iterations * job.recipe.batch
    took = duration(trained.hours * 3600)
    if trained.finished:
        print(f"trained on all {trained.images:,} pictures in {took}")
    else:
        print(
            f"stopped after {trained.images:,} of {total:,} pictures ({took} so far); "
            "repeat the command to continue"
        )
    print(f"checkpoint: {job.checkpoint}")
    print(f"curve: {job.folder / CURVES}")
    print(f"sheets: {job.folder / PREVIEWS}")
    folder = job.export
    if folder is not None:
        export_weights(
            folder,
            trained,
            Origin(
                job.recipe,
                job.faces,
                job.about,
                _describe_hardware(job),
                read_start(job.folder),
            ),
            job.half,
        )
        print(f"weights: {folder}")
