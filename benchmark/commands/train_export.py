"""Export the networks of a training as a folder of weights."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmark.avatars.counting import counted
from benchmark.faces.parsed import ParsedFaces
from benchmark.storage.digests import bytes_digest
from benchmark.storage.store import atomic_write
from benchmark.system.environment import own_version
from benchmark.weights import WeightsError
from benchmark.weights.folders import require_visible
from methods.generator.pretrained import (
    GENERATOR,
    WeightsCard,
    read_card,
    write_pair,
)
from methods.generator.recipe import GeneratorRecipe
from methods.generator.training import Trained
from methods.networks.discriminator import SemanticDiscriminator

START = "start.json"
"""In the folder of a training: the weights that it started from."""


def require_replaceable(folder: Path, about: Mapping[str, Any]) -> None:
    """Raise WeightsError if the folder is not free and no export of this training.

    An earlier export of the same training may be replaced.
    """
    require_visible(folder)
    if not (folder.exists() or folder.is_symlink()):
        return
    try:
        ours = read_card(folder).source == _source(about)
    except WeightsError:
        ours = False
    if not ours:
        raise WeightsError(
            f"{folder} exists already and holds no weights of this training; remove it "
            "first, or use another folder"
        )


@dataclass(frozen=True)
class Origin:
    """How the networks of a training were made.

    Attributes:
        recipe: of the training.
        faces: that it trained on.
        about: what identifies the training.
        machine: description of the hardware.
        start: description of the weights it started from; "" if it had none.
    """

    recipe: GeneratorRecipe
    faces: ParsedFaces
    about: Mapping[str, Any]
    machine: str
    start: str


def write_start(folder: Path, weights: Path) -> None:
    """Write a description of the starting weights to the folder of a training."""
    card = read_card(weights)
    digest = card.digests[GENERATOR][:8]
    shown = "" if card.images is None else f"{card.images:,} pictures, "
    took = "" if card.hours is None else f"{card.hours} h, "
    note = f"{card.title} ({shown}{took}generator {digest})"
    atomic_write(folder / START, json.dumps(note).encode())


def read_start(folder: Path) -> str:
    """Read what `write_start` wrote; "" if there is nothing."""
    path = folder / START
    return str(json.loads(path.read_text())) if path.is_file() else ""


def export_weights(
    folder: Path, trained: Trained, origin: Origin, half: bool = False
) -> None:
    """Write the averaged generator and the discriminator, replacing older weights."""
    recipe, faces = origin.recipe, origin.faces
    card = WeightsCard(
        title=recipe.name,
        generator=asdict(recipe.config),
        discriminator=recipe.exported_discriminator,
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
    other = state.discriminator
    kept = other if isinstance(other, SemanticDiscriminator) else None
    write_pair(fresh, state.average, kept, card, half)
    if folder.exists():
        folder.rename(stale)
    fresh.rename(folder)
    shutil.rmtree(stale, ignore_errors=True)


def _source(about: Mapping[str, Any]) -> str:
    digest = bytes_digest(json.dumps(about, sort_keys=True).encode())
    return f"trained here (training {digest[:12]})"


def _data(faces: ParsedFaces) -> str:
    kind = "stand-ins for photographs" if faces.stand_in else "photographs"
    return (
        f"{faces.name}: {counted(len(faces), 'face')} of {faces.size} px with part "
        f"maps ({kind}), digest {faces.digest[:16]}"
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
