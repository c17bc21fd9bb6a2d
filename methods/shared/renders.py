"""Training renders: random avatars of an engine, made once and shared by methods."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from benchmark.avatars import AvatarVectors
from benchmark.engines.base import Engine, engine_digest
from benchmark.storage.store import Stage, Store, StoreError, atomic_write
from benchmark.system.progress import Progress
from methods.shared.stage_estimate import Foreseen

PICTURES, CONTINUOUS, DISCRETE = "pictures.npy", "continuous.npy", "discrete.npy"
SHARD = 256
SECONDS_PER_RENDER = 0.0015


@dataclass(frozen=True)
class Renders:
    """Random avatars, whose pictures are made when they are first looked at.

    A stage that was built from them and is found again thus needs no picture.

    Attributes:
        vectors: (n) what is drawn.
        size: S, the pictures' side in pixels.
        digest: of all that the pictures depend on.
        made: gives the pictures.
    """

    vectors: AvatarVectors
    size: int
    digest: str
    made: Callable[[], NDArray[np.uint8]]

    @cached_property
    def pictures(self) -> NDArray[np.uint8]:
        """(n, S, S, 3), on disk."""
        return self.made()


def renders_stage(
    engine: Engine, count: int, size: int, seed: int, absent: float | None = None
) -> Stage:
    """What `training_renders` depends on."""
    sampling = "uniform" if absent is None else f"absent {absent}"
    options = {"count": count, "size": size, "sampling": sampling}
    return Stage("renders", "1", options, {"engine": engine_digest(engine)}, seed)


def foreseen_renders(
    engine: Engine, count: int, size: int, seed: int, absent: float | None = None
) -> Foreseen:
    """The stage of `training_renders`, with what it costs."""
    stage = renders_stage(engine, count, size, seed, absent)
    return Foreseen(stage, SECONDS_PER_RENDER * count)


def training_renders(
    engine: Engine,
    count: int,
    size: int,
    seed: int,
    store: Store,
    progress: Progress,
    absent: float | None = None,
) -> Renders:
    """`count` sampled avatars at `size` px, from the store where they exist.

    They are uniform over every range and option, but for optional parts where `absent`
    is given (`AvatarVectors.sample`). A killed run goes on at the shard that was open.
    """
    stage = renders_stage(engine, count, size, seed, absent)
    vectors = AvatarVectors.sample(engine.spec, count, seed, absent)

    def build(folder: Path, scratch: Path) -> None:
        _render_shards(engine, vectors, size, scratch, progress)
        np.save(folder / CONTINUOUS, vectors.continuous)
        np.save(folder / DISCRETE, vectors.discrete)
        (scratch / PICTURES).rename(folder / PICTURES)

    def made() -> NDArray[np.uint8]:
        folder = store.get_or_build(stage, build)
        _require_same(vectors, folder)
        return np.load(folder / PICTURES, mmap_mode="r")

    return Renders(vectors, size, stage.key, made)


def _require_same(vectors: AvatarVectors, folder: Path) -> None:
    """Raise StoreError where the pictures in `folder` are of other vectors.

    Only another version of numpy, with other random numbers, can have made them.
    """
    ours = (vectors.continuous, vectors.discrete)
    theirs = (np.load(folder / CONTINUOUS), np.load(folder / DISCRETE))
    if not all(map(np.array_equal, ours, theirs)):
        raise StoreError(
            f"{folder} holds renders of other avatars than this version of numpy draws "
            "under the same seed: remove that folder, or use another --store"
        )


def _render_shards(
    engine: Engine,
    vectors: AvatarVectors,
    size: int,
    scratch: Path,
    progress: Progress,
) -> None:
    """Fill scratch/pictures.npy shard by shard, noting how far it is after each."""
    note, file = scratch / "done.json", scratch / PICTURES
    done = json.loads(note.read_text()) if note.is_file() and file.is_file() else 0
    shape = (len(vectors), size, size, 3)
    pictures = (
        np.load(file, mmap_mode="r+")
        if done
        else open_memmap(file, mode="w+", dtype=np.uint8, shape=shape)
    )
    with progress.task(f"{engine.meta.name} renders", len(vectors), done) as task:
        for start in range(done, len(vectors), SHARD):
            shard = vectors[start : start + SHARD]
            pictures[start : start + SHARD] = engine.render(shard, size)
            pictures.flush()
            atomic_write(note, json.dumps(start + len(shard)).encode())
            task.advance(len(shard))
