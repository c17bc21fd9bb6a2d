"""Plain picture files as the faces of a split."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.faces.pictures import FaceSetError
from benchmark.faces.truth_csv import read_checked

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


@dataclass(frozen=True)
class FileFaces:
    """Faces in files of their own, by id.

    `by_content` digests the files' bytes; without it, ids and file sizes stand for
    them, which is what a set of tens of gigabytes can afford.
    """

    files: Mapping[str, Path]
    licences: Mapping[str, str] = field(default_factory=dict)
    licence_otherwise: str = "not stated"
    by_content: bool = True

    def ids(self) -> tuple[str, ...]:
        """The face ids, sorted when the files were listed."""
        return tuple(self.files)

    def digest(self) -> str:
        """SHA-256 (hex) over ids and file contents (or sizes)."""
        return self._digest

    @cached_property
    def _digest(self) -> str:
        total = hashlib.sha256()
        for face, path in self.files.items():
            total.update(f"{face}\0{self._mark(path)}\n".encode())
        return total.hexdigest()

    def _mark(self, path: Path) -> str:
        if self.by_content:
            return hashlib.sha256(read_checked(path, None)).hexdigest()
        return str(path.stat().st_size)

    def picture(self, face: str) -> tuple[bytes, str]:
        """The file's bytes and its path."""
        path = self.files[face]
        return read_checked(path, None), str(path)

    def parsing(self, face: str) -> tuple[bytes, str] | None:
        """None: plain pictures have no parsing maps."""
        return None

    def attributes(self, faces: Sequence[str]) -> pd.DataFrame | None:
        """None: plain pictures have no attributes."""
        return None

    def licence(self, face: str) -> str:
        """The face's licence where one was given, else the set's."""
        return self.licences.get(face, self.licence_otherwise)


def list_pictures(folder: Path) -> dict[str, Path]:
    """Picture files right under `folder` by id (the name without suffix), sorted.

    Raises FaceSetError where the folder is missing or empty, or two files have an id.
    """
    if not folder.is_dir():
        raise FaceSetError(f"{folder} is no folder of pictures")
    files: dict[str, Path] = {}
    for path in _pictures(folder):
        if path.stem in files:
            raise FaceSetError(
                f"{folder}: {files[path.stem].name} and {path.name} are both face "
                f"{path.stem}; keep one"
            )
        files[path.stem] = path
    if not files:
        raise FaceSetError(f"{folder} holds no picture ({', '.join(SUFFIXES)})")
    return files


def _pictures(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        hidden = path.name.startswith(".")
        if path.suffix.lower() in SUFFIXES and path.is_file() and not hidden:
            yield path


def choose(
    files: Mapping[str, Path], faces: Sequence[str], wanted_by: str
) -> dict[str, Path]:
    """The files of `faces`, in their order; FaceSetError for missing or double ones."""
    chosen: dict[str, Path] = {}
    for face in faces:
        if face not in files:
            raise FaceSetError(f"{wanted_by} names face {face}, which has no picture")
        if face in chosen:
            raise FaceSetError(f"{wanted_by} names face {face} twice")
        chosen[face] = files[face]
    return chosen


def listed_ids(faces: Sequence[str] | Path) -> tuple[str, ...]:
    """Ids as given, or those of a text file with one id a line."""
    if not isinstance(faces, Path):
        return tuple(faces)
    lines = read_checked(faces, None).decode("utf-8-sig").splitlines()
    return tuple(line.strip() for line in lines if line.strip())


def check_disjoint(members: Mapping[str, Sequence[str]]) -> None:
    """Refuse a face that is in two splits: a method would train on its test."""
    seen: dict[str, str] = {}
    for split, faces in members.items():
        for face in faces:
            if seen.setdefault(face, split) != split:
                raise FaceSetError(
                    f"face {face} is in split {seen[face]} and in split {split}"
                )
