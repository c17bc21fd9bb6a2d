"""Work in batches that a killed run resumes: one file per batch, or one array.

Several processes can share the batches of a stage.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout
from numpy.lib.format import open_memmap
from numpy.typing import DTypeLike, NDArray

from benchmark.storage.store import atomic_write
from benchmark.system.progress import Progress

CLAIMS = "claims"
"""The folder of lock files in a scratch folder whose batches processes share."""


def build_batches(
    count: int,
    size: int,
    file_of: Callable[[int], Path],
    build: Callable[[slice, Path], None],
    progress: Progress,
    label: str,
    claims: Path | None = None,
) -> list[Path]:
    """Build the batches whose files are missing, and return the files of all in order.

    Several processes may do that at the same time if they give the same `claims`. Each
    batch is then built by one of them, and all return when all files are there.

    Args:
        count: rows in all.
        size: rows in a batch; the last batch may have fewer.
        file_of: the file of a batch, by its number from 0.
        build: writes the given rows to the given file, whole or not at all
            (`atomic_write`).
        progress: counts rows.
        label: of the progress bar.
        claims: folder of lock files, such as `CLAIMS` in the scratch folder.
    """
    starts = range(0, count, size)
    files = [file_of(number) for number in range(len(starts))]
    batches = [slice(start, min(start + size, count)) for start in starts]
    missing = [
        (rows, file)
        for rows, file in zip(batches, files, strict=True)
        if not file.is_file()
    ]
    left = sum(rows.stop - rows.start for rows, _ in missing)
    with progress.task(label, count, count - left) as task:
        # First what nobody builds, then what another process began and may not finish.
        for wait in (False, True):
            begun: list[tuple[slice, Path]] = []
            for rows, file in missing:
                with _claimed(claims, file.name, wait) as ours:
                    if ours and not file.is_file():
                        build(rows, file)
                if ours:
                    task.advance(rows.stop - rows.start)
                else:
                    begun.append((rows, file))
            missing = begun
    return files


@contextmanager
def _claimed(claims: Path | None, name: str, wait: bool) -> Iterator[bool]:
    """Whether this process alone works on a batch; always if there are no claims."""
    if claims is None:
        yield True
        return
    claims.mkdir(exist_ok=True)
    guard = FileLock(claims / f"{name}.lock")
    try:
        guard.acquire(timeout=-1 if wait else 0)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        guard.release()


def fill_array(
    file: Path,
    count: int,
    size: int,
    dtype: DTypeLike,
    build: Callable[[slice], NDArray[Any]],
    progress: Progress,
    label: str,
) -> None:
    """Fill a `.npy` file of `count` rows, `size` at a time; a killed run is resumed.

    Args:
        file: of the array; `done.json` beside it holds the number of finished rows.
        count: rows of the array, at least one.
        size: rows in a batch; the last batch may have fewer.
        dtype: of the array.
        build: returns the values of the given rows.
        progress: counts rows.
        label: of the progress bar.
    """
    note = file.with_name("done.json")
    done = json.loads(note.read_text()) if note.is_file() and file.is_file() else 0
    with progress.task(label, count, done) as task:
        for start in range(done, count, size):
            rows = slice(start, min(start + size, count))
            values = build(rows)
            shape = (count, *values.shape[1:])
            array = (
                np.load(file, mmap_mode="r+")
                if start
                else open_memmap(file, mode="w+", dtype=dtype, shape=shape)
            )
            array[rows] = values
            array.flush()
            atomic_write(note, json.dumps(rows.stop).encode())
            task.advance(len(values))
