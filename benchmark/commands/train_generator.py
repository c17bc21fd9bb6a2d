"""What `avatarbench train generator` does."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric

from benchmark.commands.parsed_faces import open_parsed
from benchmark.commands.train_export import (
    Origin,
    export_weights,
    note_start,
    require_replaceable,
    start_of,
)
from benchmark.commands.train_watch import LOOKS, Watch, open_quality
from benchmark.faces.parsed import ParsedFaces
from benchmark.storage.locks import lock
from benchmark.system.console import Speaker, duration, open_progress
from benchmark.system.hardware import hardware
from benchmark.tracking import (
    Status,
    Training,
    TrainingTracker,
    open_training_tracker,
    ui_command,
)
from benchmark.tracking.records import FaceRecord
from benchmark.weights.folders import CARD, find_weights
from methods.generator.curves import CURVES, read_curves
from methods.generator.pretrained import (
    load_discriminator,
    load_generator,
    read_card,
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
from methods.networks.generator_config import GeneratorConfig, channel_table


@dataclass(frozen=True)
class Request:
    """What the command line asked for."""

    data: str
    recipe: str
    changes: Mapping[str, Any]
    out: Path
    folder: Path | None
    minutes: float | None
    device: str
    devices: int
    start: Path | None
    export: Path | None
    half: bool
    quality_count: int
    track: bool
    quiet: bool


@dataclass(frozen=True)
class Piece:
    """A piece of a training that can begin: everything was looked at."""

    request: Request
    recipe: GeneratorRecipe
    faces: ParsedFaces
    folder: Path
    device: str
    speaker: Speaker

    @property
    def about(self) -> dict[str, Any]:
        """What makes it this training and no other."""
        return about_training(self.recipe, self.faces)

    @property
    def checkpoint(self) -> Path:
        """The file that the next piece goes on from."""
        return self.folder / CHECKPOINT


def carry_out(request: Request) -> int:
    """Train as asked; the exit status, 130 where it was stopped by Ctrl-C."""
    piece = _prepare(request)
    # Mistakes are told before other processes start, and by the first one alone.
    guard = lock(piece.folder / ".lock", f"training in {piece.folder}")
    with guard if _is_first() else nullcontext():
        tracker = _tracker(piece) if request.track and _is_first() else None
        try:
            trained = _train(piece, tracker)
        except KeyboardInterrupt:
            if _is_first():
                print(f"\nstopped; {_advice(piece)}", file=sys.stderr)
            return 130
        except FloatingPointError as error:
            raise TrainingError(f"{error}; {_advice(piece)}") from error
        if _is_first():
            _finish(piece, trained)
    return 0


def _is_first() -> bool:
    """Whether this is the process that people started, not one that it started."""
    return os.environ.get("RANK", os.environ.get("LOCAL_RANK", "0")) == "0"


def _prepare(request: Request) -> Piece:
    recipe = read_recipe(request.recipe, **request.changes)
    device = _device(request.device, request.devices)
    faces = open_parsed(request.data, recipe.config.size)
    require_trainable(recipe, faces, request.devices)
    folder = request.folder or request.out / "generators" / recipe.name
    speaker = open_progress(request.quiet or not _is_first())
    piece = Piece(request, recipe, faces, folder, device, speaker)
    check_checkpoint(piece.checkpoint, piece.about)
    if request.start is not None:
        _check_start(find_weights(request.start), recipe)
    if request.export is not None:
        require_replaceable(request.export, piece.about)
    folder.mkdir(parents=True, exist_ok=True)
    return piece


def _device(wanted: str, count: int) -> str:
    """The device that `wanted` names; TrainingError where there are not as many."""
    there = {
        "cuda": torch.cuda.device_count() if torch.cuda.is_available() else 0,
        "mps": int(torch.backends.mps.is_available()),
        "cpu": sys.maxsize,
    }
    if wanted == "auto":
        wanted = next(name for name, number in there.items() if number)
    if wanted not in there:
        raise TrainingError(f"--device {wanted}: give auto, {', '.join(there)}")
    if there[wanted] < count:
        raise TrainingError(
            f"--devices {count}: {there[wanted]} of {wanted} here; ask for fewer, or "
            "use --device cpu"
        )
    return wanted


def _check_start(folder: Path, recipe: GeneratorRecipe) -> None:
    """Raise TrainingError where weights are not those of the recipe's networks."""
    card = read_card(folder)
    if card.discriminator is None:
        raise TrainingError(
            f"{folder} holds a generator without a discriminator, and training starts "
            "from both: give weights of a training"
        )
    wanted = {
        "generator": asdict(recipe.config),
        "discriminator": _judge(**recipe.discriminator_options()),
    }
    try:
        found = {
            "generator": asdict(GeneratorConfig(**card.generator)),
            "discriminator": _judge(**card.discriminator),
        }
    except (TypeError, ValueError) as error:
        raise TrainingError(
            f"{folder / CARD} does not describe networks: {error}; import or train the "
            "weights again"
        ) from error
    for network, options in wanted.items():
        for key, value in options.items():
            if found[network][key] != value:
                raise TrainingError(
                    f"{folder} holds another {network}: its {key}: "
                    f"{found[network][key]}; recipe {recipe.name} wants {value}"
                )


