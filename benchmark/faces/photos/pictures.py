"""The aligned photographs in the cache, as a source of faces."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.faces.photos.manifest import LICENCE, NAME, Photograph
from benchmark.faces.pictures import FaceSetError
from benchmark.faces.truth_csv import read_checked
from benchmark.storage.digests import bytes_digest

if TYPE_CHECKING:
    import pandas as pd

INDEX = "pictures.json"
AGAIN = f"run `avatarbench faces fetch {NAME}` again"


@dataclass(frozen=True)
class Fetched:
    """An aligned picture in the cache.

    Attributes:
        png: SHA-256 (hex) of its file.
        pixels: SHA-256 (hex) of its pixels.
        recorded: what the manifest had in place of `pixels` when it was fetched. If
            this changes, the alignment has changed.
    """

    png: str
    pixels: str
    recorded: str


def read_index(
    folder: Path, photographs: Mapping[str, Photograph]
) -> dict[str, Fetched]:
    """What has been fetched into a folder, by face; empty if nothing has.

    Pictures that an earlier version aligned otherwise are left out. Raises FaceSetError
    if the index is damaged.
    """
    path = folder / INDEX
    if not path.is_file():
        return {}
    try:
        entries = json.loads(read_checked(path, None))
        known = {face: Fetched(**entry) for face, entry in entries.items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise FaceSetError(f"{path} is damaged: delete it, and {AGAIN}") from error
    return {
        face: known[face]
        for face, row in photographs.items()
        if face in known and known[face].recorded == row.pixels
    }


@dataclass(frozen=True)
class FetchedFaces:
    """A `FaceSource` over aligned photographs in the cache.

    Attributes:
        folder: the cache.
        pictures: digests by face id, in the order of the split.
    """

    folder: Path
    pictures: Mapping[str, Fetched]

    def ids(self) -> tuple[str, ...]:
        """The face ids, in the order of the manifest."""
        return tuple(self.pictures)

    def digest(self) -> str:
        """SHA-256 (hex) over ids and pixels, so that PNG encoders do not matter."""
        return self._digest

    @cached_property
    def _digest(self) -> str:
        lines = (f"{face}\0{entry.pixels}\n" for face, entry in self.pictures.items())
        return bytes_digest("".join(lines).encode())

    def picture(self, face: str) -> tuple[bytes, str]:
        """The PNG, checked against the index, and its path for error messages."""
        path = self.folder / f"{face}.png"
        try:
            return read_checked(path, self.pictures[face].png), str(path)
        except FaceSetError as error:
            raise FaceSetError(
                f"{path} is missing or has changed since it was fetched: {AGAIN}"
            ) from error

    def parsing(self, face: str) -> tuple[bytes, str] | None:
        """None: photographs have no part maps."""
        return None

    def attributes(self, faces: Sequence[str]) -> pd.DataFrame | None:
        """None: nobody knows the attributes of these faces."""
        return None

    def licence(self, face: str) -> str:
        """The licence of every photograph."""
        return LICENCE
