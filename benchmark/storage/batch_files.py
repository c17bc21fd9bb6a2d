"""Work in batches that a killed run resumes: one file per batch, or one array."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import DTypeLike, NDArray

from benchmark.storage.store import atomic_write
from benchmark.system.progress import Progress


def build_batches(
    count: int,
    size: int,
    file_of: Callable[[int], Path],
    build: Callable[[slice, Path], None],
    progress: Progress,
    label: str,
) -> list[Path]:
    """Build the batches whose files are missing, and return the files of all in order.

    Args:
        count: rows in all.
        size: rows in a batch; the last batch may have fewer.
        file_of: the file of a batch, by its number from 0.
        build: writes the given rows to the given file, whole or not at all
            (`atomic_write`).
        progress: counts rows.
        label: of the progress bar.
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
        for rows, file in missing:
            build(rows, file)
            task.advance(rows.stop - rows.start)
    return files


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
