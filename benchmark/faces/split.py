"""A split: faces of one purpose, decoded when asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmark.faces.pictures import FaceSetError, decode_parsing, decode_picture

if TYPE_CHECKING:
    import pandas as pd


class FaceSource(Protocol):
    """Where the faces of a split lie, still encoded."""

    def ids(self) -> tuple[str, ...]:
        """The face ids, in a fixed order, none twice."""
        ...

    def digest(self) -> str:
        """SHA-256 (hex) that changes with the pictures."""
        ...

    def picture(self, face: str) -> tuple[bytes, str]:
        """The encoded picture and a label that names it in messages."""
        ...

    def parsing(self, face: str) -> tuple[bytes, str] | None:
        """The encoded parsing map and its label, or None where there is none."""
        ...

    def attributes(self, faces: Sequence[str]) -> pd.DataFrame | None:
        """A row a face (index `face`), or None where attributes are not known."""
        ...

    def licence(self, face: str) -> str:
        """Under what terms the face may be used and shown."""
        ...


@dataclass(frozen=True)
class FaceSplit:
    """Faces of one purpose (train, validation, heldout …), all or a `chosen` few."""

    name: str
    source: FaceSource
    chosen: tuple[str, ...] | None = None

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The face ids in the split's order."""
        return self.source.ids() if self.chosen is None else self.chosen

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) over the pictures' digest and, for a subset, its ids."""
        if self.chosen is None:
            return self.source.digest()
        text = "\n".join((self.source.digest(), *self.chosen))
        return hashlib.sha256(text.encode()).hexdigest()

    def pictures(self, size: int) -> NDArray[np.uint8]:
        """(n, size, size, 3) uint8 RGB; decoded anew at each call.

        Raises FaceSetError naming the first picture that is no square RGB face.
        """
        pixels = np.empty((len(self), size, size, 3), dtype=np.uint8)
        for row, face in enumerate(self.ids):
            pixels[row] = decode_picture(*self.source.picture(face), size)
        return pixels

    def parsing(self, size: int) -> NDArray[np.uint8] | None:
        """(n, size, size) uint8 part classes, or None where a face has no map."""
        maps = np.empty((len(self), size, size), dtype=np.uint8)
        for row, face in enumerate(self.ids):
            encoded = self.source.parsing(face)
            if encoded is None:
                return None
            maps[row] = decode_parsing(*encoded, size)
        return maps

    def attributes(self) -> pd.DataFrame | None:
        """A row a face (index `face`), a column an attribute, where they are known."""
        return self.source.attributes(self.ids)

    @property
    def licences(self) -> tuple[str, ...]:
        """One licence a face, in the order of `ids`."""
        return tuple(self.source.licence(face) for face in self.ids)

    def subset(self, count: int) -> FaceSplit:
        """`count` faces drawn by the digest, in the split's order.

        The same for the same split anywhere; a smaller subset lies within a larger one.
        Raises FaceSetError where the split has fewer faces, or count is below 1.
        """
        if not 1 <= count <= len(self):
            raise FaceSetError(
                f"split {self.name} has {len(self)} faces; {count} were asked for"
            )
        if count == len(self):
            return self
        rng = np.random.default_rng(int(self.digest[:16], 16))
        rows = np.sort(rng.permutation(len(self))[:count])
        return FaceSplit(self.name, self.source, tuple(self.ids[r] for r in rows))
