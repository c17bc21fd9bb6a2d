"""Portraits with part maps: what the generator and the face parser train on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars.part_classes import PART_NAMES
from benchmark.faces.pictures import FaceSetError

Parsed = tuple[NDArray[np.uint8], NDArray[np.uint8]]
"""(n, S, S, 3) RGB pictures, and (n, S, S) class ids."""

_BLOCK = 1024
"""Faces that are looked at in one go, so that mapped arrays stay on the disk."""


class ParsedFaces(Protocol):
    """Square portraits of one size, each with its part map, read a batch at a time."""

    @property
    def name(self) -> str:
        """What tables and cards call the faces."""
        ...

    @property
    def size(self) -> int:
        """Edge in pixels of pictures and maps."""
        ...

    @property
    def digest(self) -> str:
        """SHA-256 (hex) that changes with the faces."""
        ...

    @property
    def licence(self) -> str:
        """Under what terms the faces, and what is trained on them, may be used."""
        ...

    @property
    def stand_in(self) -> bool:
        """Whether the faces stand in for photographs of people."""
        ...

    def __len__(self) -> int:
        """How many faces there are."""
        ...

    def batch(self, indices: NDArray[np.int64]) -> Parsed:
        """Pictures and part maps of faces 0 to len - 1, in the order asked for.

        The arrays are the caller's to change. Raises IndexError for an index out of
        range, and FaceSetError naming the file where a face cannot be read.
        """
        ...


@dataclass(frozen=True, eq=False)
class ParsedArrays:
    """Faces in arrays, in memory or mapped from a file.

    Raises FaceSetError where (n, S, S, 3) uint8 `pictures` and (n, S, S) uint8
    `parsing` do not fit each other, or a map holds an id that is no part class.
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
        """SHA-256 (hex) over shape and content of pictures and maps."""
        return self._digest

    @cached_property
    def _digest(self) -> str:
        return content_digest(self.pictures, self.parsing)

    def __len__(self) -> int:
        return len(self.pictures)

    def batch(self, indices: NDArray[np.int64]) -> Parsed:
        """Copies of the faces asked for."""
        rows = check_indices(indices, len(self))
        return self.pictures[rows], self.parsing[rows]


def check_indices(indices: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """The indices, all within [0, count); IndexError names one that is not."""
    rows = np.asarray(indices, dtype=np.int64)
    wrong = rows[(rows < 0) | (rows >= count)]
    if wrong.size:
        raise IndexError(f"face {wrong[0]} was asked for; there are {count}")
    return rows


def check_parsed(
    label: str, pictures: NDArray[np.uint8], parsing: NDArray[np.uint8]
) -> None:
    """Refuse, by `label`, arrays that are no pictures with part maps (FaceSetError)."""
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
    """SHA-256 (hex) over shapes and bytes, a block of rows at a time."""
    total = hashlib.sha256()
    for array in arrays:
        total.update(f"{array.dtype} {array.shape}\n".encode())
        for block in _blocks(array):
            total.update(np.ascontiguousarray(block).data)
    return total.hexdigest()


def _blocks(array: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    for start in range(0, len(array), _BLOCK):
        yield array[start : start + _BLOCK]
