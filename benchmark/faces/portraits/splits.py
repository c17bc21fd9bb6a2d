"""Render face sets of synthetic people: the embedded splits, and any other number."""

from __future__ import annotations

import io
import multiprocessing
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmark.faces.parquet_set import PackedFace, seal, write_split
from benchmark.faces.portraits.people import World, sample_person
from benchmark.system.progress import Progress, Silent

NAME = "portraits"
VERSION = "1"
LICENCE = "CC0-1.0"
QUALITY = 90
"""Quality of the lossy WebP pictures."""


@dataclass(frozen=True)
class Batch:
    """People `start` to `start + count - 1` of a world, at a size."""

    world: World
    start: int
    count: int
    size: int


SPLITS: dict[str, tuple[Batch, ...]] = {
    "train": (Batch("train", 0, 1000, 128),),
    "validation": (
        Batch("train", 1_000_000, 100, 256),
        Batch("validation-shifted", 0, 100, 256),
    ),
    "heldout": (Batch("heldout", 0, 116, 256),),
}
"""The embedded splits; validation's first half is of the train world, other people."""


@dataclass(frozen=True)
class RenderedFace:
    """One rendered person.

    Attributes:
        index: the person's number in the world.
        picture: (size, size, 3) uint8.
        parsing: (size, size) uint8 part classes.
        attributes: the person's record.
    """

    index: int
    picture: np.ndarray
    parsing: np.ndarray
    attributes: dict[str, Any]


def render_one(index: int, size: int, seed: int, world: World) -> RenderedFace:
    """Render person `index` of a seed and world: the same pixels in any batch."""
    from benchmark.faces.portraits.portrait import render

    portrait = render(sample_person(index, seed, world), size)
    return RenderedFace(index, portrait.picture, portrait.parsing, portrait.attributes)


def _task(job: tuple[int, int, int, World]) -> RenderedFace:
    return render_one(*job)


def _leave_with_parent() -> None:
    """Make a worker end when its parent dies: a killed one would leave it for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def render_people(
    count: int, size: int, seed: int, world: World, jobs: int = 2, start: int = 0
) -> Iterator[RenderedFace]:
    """Render people `start` to `start + count - 1` in order.

    Args:
        count: of people.
        size: edge in pixels.
        seed: of the set.
        world: one of `people.VERSIONS`.
        jobs: processes to work with; 1 stays in this one.
        start: number of the first person.

    Yields:
        One rendered person after another.
    """
    work: list[tuple[int, int, int, World]] = [
        (start + i, size, seed, world) for i in range(count)
    ]
    if jobs <= 1:
        yield from map(_task, work)
        return
    # Fresh processes: Warp's state does not survive a fork everywhere.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context, _leave_with_parent) as pool:
        yield from pool.map(_task, work, chunksize=4)


def _webp(picture: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "WEBP", quality=QUALITY, method=6)
    return stream.getvalue()


def _png(parsing: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(parsing).save(stream, "PNG", optimize=True)
    return stream.getvalue()


def pack(face: RenderedFace, name: str, part: str | None = None) -> PackedFace:
    """Encode a rendered person as a row of a face set.

    Args:
        face: the person.
        name: the face's id in the set.
        part: overrides the attribute `part`.
    """
    record = dict(face.attributes)
    if part:
        record["part"] = part
    return PackedFace(name, _webp(face.picture), _png(face.parsing), record, LICENCE)


def _render_split(
    split: str, batches: Sequence[Batch], seed: int, jobs: int, progress: Progress
) -> Iterator[PackedFace]:
    number = 0
    with progress.task(f"portraits: {split}", sum(b.count for b in batches)) as task:
        for batch in batches:
            people = render_people(
                batch.count, batch.size, seed, batch.world, jobs, batch.start
            )
            for face in people:
                yield pack(face, f"{split}-{number:04d}")
                number += 1
                task.advance()


def render_splits(
    folder: Path,
    seed: int = 1,
    jobs: int = 2,
    progress: Progress | None = None,
    splits: Sequence[str] = tuple(SPLITS),
    count: int | None = None,
) -> None:
    """Render the embedded splits and seal them.

    Args:
        folder: gets train.parquet, validation.parquet, heldout.parquet and
            faceset.json; truth files that lie there are sealed as well.
        seed: of the people (the embedded set has seed 1).
        jobs: processes.
        progress: told of every face.
        splits: which to render; the others there stay as they are.
        count: at most so many faces a batch, for trials.

    Raises:
        ValueError: if a split is unknown.
    """
    unknown = [name for name in splits if name not in SPLITS]
    if unknown:
        raise ValueError(f"split {unknown[0]!r} is unknown; known: {', '.join(SPLITS)}")
    folder.mkdir(parents=True, exist_ok=True)
    for split in splits:
        batches = SPLITS[split]
        if count is not None:
            batches = [replace(b, count=min(b.count, count)) for b in batches]
        rows = _render_split(split, batches, seed, jobs, progress or Silent())
        write_split(folder / f"{split}.parquet", rows)
    seal(folder, NAME, VERSION, LICENCE, stand_in=True)
