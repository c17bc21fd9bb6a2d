"""A training's networks as a folder of weights, newer over older."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmark.environment import own_version
from benchmark.faces.parsed import ParsedFaces
from benchmark.weights import WeightsError
from methods.generator.pretrained import WeightsCard, read_card, write_pair
from methods.generator.recipe import GeneratorRecipe
from methods.generator.training import Trained


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


def export_weights(
    folder: Path,
    trained: Trained,
    recipe: GeneratorRecipe,
    faces: ParsedFaces,
    about: Mapping[str, Any],
    machine: str,
) -> None:
    """Write the averaged generator and the discriminator, in place of older ones."""
    card = WeightsCard(
        title=recipe.name,
        generator=asdict(recipe.config),
        discriminator=recipe.discriminator_options(),
        source=_source(about),
        licence=faces.licence,
        data=_data(faces),
        command=shlex.join(["avatarbench", *sys.argv[1:]]),
        hours=round(trained.hours, 3),
        images=trained.images,
        made_with=f"avatarbench {own_version()}",
        notes=_notes(trained, recipe, machine),
    )
    fresh = folder.with_name(f".{folder.name}.{os.getpid()}.new")
    stale = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    state = trained.state
    write_pair(fresh, state.average, state.discriminator, card)
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


def _notes(trained: Trained, recipe: GeneratorRecipe, machine: str) -> str:
    end = "whole" if trained.finished else f"not finished ({recipe.images:,} wanted)"
    options = recipe.model_dump(
        mode="json", exclude={"generator", "discriminator", "images", "name"}
    )
    return (
        f"generator: running average of the weights; training: {end}; on {machine}; "
        f"recipe {recipe.name}: {json.dumps(options)}"
    )
