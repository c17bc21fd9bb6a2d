"""Render synthetic people: the embedded splits, or any range of people."""

from __future__ import annotations

import io
import multiprocessing
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmark.faces.parquet_set import ParquetFace, write_manifest, write_split
from benchmark.faces.pictures import FaceSetError
from benchmark.faces.portraits.people import Domain, sample_person
from benchmark.system.parent_process import exit_with_parent
from benchmark.system.progress import Progress, Silent

NAME = "portraits"
EMBEDDED_SEED = 1
"""Seed of the people in the embedded splits."""
VERSION = "1"
LICENCE = "CC0-1.0"
QUALITY = 90
"""Quality of the lossy WebP pictures."""


@dataclass(frozen=True)
class Batch:
    """People `start` to `start + count - 1` of a domain, rendered at `size` px."""

    domain: Domain
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
"""The embedded splits. Validation starts with unseen people of the train domain."""


@dataclass(frozen=True)
class RenderedFace:
    """One rendered person.

    Attributes:
        index: number of the person in the domain.
        picture: (size, size, 3) uint8.
        parsing: (size, size) uint8 part classes.
        attributes: record of the person (`people.attributes`).
    """

    index: int
    picture: np.ndarray
    parsing: np.ndarray
    attributes: dict[str, Any]


def render_one(index: int, size: int, seed: int, domain: Domain) -> RenderedFace:
    """Render person `index`. The result does not depend on what else is rendered."""
    from benchmark.faces.portraits.portrait import render

    portrait = render(sample_person(index, seed, domain), size)
    return RenderedFace(index, portrait.picture, portrait.parsing, portrait.attributes)


def _render_task(job: tuple[int, int, int, Domain]) -> RenderedFace:
    return render_one(*job)


def render_people(
    count: int, size: int, seed: int, domain: Domain, jobs: int = 2, start: int = 0
) -> Iterator[RenderedFace]:
    """Render people `start` to `start + count - 1` in order.

    Args:
        count: number of people.
        size: edge of a picture in pixels.
        seed: random seed of the people.
        domain: one of `people.DOMAINS`.
        jobs: number of worker processes; 1 renders in this process.
        start: number of the first person.

    Yields:
        The rendered people, in order.
    """
    yield from render_indices(range(start, start + count), size, seed, domain, jobs)


def render_indices(
    indices: Sequence[int], size: int, seed: int, domain: Domain, jobs: int = 2
) -> Generator[RenderedFace, None, None]:
    """Render the people with these numbers, in order; see `render_people`."""
    work: list[tuple[int, int, int, Domain]] = [
        (index, size, seed, domain) for index in indices
    ]
    if jobs <= 1:
        yield from map(_render_task, work)
        return
    # Spawn: the state of Warp does not survive a fork on every platform.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context, exit_with_parent) as pool:
        yield from pool.map(_render_task, work, chunksize=4)


@contextmanager
def explain_missing_extra() -> Iterator[None]:
    """Raise FaceSetError, which says what to install, if Warp is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise FaceSetError(
            f"rendering people needs the extra `portraits` ({error}): "
            "pip install warp-lang anny"
        ) from error


def webp(picture: np.ndarray) -> bytes:
    """Compress a picture as the embedded portraits are: lossy WebP."""
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "WEBP", quality=QUALITY, method=6)
    return stream.getvalue()


def _png(parsing: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(parsing).save(stream, "PNG", optimize=True)
    return stream.getvalue()


def _encode(face: RenderedFace, name: str) -> ParquetFace:
    """Encode a rendered person as a row of a face set, with id `name`."""
    record = dict(face.attributes)
    return ParquetFace(name, webp(face.picture), _png(face.parsing), record, LICENCE)


def _render_split(
    split: str, batches: Sequence[Batch], seed: int, jobs: int, progress: Progress
) -> Iterator[ParquetFace]:
    number = 0
    with progress.task(f"portraits: {split}", sum(b.count for b in batches)) as task:
        for batch in batches:
            people = render_people(
                batch.count, batch.size, seed, batch.domain, jobs, batch.start
            )
            for face in people:
                yield _encode(face, f"{split}-{number:04d}")
                number += 1
                task.advance()


def render_splits(
    folder: Path,
    seed: int = EMBEDDED_SEED,
    jobs: int = 2,
    progress: Progress | None = None,
    splits: Sequence[str] = tuple(SPLITS),
    count: int | None = None,
) -> None:
    """Render the embedded splits and write their manifest.

    Args:
        folder: output folder for train.parquet, validation.parquet, heldout.parquet
            and faceset.json. The manifest also covers truth files in this folder.
        seed: random seed of the people (the embedded set uses 1).
        jobs: number of worker processes.
        progress: receives one step per face.
        splits: splits to render; existing files of other splits are kept.
        count: maximum number of faces per batch, for tests.

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
    write_manifest(folder, NAME, VERSION, LICENCE, stand_in=True)
