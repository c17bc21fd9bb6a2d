"""Check the device and the starting weights of a generator training."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from benchmark.avatars.counting import counted
from benchmark.weights.folders import CARD
from methods.generator.growing import can_grow
from methods.generator.pretrained import read_card
from methods.generator.recipe import GeneratorRecipe
from methods.generator.state import TrainingError
from methods.networks.generator_config import GeneratorConfig, channel_table


def choose_device(wanted: str, count: int) -> str:
    """Resolve `auto`; raises TrainingError if fewer than `count` are available."""
    available = {
        "cuda": torch.cuda.device_count() if torch.cuda.is_available() else 0,
        "mps": int(torch.backends.mps.is_available()),
        "cpu": sys.maxsize,
    }
    if wanted == "auto":
        wanted = next(name for name, number in available.items() if number)
    if wanted not in available:
        raise TrainingError(f"--device {wanted}: must be auto, {', '.join(available)}")
    if available[wanted] < count:
        raise TrainingError(
            f"--devices {count}: available: "
            f"{counted(available[wanted], f'{wanted} device')}; use fewer, or --device "
            "cpu"
        )
    return wanted


def check_start(folder: Path, recipe: GeneratorRecipe) -> None:
    """Raise TrainingError if the weights do not fit the networks of the recipe.

    With a projected discriminator, a generator of smaller pictures can grow.
    """
    card = read_card(folder)
    wanted = {"generator": asdict(recipe.config)}
    other = recipe.exported_discriminator
    if other is not None:
        wanted["discriminator"] = _expand_channels(**other)
        if card.discriminator is None:
            raise TrainingError(
                f"{folder} holds a generator without a discriminator, but recipe "
                f"{recipe.name} needs both: use weights with a discriminator, or a "
                "recipe with a projected discriminator"
            )
    try:
        config = GeneratorConfig(**card.generator)
        found = {"generator": asdict(config)}
        if other is not None:
            found["discriminator"] = _expand_channels(**(card.discriminator or {}))
    except (TypeError, ValueError) as error:
        raise TrainingError(
            f"{folder / CARD} does not describe networks: {error}; import or train the "
            "weights again"
        ) from error
    if other is None and can_grow(config, recipe.config):
        return
    for network, options in wanted.items():
        for key, value in options.items():
            if found[network][key] != value:
                raise TrainingError(
                    f"{folder} holds another {network}: its {key}: "
                    f"{found[network][key]}; recipe {recipe.name} needs {value}"
                )


def _expand_channels(
    size: int,
    seg_dim: int,
    channel_multiplier: int,
    channels: Mapping[int, int] | None = None,
) -> dict[str, Any]:
    """The arguments of a discriminator, with its channels at every resolution."""
    table = channel_table(channel_multiplier, channels)
    used = {edge: count for edge, count in table.items() if edge <= size}
    return {"size": size, "seg_dim": seg_dim, "channels": used}
