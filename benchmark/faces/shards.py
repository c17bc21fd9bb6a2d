"""Shards: files with a fixed number of faces and their part maps.

A shard is an uncompressed .npz of `pictures` (n, S, S, 3) and `parsing` (n, S, S), both
uint8. Its arrays are memory-mapped, so that a set larger than memory can be read in any
order, and processes that read the same shard share its pages.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.faces.parsed import Parsed, check_parsed, content_digest
from benchmark.faces.pictures import FaceSetError
from benchmark.storage.store import atomic_write

ARRAYS = ("pictures", "parsing")
_NAME = re.compile(r"shard-(\d{5})\.npz")
_LOCAL_HEADER = 30
"""Bytes of a zip's entry header before the entry's name (PKWARE APPNOTE 4.3.7)."""


def shard_path(folder: Path, number: int) -> Path:
    """The path of shard `number` in `folder`."""
    return folder / f"shard-{number:05d}.npz"


def shard_numbers(folder: Path) -> list[int]:
    """Numbers of the shards in `folder`, sorted; other files are ignored."""
    matches = (_NAME.fullmatch(path.name) for path in folder.glob("shard-*.npz"))
    return sorted(int(match[1]) for match in matches if match)


def write_shard(
    path: Path, pictures: NDArray[np.uint8], parsing: NDArray[np.uint8]
) -> None:
    """Write a shard atomically: an interrupted write leaves no partial file."""
    stream = io.BytesIO()
    np.savez(stream, pictures=pictures, parsing=parsing)
    atomic_write(path, stream.getvalue())


@dataclass(frozen=True)
class Shard:
    """A shard file of `faces` faces of `size` px; `starts` are its arrays' offsets."""

    path: Path
    faces: int
    size: int
    starts: tuple[int, int]

    def rows(self, rows: NDArray[np.int64]) -> Parsed:
        """Copies of the faces with these row numbers."""
        pictures, parsing = self._arrays()
        return np.array(pictures[rows]), np.array(parsing[rows])

    def check(self) -> None:
        """Raise FaceSetError if a part map has an unknown class."""
        check_parsed(str(self.path), *self._arrays())

    def digest(self) -> str:
        """SHA-256 (hex) over the arrays, independent of the .npz container."""
        return content_digest(*self._arrays())

    def _arrays(self) -> tuple[np.memmap, np.memmap]:
        # Mapped per call: thousands of open shards would use up the file handles.
        shapes = _shapes(self.faces, self.size)
        pictures, parsing = (
            np.memmap(self.path, np.uint8, "r", start, shape)
            for start, shape in zip(self.starts, shapes, strict=True)
        )
        return pictures, parsing


def open_shard(path: Path, faces: int, size: int) -> Shard:
    """Open a shard; FaceSetError unless it has `faces` faces of `size` px.

    Only headers are read. `Shard.check` and `Shard.digest` read the pixels.
    """
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            first, second = (
                _array_start(file, archive.getinfo(f"{name}.npy"), shape)
                for name, shape in zip(ARRAYS, _shapes(faces, size), strict=True)
            )
    except (OSError, KeyError, ValueError, struct.error, zipfile.BadZipFile) as error:
        raise FaceSetError(
            f"{path} is no shard of {faces} faces of {size} px ({_reason(error)}): "
            "remove it and render it again"
        ) from error
    return Shard(path, faces, size, (first, second))


def _shapes(faces: int, size: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return (faces, size, size, 3), (faces, size, size)


def _array_start(
    file: io.BufferedIOBase, entry: zipfile.ZipInfo, expected: tuple[int, ...]
) -> int:
    """Byte offset of an entry's pixels; ValueError if it has another format."""
    if entry.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{entry.filename} is compressed")
    file.seek(entry.header_offset)
    name, extra = struct.unpack("<HH", file.read(_LOCAL_HEADER)[-4:])
    file.seek(name + extra, io.SEEK_CUR)
    version = np.lib.format.read_magic(file)
    if version != (1, 0):
        raise ValueError(f"{entry.filename} is of npy version {version}")
    shape, by_column, kind = np.lib.format.read_array_header_1_0(file)
    if shape != expected or by_column or kind != np.uint8:
        raise ValueError(f"{entry.filename} has shape {shape} and type {kind}")
    return file.tell()


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return str(error.args[0])
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return str(error) or type(error).__name__
