"""Training renders: random avatars of an engine, rendered once for all methods."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from benchmark.avatars import AvatarVectors
from benchmark.engines.base import Engine, engine_digest
from benchmark.storage.batch_files import CLAIMS, build_batches
from benchmark.storage.store import Stage, Store, StoreError, atomic_write
from benchmark.system.progress import Progress
from methods.shared.sampling_prior import SamplingPrior

PICTURES, CONTINUOUS, DISCRETE = "pictures.npy", "continuous.npy", "discrete.npy"
SHARD = 256


@dataclass(frozen=True)
class Renders:
    """Random avatars whose pictures are rendered on first use.

    A cached stage that was built from them therefore needs no render.

    Attributes:
        vectors: the n avatar vectors.
        size: S, the side of the pictures in pixels.
        digest: the key of the stage, which covers everything the pictures depend on.
        load: renders the pictures, or reads them from the store.
    """

    vectors: AvatarVectors
    size: int
    digest: str
    load: Callable[[], NDArray[np.uint8]]

    @cached_property
    def pictures(self) -> NDArray[np.uint8]:
        """(n, S, S, 3) uint8, memory-mapped."""
        return self.load()


def renders_stage(
    engine: Engine,
    count: int,
    size: int,
    seed: int,
    absent: float | None = None,
    prior: SamplingPrior | None = None,
) -> Stage:
    """Return the stage of `training_renders`: everything that it depends on."""
    sampling = "uniform" if absent is None else f"absent {absent}"
    if absent is not None and any(
        choice.optional and not choice.often_absent for choice in engine.spec.discrete
    ):
        sampling += ", hair uniform"
    if prior is not None:
        sampling = f"prior {prior.digest}"
    options = {"count": count, "size": size, "sampling": sampling}
    return Stage("renders", "1", options, {"engine": engine_digest(engine)}, seed)


def training_renders(
    engine: Engine,
    count: int,
    size: int,
    seed: int,
    store: Store,
    progress: Progress,
    absent: float | None = None,
    prior: SamplingPrior | None = None,
) -> Renders:
    """Sample `count` avatars and render them at `size` px; the renders are cached.

    Vectors are uniform over every range and option. With `absent`, each part that is
    often absent, such as glasses, is so with that probability instead
    (`AvatarVectors.sample`). With `prior`, it draws the vectors. A killed run resumes
    at the unfinished shard. Processes that need the same renders share the shards.
    """
    stage = renders_stage(engine, count, size, seed, absent, prior)
    vectors = (
        AvatarVectors.sample(engine.spec, count, seed, absent)
        if prior is None
        else prior.sample(count, seed)
    )

    def share(scratch: Path) -> list[Path]:
        return _render_shards(engine, vectors, size, scratch, progress)

    def build(folder: Path, scratch: Path) -> None:
        shards = share(scratch)
        np.save(folder / CONTINUOUS, vectors.continuous)
        np.save(folder / DISCRETE, vectors.discrete)
        shape = (count, size, size, 3)
        pictures = open_memmap(folder / PICTURES, "w+", np.uint8, shape)
        for number, shard in enumerate(shards):
            pictures[number * SHARD :][:SHARD] = np.load(shard)
        pictures.flush()

    def load() -> NDArray[np.uint8]:
        folder = store.get_or_build(stage, build, share=share)
        _require_same(vectors, folder)
        return np.load(folder / PICTURES, mmap_mode="r")

    return Renders(vectors, size, stage.key, load)


def _render_shards(
    engine: Engine, vectors: AvatarVectors, size: int, scratch: Path, progress: Progress
) -> list[Path]:
    """Render the shards that `scratch` lacks; return the files of all in order."""

    def build(rows: slice, file: Path) -> None:
        stream = io.BytesIO()
        np.save(stream, engine.render(vectors[rows], size))
        atomic_write(file, stream.getvalue())

    return build_batches(
        len(vectors),
        SHARD,
        lambda number: scratch / f"pictures-{number:05d}.npy",
        build,
        progress,
        f"{engine.meta.name} renders",
        scratch / CLAIMS,
    )


def _require_same(vectors: AvatarVectors, folder: Path) -> None:
    """Raise StoreError if the pictures in `folder` show other vectors.

    This happens only if another version of numpy drew other random numbers.
    """
    ours = (vectors.continuous, vectors.discrete)
    theirs = (np.load(folder / CONTINUOUS), np.load(folder / DISCRETE))
    if not all(map(np.array_equal, ours, theirs)):
        raise StoreError(
            f"{folder} holds renders of other avatars than this version of numpy draws "
            "with the same seed: remove that folder, or use another --store"
        )
