"""A tiny painted engine and cases made with it, for tests of metrics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from benchmark.avatars import (
    AvatarSpec,
    AvatarVectors,
    Condition,
    Continuous,
    Discrete,
)
from benchmark.avatars.part_classes import PART_IDS
from benchmark.system.torchvision_ops import declare_missing_operators
from evaluation.base import Cases

SKINS = ((240, 205, 180), (180, 125, 90), (90, 60, 45))
HAIRS = ((30, 25, 20), (200, 160, 80), (150, 60, 30))

SPEC = AvatarSpec(
    "painted",
    (
        Continuous("head_width", "head"),
        Continuous("eye_height", "eyes"),
        Continuous("hair_length", "hair", active_when=Condition("hair", ("long",))),
        Discrete("skin", "skin", ("light", "mid", "dark"), colours=("#a", "#b", "#c")),
        Discrete("hair", "hair", ("none", "short", "long"), optional=True),
        Discrete(
            "hair_colour",
            "hair",
            ("black", "blond", "red"),
            colours=("#a", "#b", "#c"),
            active_when=Condition("hair", ("short", "long")),
        ),
    ),
)


@dataclass(frozen=True)
class Painted:
    """Pictures and part maps of a batch."""

    renders: np.ndarray
    parts: np.ndarray


def paint(vectors: AvatarVectors, size: int) -> Painted:
    """Ellipses for head and hair, two dots for eyes."""
    y, x = np.mgrid[:size, :size] / size - 0.5
    renders = np.full((len(vectors), size, size, 3), 225, dtype=np.uint8)
    parts = np.zeros((len(vectors), size, size), dtype=np.uint8)
    for row, record in enumerate(vectors.to_records()):
        width = 0.2 + 0.15 * float(record["head_width"])
        layers = []
        if record["hair"] != "none":
            low = 0.0 if record["hair"] == "short" else float(record["hair_length"])
            mask = ((x / (width + 0.06)) ** 2 + ((y + 0.08) / 0.38) ** 2 < 1) & (
                y < 0.1 + 0.3 * low
            )
            colour = HAIRS[int(vectors.column("hair_colour")[row])]
            layers.append((mask, colour, "hair"))
        face = (x / width) ** 2 + ((y - 0.02) / 0.32) ** 2 < 1
        layers.append((face, SKINS[int(vectors.column("skin")[row])], "skin"))
        height = 0.1 * float(record["eye_height"])
        eyes = (np.abs(x) - 0.09) ** 2 + (y + height) ** 2 < 0.001
        layers.append((eyes, (20, 20, 20), "eyes"))
        for mask, colour, part in layers:
            renders[row][mask] = colour
            parts[row][mask] = PART_IDS[part]
    return Painted(renders, parts)


MakeCases = Callable[..., Cases]


@pytest.fixture(scope="session")
def spec() -> AvatarSpec:
    return SPEC


@pytest.fixture(scope="session")
def make_cases() -> MakeCases:
    """make_cases(predicted, truth, size=64): cases with painted renders."""

    def make(predicted: AvatarVectors, truth: AvatarVectors, size: int = 64) -> Cases:
        one, other = paint(predicted, size), paint(truth, size)
        return Cases(
            predicted, truth, one.renders, other.renders, one.parts, other.parts
        )

    return make


@pytest.fixture(scope="session")
def truth() -> AvatarVectors:
    """Eight avatars that use every option."""
    records = [
        {
            "head_width": width,
            "eye_height": 1 - width,
            "hair_length": width,
            "skin": skin,
            "hair": hair,
            "hair_colour": colour,
        }
        for width, skin, hair, colour in (
            (0.0, "light", "long", "black"),
            (0.2, "mid", "short", "blond"),
            (0.4, "dark", "long", "red"),
            (0.5, "light", "short", "black"),
            (0.6, "mid", "long", "blond"),
            (0.8, "dark", "short", "red"),
            (0.9, "mid", "none", "black"),
            (1.0, "dark", "long", "blond"),
        )
    ]
    return AvatarVectors.from_records(SPEC, records)


@pytest.fixture(scope="session")
def wrong(truth: AvatarVectors) -> AvatarVectors:
    """For each avatar of `truth` one that differs in every parameter."""
    return AvatarVectors(SPEC, 1 - truth.continuous, (truth.discrete + 1) % 3)


@pytest.fixture(scope="session")
def untrained_alexnet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the keys and shapes of AlexNet's trunk, enough to test loading."""
    declare_missing_operators()
    from torchvision.models import alexnet

    with torch.random.fork_rng():
        torch.manual_seed(0)
        state = alexnet(weights=None).features.state_dict()
    file = tmp_path_factory.mktemp("weights") / "alexnet.safetensors"
    save_file({f"features.{key}": value for key, value in state.items()}, file)
    return file