def _judge(
    size: int,
    seg_dim: int,
    channel_multiplier: int,
    channels: Mapping[int, int] | None = None,
) -> dict[str, Any]:
    """What a discriminator's arguments come to: its channels at every resolution."""
    table = channel_table(channel_multiplier, channels)
    used = {edge: count for edge, count in table.items() if edge <= size}
    return {"size": size, "seg_dim": seg_dim, "channels": used}


def _started(piece: Piece, fabric: Fabric) -> TrainingState | None:
    """A state with the weights of --from; None where it starts or goes on without."""
    if piece.request.start is None or piece.checkpoint.is_file():
        return None
    folder = find_weights(piece.request.start)
    if _is_first():
        note_start(piece.folder, folder)
    state = TrainingState(piece.recipe, fabric.device)
    state.start_from(load_generator(folder), load_discriminator(folder))
    return state


def _tracker(piece: Piece) -> TrainingTracker:
    faces = piece.faces
    record = FaceRecord(faces.name, faces.digest, faces.licence, faces.stand_in)
    recipe = piece.recipe.model_dump(mode="json", exclude={"images", "look_every"})
    training = Training(
        name=piece.recipe.name,
        folder=piece.folder,
        params={
            **recipe,
            "faces": {**record._asdict(), "count": len(faces)},
            "device": piece.device,
            "devices": piece.request.devices,
        },
        faces=record,
        hardware=_hardware(piece),
    )
    return open_training_tracker(piece.request.out, training, piece.speaker.say)


def _hardware(piece: Piece) -> str:
    name = hardware(piece.device, torch.get_num_threads())["name"]
    count = piece.request.devices
    return name if count == 1 else f"{count} x {name}"


def _train(piece: Piece, tracker: TrainingTracker | None) -> Trained:
    request = piece.request
    fabric = open_fabric(piece.recipe, piece.device, request.devices)
    fabric.launch()
    watch = _watch(piece, tracker, str(fabric.device)) if _is_first() else None
    status: Status = "FAILED"
    try:
        trained = train_generator(
            piece.recipe,
            piece.faces,
            piece.folder,
            fabric,
            progress=piece.speaker,
            observer=watch,
            start=_started(piece, fabric),
            minutes=request.minutes,
        )
        status = "FINISHED" if trained.finished else "SCHEDULED"
    except KeyboardInterrupt:
        status = "KILLED"
        raise
    finally:
        if watch is not None:
            watch.close(status)
    return trained


def _watch(piece: Piece, tracker: TrainingTracker | None, device: str) -> Watch:
    """The first process's observer."""
    say = piece.speaker.say
    quality = open_quality(piece.faces, piece.request.quality_count, device, say)
    watch = Watch(piece.folder, piece.recipe.batch, quality, tracker, say)
    watch.started(piece.faces, read_curves(piece.folder))
    return watch


def _advice(piece: Piece) -> str:
    if piece.checkpoint.is_file():
        return f"the same command goes on from {piece.checkpoint}"
    return f"no checkpoint lies in {piece.folder} yet, the next piece starts anew"


def _finish(piece: Piece, trained: Trained) -> None:
    """Write the weights where asked, and say what was reached and where it lies."""
    total = piece.recipe.iterations * piece.recipe.batch
    took = duration(trained.hours * 3600)
    if trained.finished:
        print(f"trained on all {trained.images:,} pictures in {took}")
    else:
        print(
            f"stopped after {trained.images:,} of {total:,} pictures ({took} so far); "
            "the same command goes on"
        )
    print(f"checkpoint: {piece.checkpoint}")
    print(f"curve: {piece.folder / CURVES}")
    print(f"sheets: {piece.folder / LOOKS}")
    folder = piece.request.export
    if folder is not None:
        export_weights(
            folder,
            trained,
            Origin(
                piece.recipe,
                piece.faces,
                piece.about,
                _hardware(piece),
                start_of(piece.folder),
            ),
            piece.request.half,
        )
        print(f"weights: {folder}")
    if piece.request.track:
        print(f"MLflow: {ui_command(piece.request.out)}")
