"""Portraits with part maps: training data of the generator and the face parser."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars.counting import counted
from benchmark.avatars.part_classes import PART_NAMES
from benchmark.faces.pictures import FaceSetError

Parsed = tuple[NDArray[np.uint8], NDArray[np.uint8]]
"""(n, S, S, 3) RGB pictures, and (n, S, S) class ids."""

_BLOCK = 1024
"""Rows per block, so that memory-mapped arrays are not loaded as a whole."""


class ParsedFaces(Protocol):
    """Square portraits of one size, each with its part map, read a batch at a time."""

    @property
    def name(self) -> str:
        """The name of the faces in tables and cards."""
        ...

    @property
    def size(self) -> int:
        """Edge of pictures and part maps, in pixels."""
        ...

    @property
    def digest(self) -> str:
        """SHA-256 (hex) that identifies the faces."""
        ...

    @property
    def licence(self) -> str:
        """The licence of the faces and of models trained on them."""
        ...

    @property
    def stand_in(self) -> bool:
        """Whether the faces stand in for photographs of people."""
        ...

    def __len__(self) -> int:
        """Number of faces."""
        ...

    def batch(self, indices: NDArray[np.int64]) -> Parsed:
        """Pictures and part maps of the faces with these indices, in this order.

        The arrays are copies. Raises IndexError for an index outside 0 to len - 1, and
        FaceSetError, which names the file, for a face that cannot be read.
        """
        ...


@dataclass(frozen=True, eq=False)
class ParsedArrays:
    """Faces in arrays, in memory or memory-mapped.

    Attributes:
        pictures: (n, S, S, 3) uint8 RGB.
        parsing: (n, S, S) uint8 part classes.

    Raises:
        FaceSetError: if the arrays have other shapes or types, or a part map has an
            unknown class.
    """

    name: str
    pictures: NDArray[np.uint8]
    parsing: NDArray[np.uint8]
    licence: str
    stand_in: bool

    def __post_init__(self) -> None:
        check_parsed(self.name, self.pictures, self.parsing)

    @property
    def size(self) -> int:
        """Edge in pixels."""
        return self.pictures.shape[1]

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over the shapes and contents of both arrays."""
        return self._digest

    @cached_property
    def _digest(self) -> str:
        return content_digest(self.pictures, self.parsing)

    def __len__(self) -> int:
        return len(self.pictures)

    def batch(self, indices: NDArray[np.int64]) -> Parsed:
        """Copies of the faces with these indices."""
        rows = check_indices(indices, len(self))
        return self.pictures[rows], self.parsing[rows]


def check_indices(indices: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """The indices as int64; IndexError for the first outside [0, count)."""
    rows = np.asarray(indices, dtype=np.int64)
    outside = rows[(rows < 0) | (rows >= count)]
    if outside.size:
        raise IndexError(
            f"face {outside[0]} is out of range for {counted(count, 'face')}"
        )
    return rows


def check_parsed(
    label: str, pictures: NDArray[np.uint8], parsing: NDArray[np.uint8]
) -> None:
    """Check that arrays are (n, S, S, 3) pictures with (n, S, S) part maps, uint8.

    Raises FaceSetError, which names them by `label`, if they are not.
    """
    count, size = len(pictures), pictures.shape[1] if pictures.ndim == 4 else 0
    expected = (count, size, size)
    if pictures.shape != (*expected, 3) or parsing.shape != expected or not count:
        raise FaceSetError(
            f"{label} holds pictures of shape {pictures.shape} and part maps of shape "
            f"{parsing.shape}: expected (n, S, S, 3) and (n, S, S)"
        )
    if pictures.dtype != np.uint8 or parsing.dtype != np.uint8:
        raise FaceSetError(
            f"{label} holds pictures of type {pictures.dtype} and part maps of type "
            f"{parsing.dtype}: both must be uint8"
        )
    highest = max(int(block.max()) for block in _blocks(parsing))
    if highest >= len(PART_NAMES):
        raise FaceSetError(
            f"{label} holds class {highest} in a part map: part classes are "
            f"0-{len(PART_NAMES) - 1}"
        )


def content_digest(*arrays: NDArray[np.uint8]) -> str:
    """SHA-256 (hex) over types, shapes and bytes of arrays, read block by block."""
    total = hashlib.sha256()
    for array in arrays:
        total.update(f"{array.dtype} {array.shape}\n".encode())
        for block in _blocks(array):
            total.update(np.ascontiguousarray(block).data)
    return total.hexdigest()


def _blocks(array: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    for start in range(0, len(array), _BLOCK):
        yield array[start : start + _BLOCK]
