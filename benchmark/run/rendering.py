"""Pictures of avatar vectors and the maps beside them, made in batches and kept."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars import AvatarVectors
from benchmark.engines.base import BeardMapped, Engine, PartMapped
from benchmark.run.stage_keys import RENDER_BATCH
from benchmark.system.progress import Task
from evaluation.base import Cases

RENDERS_FILE = "renders.npz"


class Renders(NamedTuple):
    """n avatars as an engine draws them; maps are None where it has none.

    pictures: (n, S, S, 3) uint8; parts: (n, S, S) uint8 class ids; beards: (n, S, S)
    bool, the pixels of facial hair.
    """

    pictures: NDArray[np.uint8]
    parts: NDArray[np.uint8] | None
    beards: NDArray[np.bool_] | None


def render(
    engine: Engine, vectors: AvatarVectors, size: int, bar: Task | None = None
) -> Renders:
    """Draw vectors at size x size pixels, with the maps that the engine offers."""
    pictures, parts, beards = [], [], []
    for start in range(0, len(vectors), RENDER_BATCH):
        batch = vectors[start : start + RENDER_BATCH]
        pictures.append(engine.render(batch, size))
        if isinstance(engine, PartMapped):
            parts.append(engine.parts(batch, size))
        if isinstance(engine, BeardMapped):
            beards.append(engine.beards(batch, size))
        if bar is not None:
            bar.advance(len(batch))
    return Renders(
        np.concatenate(pictures),
        np.concatenate(parts) if parts else None,
        np.concatenate(beards) if beards else None,
    )


def save_renders(folder: Path, renders: Renders) -> None:
    """Keep renders in `folder`."""
    arrays = {k: v for k, v in renders._asdict().items() if v is not None}
    np.savez_compressed(folder / RENDERS_FILE, allow_pickle=False, **arrays)


def load_renders(folder: Path) -> Renders:
    """What `save_renders` kept."""
    with np.load(folder / RENDERS_FILE) as arrays:
        return Renders(arrays["pictures"], arrays.get("parts"), arrays.get("beards"))


def cases_of(
    predicted: AvatarVectors, truth: AvatarVectors, drawn: Renders, drawn_truth: Renders
) -> Cases:
    """What metrics score: n predictions beside their ground truth, both drawn."""
    return Cases(
        predicted=predicted,
        truth=truth,
        predicted_renders=drawn.pictures,
        truth_renders=drawn_truth.pictures,
        predicted_parts=drawn.parts,
        truth_parts=drawn_truth.parts,
        predicted_beards=drawn.beards,
        truth_beards=drawn_truth.beards,
    )
