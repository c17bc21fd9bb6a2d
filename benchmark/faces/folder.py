"""Face sources over plain picture files."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.faces.pictures import FaceSetError
from benchmark.faces.truth_csv import read_checked
from benchmark.storage.digests import bytes_digest

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


@dataclass(frozen=True)
class FileFaces:
    """A `FaceSource` with one picture file per face.

    Attributes:
        files: picture files by face id.
        licences: licences by face id.
        default_licence: licence of faces that are not in `licences`.
        by_content: whether the digest covers the files' bytes; otherwise it covers ids
            and file sizes, which is fast enough for tens of gigabytes.
    """

    files: Mapping[str, Path]
    licences: Mapping[str, str] = field(default_factory=dict)
    default_licence: str = "not stated"
    by_content: bool = True

    def ids(self) -> tuple[str, ...]:
        """The face ids, in the order of `files`."""
        return tuple(self.files)

    def digest(self) -> str:
        """SHA-256 (hex) over ids and file contents (or sizes)."""
        return self._digest

    @cached_property
    def _digest(self) -> str:
        lines = (f"{f}\0{self._fingerprint(p)}\n" for f, p in self.files.items())
        return bytes_digest("".join(lines).encode())

    def _fingerprint(self, path: Path) -> str:
        if self.by_content:
            return bytes_digest(read_checked(path, None))
        return str(path.stat().st_size)

    def picture(self, face: str) -> tuple[bytes, str]:
        """The file's bytes, and its path as name for error messages."""
        path = self.files[face]
        return read_checked(path, None), str(path)

    def parsing(self, face: str) -> tuple[bytes, str] | None:
        """None: plain pictures have no part maps."""
        return None

    def attributes(self, faces: Sequence[str]) -> pd.DataFrame | None:
        """None: plain pictures have no attributes."""
        return None

    def licence(self, face: str) -> str:
        """The face's own licence if it has one, else the default."""
        return self.licences.get(face, self.default_licence)


def list_pictures(folder: Path) -> dict[str, Path]:
    """Picture files directly in `folder` by id (file name without suffix), sorted.

    Ids are in Unicode's form NFC. Raises FaceSetError if the folder is missing, has no
    picture, has two pictures with the same id, or a file name is not UTF-8.
    """
    if not folder.is_dir():
        raise FaceSetError(f"{folder} is no folder of pictures")
    files: dict[str, Path] = {}
    for path in _pictures(folder):
        face = _file_id(path)
        if face in files:
            same = normal_id(path.name) == normal_id(files[face].name)
            hint = " (their names differ only in Unicode's normal form)" if same else ""
            raise FaceSetError(
                f"{folder}: {files[face].name} and {path.name} are both face "
                f"{face}{hint}; keep one"
            )
        files[face] = path
    if not files:
        raise FaceSetError(f"{folder} has no pictures ({', '.join(SUFFIXES)})")
    return files


def is_hidden(path: Path) -> bool:
    """Whether a file is hidden, such as `._a.png`, which macOS adds on other disks."""
    return path.name.startswith(".")


def normal_id(face: str) -> str:
    """The face id in Unicode's form NFC; file systems keep names in NFC or NFD."""
    return unicodedata.normalize("NFC", face)


def _file_id(path: Path) -> str:
    try:
        path.name.encode()
    except UnicodeEncodeError:
        name = os.fsencode(path.name).decode("utf-8", "backslashreplace")
        raise FaceSetError(
            f"{path.parent} has a file whose name is not UTF-8: rename {name}"
        ) from None
    return normal_id(path.stem)


def _pictures(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in SUFFIXES and path.is_file() and not is_hidden(path):
            yield path


def select_files(
    files: Mapping[str, Path], faces: Sequence[str], wanted_by: str
) -> dict[str, Path]:
    """The files of `faces`, in their order.

    `wanted_by` names the list of faces in messages. Raises FaceSetError for faces
    without a picture and for faces that are listed twice.
    """
    chosen: dict[str, Path] = {}
    for face in faces:
        if face not in files:
            raise FaceSetError(f"{wanted_by} names face {face}, which has no picture")
        if face in chosen:
            raise FaceSetError(f"{wanted_by} names face {face} twice")
        chosen[face] = files[face]
    return chosen


def listed_ids(faces: Sequence[str] | Path) -> tuple[str, ...]:
    """Face ids in form NFC, as given or read from a text file with one id per line.

    Raises FaceSetError if the file cannot be read or is not UTF-8.
    """
    if not isinstance(faces, Path):
        return tuple(normal_id(face) for face in faces)
    try:
        lines = read_checked(faces, None).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise FaceSetError(
            f"{faces} is not UTF-8 text (byte {error.start}): save it as UTF-8, with "
            "one face id per line"
        ) from error
    return tuple(normal_id(line.strip()) for line in lines if line.strip())


def check_disjoint(members: Mapping[str, Sequence[str]]) -> None:
    """Raise FaceSetError for a face in two splits: it would leak from train to test."""
    seen: dict[str, str] = {}
    for split, faces in members.items():
        for face in faces:
            if seen.setdefault(face, split) != split:
                raise FaceSetError(
                    f"face {face} is in split {seen[face]} and in split {split}"
                )
