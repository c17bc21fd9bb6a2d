"""Render avatar vectors in batches, with the maps that an engine offers."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars import AvatarVectors
from benchmark.engines.base import BeardMapped, Engine, PartMapped
from benchmark.run.contracts import check_parts, check_pixels
from benchmark.run.stage_keys import RENDER_BATCH
from benchmark.system.progress import Task
from evaluation.base import Cases

RENDERS_FILE = "renders.npz"


class Renders(NamedTuple):
    """Renders of n avatars.

    Attributes:
        pictures: (n, S, S, 3) uint8 RGB.
        parts: (n, S, S) uint8 part classes; None if the engine has no part maps.
        beards: (n, S, S) bool pixels of facial hair; None if the engine has none.
    """

    pictures: NDArray[np.uint8]
    parts: NDArray[np.uint8] | None
    beards: NDArray[np.bool_] | None


def render(
    engine: Engine, vectors: AvatarVectors, size: int, bar: Task | None = None
) -> Renders:
    """Render vectors at size x size pixels; `bar` advances by one per avatar.

    Raises ContractError if the engine returns another shape or type, or part
    classes that do not exist.
    """
    pictures, parts, beards = [], [], []
    for start in range(0, len(vectors), RENDER_BATCH):
        batch = vectors[start : start + RENDER_BATCH]
        shape = (len(batch), size, size)
        drawn = engine.render(batch, size)
        pictures.append(check_pixels(drawn, "render", np.uint8, (*shape, 3)))
        if isinstance(engine, PartMapped):
            maps = engine.parts(batch, size)
            parts.append(check_parts(maps, shape))
        if isinstance(engine, BeardMapped):
            maps = engine.beards(batch, size)
            beards.append(check_pixels(maps, "beards", np.bool_, shape))
        if bar is not None:
            bar.advance(len(batch))
    return Renders(
        np.concatenate(pictures),
        np.concatenate(parts) if parts else None,
        np.concatenate(beards) if beards else None,
    )


def save_renders(folder: Path, renders: Renders) -> None:
    """Write renders to a file in `folder`."""
    arrays = {k: v for k, v in renders._asdict().items() if v is not None}
    np.savez_compressed(folder / RENDERS_FILE, allow_pickle=False, **arrays)


def load_renders(folder: Path) -> Renders:
    """Read what `save_renders` wrote."""
    with np.load(folder / RENDERS_FILE) as arrays:
        return Renders(arrays["pictures"], arrays.get("parts"), arrays.get("beards"))


def make_cases(
    predicted: AvatarVectors,
    truth: AvatarVectors,
    renders: Renders,
    truth_renders: Renders,
) -> Cases:
    """The input of metrics: n predictions and their ground truth, both rendered."""
    return Cases(
        predicted=predicted,
        truth=truth,
        predicted_renders=renders.pictures,
        truth_renders=truth_renders.pictures,
        predicted_parts=renders.parts,
        truth_parts=truth_renders.parts,
        predicted_beards=renders.beards,
        truth_beards=truth_renders.beards,
    )
