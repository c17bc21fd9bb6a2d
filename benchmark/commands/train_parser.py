"""`avatarbench train parser` and `avatarbench train parser-score`."""

from __future__ import annotations

import json
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

from benchmark import weights
from benchmark.avatars.counting import counted
from benchmark.commands.parsed_faces import open_parsed
from benchmark.faces.celebamask import is_celebamask
from benchmark.faces.parsed import ParsedFaces
from benchmark.storage.digests import bytes_digest, file_digest
from benchmark.storage.locks import lock
from benchmark.storage.store import atomic_write
from benchmark.system.console import ConsoleProgress, duration, open_progress
from benchmark.system.environment import own_version
from benchmark.system.hardware import hardware
from benchmark.weights.folders import find_weights, require_free
from methods.f2p.alignment import Template
from methods.f2p.parser_weights import (
    ParserCard,
    halved,
    load_parser,
    write_parser,
)
from methods.f2p.parsing import ParserQuality, ParserRecipe, measure, train_parser
from methods.networks.face_parser import FaceParser

CLOCK = "seconds.json"
"""In the folder of a training: the total time of its runs so far."""


@dataclass(frozen=True)
class Job:
    """A training whose inputs are checked, ready to start or to continue.

    Attributes:
        data: what `faces` was opened from.
        faces: to train on.
        validation: faces to measure on.
        encoder: file of the ImageNet encoder.
        recipe: of the training.
        folder: of the training.
        device: a torch device.
        console: prints progress.
    """

    data: str
    faces: ParsedFaces
    validation: ParsedFaces
    encoder: Path
    recipe: ParserRecipe
    folder: Path
    device: str
    console: ConsoleProgress


def run_parser_training(
    data: str,
    validation: str,
    recipe: ParserRecipe,
    *,
    out: Path,
    export: Path | None,
    device: str,
    quiet: bool,
) -> int:
    """Train a parser, measure it and write its weights.

    Returns the exit status, 130 if interrupted by Ctrl-C. Raises WeightsError or
    FaceSetError before anything is written if an input does not fit.
    """
    if export is not None:
        require_free(export)
    job = _prepare(data, validation, recipe, out, device, open_progress(quiet))
    with lock(job.folder / ".lock", f"training in {job.folder}"):
        try:
            parser = _train(job)
        except KeyboardInterrupt:
            print(
                f"\nstopped; repeat the command to continue from {job.folder}",
                file=sys.stderr,
            )
            return 130
        # Measure what is stored, which has half precision.
        quality = measure(halved(parser).to(device), job.validation, device)
        _print_quality(job.validation, quality)
        folder = export or job.folder / "weights"
        if export is None and folder.exists():
            print(f"weights: {folder} (written before; identical)")
            return 0
        write_parser(folder, parser, _make_card(job, quality))
    print(f"weights: {folder}")
    return 0


def measure_parser(name: str, data: str, device: str, quiet: bool) -> None:
    """Measure a parser on faces with part maps; prints each class."""
    parser = load_parser(find_weights(Path(name)), device)
    faces = open_parsed(data, parser.size)
    open_progress(quiet).say(f"{counted(len(faces), 'face')} of {faces.name}")
    _print_quality(faces, measure(parser, faces, device))


def _prepare(
    data: str,
    validation: str,
    recipe: ParserRecipe,
    out: Path,
    device: str,
    console: ConsoleProgress,
) -> Job:
    encoder = weights.find(weights.EFFICIENTNET_LITE0)
    if encoder is None:
        raise weights.WeightsError(
            "the parser starts from EfficientNet-Lite0: run `avatarbench weights fetch "
            f"{weights.EFFICIENTNET_LITE0}`"
        )
    faces = open_parsed(data, recipe.size)
    scored = open_parsed(validation, recipe.size)
    about = {
        "recipe": recipe.model_dump(mode="json"),
        "faces": faces.digest,
        "encoder": file_digest(encoder),
    }
    text = json.dumps(about, sort_keys=True)
    digest = bytes_digest(text.encode())[:12]
    folder = out / "parsers" / f"parser{recipe.size}-{digest}"
    folder.mkdir(parents=True, exist_ok=True)
    return Job(data, faces, scored, encoder, recipe, folder, device, console)


def _train(job: Job) -> FaceParser:
    with add_elapsed(job.folder / CLOCK):
        return train_parser(
            job.faces, job.encoder, job.recipe, job.folder, job.console, job.device
        )


@contextmanager
def add_elapsed(clock: Path) -> Iterator[None]:
    """Add the elapsed seconds to the file `clock`; a kill loses them."""
    start = time.monotonic()
    try:
        yield
    finally:
        seconds = read_seconds(clock) + time.monotonic() - start
        atomic_write(clock, json.dumps(seconds).encode())


def read_seconds(clock: Path) -> float:
    """The seconds in the file `clock`; 0 without it."""
    return float(json.loads(clock.read_text())) if clock.is_file() else 0.0


def _make_card(job: Job, quality: ParserQuality) -> ParserCard:
    faces, recipe = job.faces, job.recipe
    kind = "stand-ins for photographs" if faces.stand_in else "photographs"
    entry = weights.describe(weights.EFFICIENTNET_LITE0)
    seconds = read_seconds(job.folder / CLOCK)
    machine = hardware(job.device, torch.get_num_threads())["name"]
    job.console.say(f"trained in {duration(seconds)}")
    return ParserCard(
        title=f"parser{recipe.size}",
        parser={},
        template=_alignment_template(job.data),
        licence=faces.licence,
        data=(
            f"{faces.name}: {counted(len(faces), 'face')} of {faces.size} px with part "
            f"maps ({kind}), digest {faces.digest[:16]}"
        ),
        encoder=f"{entry.title} ({entry.data}; {entry.licence}), trained further",
        command=shlex.join(["avatarbench", *sys.argv[1:]]),
        hours=round(seconds / 3600, 3),
        steps=recipe.steps,
        faces=recipe.steps * recipe.batch,
        validation=f"{job.validation.name}: {counted(len(job.validation), 'face')}",
        mean_iou=round(quality.mean_iou, 4),
        iou={k: None if v is None else round(v, 4) for k, v in quality.iou.items()},
        accuracy=round(quality.accuracy, 4),
        made_with=f"avatarbench {own_version()}",
        notes=(
            f"stored in half precision; on {machine}; recipe "
            f"{json.dumps(recipe.model_dump(mode='json'))}"
        ),
    )


def _alignment_template(data: str) -> Template:
    """How the training faces are aligned; CelebAMask-HQ is aligned like FFHQ."""
    return "ffhq" if is_celebamask(Path(data)) else "portraits"


def _print_quality(faces: ParsedFaces, quality: ParserQuality) -> None:
    print(
        f"mIoU {quality.mean_iou:.3f}, accuracy {quality.accuracy:.3f} on "
        f"{counted(len(faces), 'face')} of {faces.name}"
    )
    for name, value in quality.iou.items():
        print(f"  {name:<12}{'absent' if value is None else f'{value:.3f}'}")
