"""Splits of a face set: train, validation or held-out faces, decoded on demand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmark.faces.pictures import FaceSetError, decode_parsing, decode_picture
from benchmark.storage.digests import bytes_digest

if TYPE_CHECKING:
    import pandas as pd


class FaceSource(Protocol):
    """Encoded pictures, part maps and attributes of a split's faces."""

    def ids(self) -> tuple[str, ...]:
        """The face ids: unique, in a fixed order."""
        ...

    def digest(self) -> str:
        """SHA-256 (hex) that changes with the pictures."""
        ...

    def picture(self, face: str) -> tuple[bytes, str]:
        """The encoded picture, and its name for error messages."""
        ...

    def parsing(self, face: str) -> tuple[bytes, str] | None:
        """The encoded part map and its name for error messages, or None."""
        ...

    def attributes(self, faces: Sequence[str]) -> pd.DataFrame | None:
        """One row per face (index `face`), or None if attributes are not known."""
        ...

    def licence(self, face: str) -> str:
        """The licence of the face's picture."""
        ...


@dataclass(frozen=True)
class FaceSplit:
    """All faces of a source, or the `chosen` ones; `name` is the split's name."""

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
        """SHA-256 (hex) of the source and, for a subset, of its ids."""
        if self.chosen is None:
            return self.source.digest()
        text = "\n".join((self.source.digest(), *self.chosen))
        return bytes_digest(text.encode())

    def pictures(self, size: int) -> NDArray[np.uint8]:
        """(n, size, size, 3) uint8 RGB, decoded at each call.

        Raises FaceSetError for the first picture that is not square RGB.
        """
        pixels = np.empty((len(self), size, size, 3), dtype=np.uint8)
        for row, face in enumerate(self.ids):
            pixels[row] = decode_picture(*self.source.picture(face), size)
        return pixels

    def parsing(self, size: int) -> NDArray[np.uint8] | None:
        """(n, size, size) uint8 part classes, or None if a face has no part map."""
        maps = np.empty((len(self), size, size), dtype=np.uint8)
        for row, face in enumerate(self.ids):
            encoded = self.source.parsing(face)
            if encoded is None:
                return None
            maps[row] = decode_parsing(*encoded, size)
        return maps

    def attributes(self) -> pd.DataFrame | None:
        """One row per face (index `face`) and one column per attribute, if known."""
        return self.source.attributes(self.ids)

    @property
    def licences(self) -> tuple[str, ...]:
        """The licence of each face, in the order of `ids`."""
        return tuple(self.source.licence(face) for face in self.ids)

    def subset(self, count: int) -> FaceSplit:
        """`count` random faces, in the split's order.

        The seed comes from the digest, so a split has the same subsets everywhere, and
        a smaller subset lies within a larger one. Raises FaceSetError if the split has
        fewer faces or `count` is below 1.
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
