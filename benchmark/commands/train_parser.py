"""What `avatarbench train parser` and `avatarbench train parser-score` do."""

from __future__ import annotations

import hashlib
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
from benchmark.commands.parsed_faces import open_parsed
from benchmark.faces.celebamask import is_celebamask
from benchmark.faces.parsed import ParsedFaces
from benchmark.storage.digests import file_digest
from benchmark.storage.locks import lock
from benchmark.storage.store import atomic_write
from benchmark.system.console import Speaker, duration, open_progress
from benchmark.system.environment import own_version
from benchmark.system.hardware import hardware
from benchmark.weights.folders import find_weights
from methods.f2p.alignment import Template
from methods.f2p.parser_weights import (
    ParserCard,
    halved,
    load_parser,
    require_free,
    write_parser,
)
from methods.f2p.parsing import ParserQuality, ParserRecipe, measure, train_parser
from methods.networks.face_parser import FaceParser

CLOCK = "seconds.json"
"""In a training's folder: how long its pieces took."""


@dataclass(frozen=True)
class Request:
    """What the command line asked for."""

    data: str
    validation: str
    recipe: ParserRecipe
    out: Path
    export: Path | None
    device: str
    quiet: bool


@dataclass(frozen=True)
class Work:
    """A training that can begin: everything was looked at."""

    request: Request
    faces: ParsedFaces
    validation: ParsedFaces
    encoder: Path
    folder: Path
    speaker: Speaker


def carry_out(request: Request) -> int:
    """Train, measure and write as asked; the exit status, 130 after Ctrl-C."""
    work = _prepare(request)
    with lock(work.folder / ".lock", f"training in {work.folder}"):
        try:
            parser = _train(work)
        except KeyboardInterrupt:
            print(
                f"\nstopped; the same command goes on from {work.folder}",
                file=sys.stderr,
            )
            return 130
        kept = halved(parser).to(request.device)
        quality = measure(kept, work.validation, request.device)
        _print_quality(work.validation, quality)
        folder = request.export or work.folder / "weights"
        if request.export is None and folder.exists():
            print(f"weights: {folder} (from before; they are the same)")
            return 0
        write_parser(folder, parser, _card(work, quality))
    print(f"weights: {folder}")
    return 0


def score(name: str, data: str, device: str, quiet: bool) -> int:
    """Measure a parser's weights on faces with part maps and print it by class."""
    parser = load_parser(find_weights(Path(name)), device)
    faces = open_parsed(data, parser.size)
    open_progress(quiet).say(f"{len(faces)} faces of {faces.name}")
    _print_quality(faces, measure(parser, faces, device))
    return 0


def _prepare(request: Request) -> Work:
    size = request.recipe.size
    if request.export is not None:
        require_free(request.export)
    encoder = weights.find(weights.EFFICIENTNET_LITE0)
    if encoder is None:
        raise weights.WeightsError(
            "the parser starts from EfficientNet-Lite0: run `avatarbench weights fetch "
            f"{weights.EFFICIENTNET_LITE0}`"
        )
    faces = open_parsed(request.data, size)
    validation = open_parsed(request.validation, size)
    about = {
        "recipe": request.recipe.model_dump(mode="json"),
        "faces": faces.digest,
        "encoder": file_digest(encoder),
    }
    text = json.dumps(about, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    folder = request.out / "parsers" / f"parser{size}-{digest}"
    folder.mkdir(parents=True, exist_ok=True)
    speaker = open_progress(request.quiet)
    return Work(request, faces, validation, encoder, folder, speaker)


def _train(work: Work) -> FaceParser:
    request = work.request
    with _timed(work.folder / CLOCK):
        return train_parser(
            work.faces,
            work.encoder,
            request.recipe,
            work.folder,
            work.speaker,
            request.device,
        )


@contextmanager
def _timed(clock: Path) -> Iterator[None]:
    """Add what a piece took to the clock; a piece that is killed outright is lost."""
    start = time.monotonic()
    try:
        yield
    finally:
        seconds = _seconds(clock) + time.monotonic() - start
        atomic_write(clock, json.dumps(seconds).encode())


def _seconds(clock: Path) -> float:
    return float(json.loads(clock.read_text())) if clock.is_file() else 0.0


def _card(work: Work, quality: ParserQuality) -> ParserCard:
    request, faces, recipe = work.request, work.faces, work.request.recipe
    kind = "stand-ins for photographs" if faces.stand_in else "photographs"
    entry = weights.describe(weights.EFFICIENTNET_LITE0)
    seconds = _seconds(work.folder / CLOCK)
    machine = hardware(request.device, torch.get_num_threads())["name"]
    work.speaker.say(f"trained in {duration(seconds)}")
    return ParserCard(
        title=f"parser{recipe.size}",
        parser={},
        template=_template(request.data),
        licence=faces.licence,
        data=(
            f"{faces.name}: {len(faces):,} faces of {faces.size} px with part maps "
            f"({kind}), digest {faces.digest[:16]}"
        ),
        encoder=f"{entry.title} ({entry.data}; {entry.licence}), trained further",
        command=shlex.join(["avatarbench", *sys.argv[1:]]),
        hours=round(seconds / 3600, 3),
        steps=recipe.steps,
        faces=recipe.steps * recipe.batch,
        validation=f"{work.validation.name}: {len(work.validation)} faces",
        mean_iou=round(quality.mean_iou, 4),
        iou={k: None if v is None else round(v, 4) for k, v in quality.iou.items()},
        accuracy=round(quality.accuracy, 4),
        made_with=f"avatarbench {own_version()}",
        notes=(
            f"stored in half precision; on {machine}; recipe "
            f"{json.dumps(recipe.model_dump(mode='json'))}"
        ),
    )


def _template(data: str) -> Template:
    """How the faces of a training are aligned: CelebAMask-HQ as FFHQ, or ours."""
    return "ffhq" if is_celebamask(Path(data)) else "portraits"


def _print_quality(faces: ParsedFaces, quality: ParserQuality) -> None:
    print(
        f"mIoU {quality.mean_iou:.3f}, accuracy {quality.accuracy:.3f} on "
        f"{len(faces)} faces of {faces.name}"
    )
    for name, value in quality.iou.items():
        print(f"  {name:<12}{'not shown' if value is None else f'{value:.3f}'}")
