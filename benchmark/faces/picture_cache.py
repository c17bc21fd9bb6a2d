"""Face sets whose pictures do not come with the package: they are made once and kept.

The package ships the SHA-256 of the pixels of each picture, and the ground truth.
`avatarbench faces fetch SET` downloads or draws the pictures into a folder:

    FACE.png         the pictures
    pictures.json    the digests of each picture
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmark.faces.faceset import TRAIN, FaceSet, TruthFiles, embedded_portraits
from benchmark.faces.pictures import FaceSetError
from benchmark.faces.split import FaceSplit
from benchmark.faces.truth_csv import read_checked
from benchmark.storage.digests import bytes_digest
from benchmark.storage.store import atomic_write
from benchmark.storage.unwritable import cannot_write
from benchmark.system.progress import Progress
from benchmark.weights.folders import cache_folder

if TYPE_CHECKING:
    import pandas as pd

INDEX = "pictures.json"

MakePictures = Callable[[Sequence[str]], Generator[NDArray[np.uint8], None, None]]
"""Downloads or draws the pictures of face ids, in order: (size, size, 3) uint8 RGB."""


@dataclass(frozen=True)
class CachedPicture:
    """A picture in the cache.

    Attributes:
        png: SHA-256 (hex) of its file.
        pixels: SHA-256 (hex) of its pixels.
        recorded: what the package had in place of `pixels` when it was made. If this
            changes, the set has changed.
    """

    png: str
    pixels: str
    recorded: str


@dataclass(frozen=True)
class FetchReport:
    """What `PictureCache.fill` did.

    Attributes:
        folder: where the pictures lie.
        added: pictures that were made now.
        present: pictures that were there already.
        different: faces whose picture is not the recorded one, bit by bit. Decoders and
            processors may differ by a step or two.
    """

    folder: Path
    added: int
    present: int
    different: tuple[str, ...]


@dataclass(frozen=True)
class PictureCache:
    """The pictures of one face set.

    Attributes:
        name: name of the face set, and of its folder in the cache.
        version: version of the face set.
        licence: licence of every picture.
        recorded: SHA-256 (hex) of the pixels by face id: uint8 RGB, row by row.
        how: what the command that fetches them does, for messages.
    """

    name: str
    version: str
    licence: str
    recorded: Mapping[str, str]
    how: str

    @property
    def folder(self) -> Path:
        """Where the pictures lie: in the folder of fetched weights.

        Raises WeightsError if there is no home directory.
        """
        return cache_folder() / self.name

    @property
    def command(self) -> str:
        """The command that fetches the pictures."""
        return f"avatarbench faces fetch {self.name}"

    def read_index(self) -> dict[str, CachedPicture]:
        """What the cache has, by face, in the order of `recorded`.

        Pictures of an earlier version of the set are left out. Raises FaceSetError if
        the index is damaged.
        """
        path = self.folder / INDEX
        if not path.is_file():
            return {}
        try:
            entries = json.loads(read_checked(path, None))
            known = {face: CachedPicture(**entry) for face, entry in entries.items()}
        except (ValueError, TypeError, AttributeError) as error:
            raise FaceSetError(
                f"{path} is damaged: delete it, and run `{self.command}` again"
            ) from error
        return {
            face: known[face]
            for face, pixels in self.recorded.items()
            if face in known and known[face].recorded == pixels
        }

    def fill(self, make: MakePictures, progress: Progress, task: str) -> FetchReport:
        """Make every picture that is not in the cache yet.

        An interrupted call keeps what it has made.

        Raises:
            FaceSetError: of `make`, and if the cache cannot be written.
        """
        folder, known = self.folder, self.read_index()
        kept = {face: entry for face, entry in known.items() if self._has(face, entry)}
        missing = [face for face in self.recorded if face not in kept]
        pictures = dict(kept)
        with progress.task(task, len(missing)) as steps, closing(make(missing)) as made:
            for face, pixels in zip(missing, made, strict=True):
                pictures[face] = self._keep(face, pixels)
                self._write_index(pictures)
                steps.advance()
        different = tuple(
            face
            for face, pixels in self.recorded.items()
            if pictures[face].pixels != pixels
        )
        return FetchReport(folder, len(missing), len(kept), different)

    def open_set(
        self, splits: Mapping[str, Sequence[str]], truths: TruthFiles
    ) -> FaceSet:
        """The fetched pictures in `splits` (face ids), and the embedded train faces.

        Methods train on the same faces as in suites with `set: portraits`, so they
        share their cached fits.

        Raises:
            FaceSetError: if pictures were not fetched.
        """
        known = self.read_index()
        if missing := [face for face in self.recorded if face not in known]:
            none = len(missing) == len(self.recorded)
            raise FaceSetError(
                f"the pictures of face set {self.name} are not "
                f"{'there' if none else 'whole'}: run `{self.command}`, {self.how}"
            )
        sources = {
            name: CachedFaces(self, {face: known[face] for face in faces})
            for name, faces in splits.items()
        }
        return FaceSet(
            name=self.name,
            version=self.version,
            licence=self.licence,
            stand_in=True,
            splits={
                TRAIN: embedded_portraits().split(TRAIN),
                **{name: FaceSplit(name, faces) for name, faces in sources.items()},
            },
            truths=truths,
        )

    def path(self, face: str) -> Path:
        """The file of a face's picture."""
        return self.folder / f"{face}.png"

    def _has(self, face: str, entry: CachedPicture) -> bool:
        path = self.path(face)
        return path.is_file() and bytes_digest(path.read_bytes()) == entry.png

    def _keep(self, face: str, pixels: NDArray[np.uint8]) -> CachedPicture:
        from PIL import Image

        encoded = io.BytesIO()
        Image.fromarray(pixels).save(encoded, "PNG")
        png = encoded.getvalue()
        self._write(self.path(face), png)
        digest = bytes_digest(pixels.tobytes())
        return CachedPicture(bytes_digest(png), digest, self.recorded[face])

    def _write_index(self, pictures: Mapping[str, CachedPicture]) -> None:
        entries = {face: vars(entry) for face, entry in sorted(pictures.items())}
        text = json.dumps(entries, indent=1) + "\n"
        self._write(self.folder / INDEX, text.encode())

    def _write(self, path: Path, data: bytes) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            atomic_write(path, data)
        except OSError as error:
            remedy = "set AVATARBENCH_CACHE to another folder"
            raise FaceSetError(
                f"{self.name}: {cannot_write(path.parent, error, remedy)}"
            ) from error


@dataclass(frozen=True)
class CachedFaces:
    """A `FaceSource` over pictures in the cache.

    Attributes:
        cache: of the face set.
        pictures: digests by face id, in the order of the split.
    """

    cache: PictureCache
    pictures: Mapping[str, CachedPicture]

    def ids(self) -> tuple[str, ...]:
        """The face ids, in the order of the split."""
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
        path = self.cache.path(face)
        try:
            return read_checked(path, self.pictures[face].png), str(path)
        except FaceSetError as error:
            raise FaceSetError(
                f"{path} is missing or has changed since it was fetched: run "
                f"`{self.cache.command}` again"
            ) from error

    def parsing(self, face: str) -> tuple[bytes, str] | None:
        """None: there are no part maps."""
        return None

    def attributes(self, faces: Sequence[str]) -> pd.DataFrame | None:
        """None: attributes are not known."""
        return None

    def licence(self, face: str) -> str:
        """The licence of every picture."""
        return self.cache.licence
