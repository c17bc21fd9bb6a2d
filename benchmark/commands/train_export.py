"""A training's networks as a folder of weights, newer over older."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmark.faces.parsed import ParsedFaces
from benchmark.storage.store import atomic_write
from benchmark.system.environment import own_version
from benchmark.weights import WeightsError
from methods.generator.pretrained import (
    GENERATOR,
    WeightsCard,
    read_card,
    write_pair,
)
from methods.generator.recipe import GeneratorRecipe
from methods.generator.training import Trained

START = "start.json"
"""In a training's folder: the weights that it began with."""


def require_replaceable(folder: Path, about: Mapping[str, Any]) -> None:
    """Raise WeightsError where the folder holds anything but this training's weights.

    What an earlier piece of the same training wrote may be written over.
    """
    if not (folder.exists() or folder.is_symlink()):
        return
    try:
        ours = read_card(folder).source == _source(about)
    except WeightsError:
        ours = False
    if not ours:
        raise WeightsError(
            f"{folder} exists already and holds no weights of this training; remove it "
            "first, or give another folder"
        )


@dataclass(frozen=True)
class Origin:
    """Where a training's networks come from.

    Attributes:
        recipe: of the training.
        faces: that it saw.
        about: what makes it this training.
        machine: in words.
        start: the weights that it began with, in words; "" where it had none.
    """

    recipe: GeneratorRecipe
    faces: ParsedFaces
    about: Mapping[str, Any]
    machine: str
    start: str


def note_start(folder: Path, weights: Path) -> None:
    """Note in a training's folder which weights it begins with."""
    card = read_card(weights)
    digest = card.digests[GENERATOR][:8]
    shown = "" if card.images is None else f"{card.images:,} pictures, "
    took = "" if card.hours is None else f"{card.hours} h, "
    note = f"{card.title} ({shown}{took}generator {digest})"
    atomic_write(folder / START, json.dumps(note).encode())


def start_of(folder: Path) -> str:
    """What `note_start` noted, or nothing."""
    path = folder / START
    return str(json.loads(path.read_text())) if path.is_file() else ""


def export_weights(
    folder: Path, trained: Trained, origin: Origin, half: bool = False
) -> None:
    """Write the averaged generator and the discriminator, in place of older ones."""
    recipe, faces = origin.recipe, origin.faces
    card = WeightsCard(
        title=recipe.name,
        generator=asdict(recipe.config),
        discriminator=recipe.discriminator_options(),
        source=_source(origin.about),
        licence=faces.licence,
        data=_data(faces),
        command=shlex.join(["avatarbench", *sys.argv[1:]]),
        hours=round(trained.hours, 3),
        images=trained.images,
        made_with=f"avatarbench {own_version()}",
        notes=_notes(trained, origin, half),
    )
    fresh = folder.with_name(f".{folder.name}.{os.getpid()}.new")
    stale = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    state = trained.state
    write_pair(fresh, state.average, state.discriminator, card, half)
    if folder.exists():
        folder.rename(stale)
    fresh.rename(folder)
    shutil.rmtree(stale, ignore_errors=True)


def _source(about: Mapping[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()
    return f"trained here (training {digest[:12]})"


def _data(faces: ParsedFaces) -> str:
    kind = "stand-ins for photographs" if faces.stand_in else "photographs"
    return (
        f"{faces.name}: {len(faces):,} faces of {faces.size} px with part maps "
        f"({kind}), digest {faces.digest[:16]}"
    )


def _notes(trained: Trained, origin: Origin, half: bool) -> str:
    recipe = origin.recipe
    end = "whole" if trained.finished else f"not finished ({recipe.images:,} wanted)"
    options = recipe.model_dump(
        mode="json", exclude={"generator", "discriminator", "images", "name"}
    )
    words = [
        "generator: running average of the weights",
        *(["stored in half precision"] if half else []),
        *([f"started from {origin.start}"] if origin.start else []),
        f"training: {end}",
        f"on {origin.machine}",
        f"recipe {recipe.name}: {json.dumps(options)}",
    ]
    return "; ".join(words)
