"""Read FFHQ folders: nested or flat, full pictures or thumbnails."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmark.faces.folder import FileFaces, looks_like_picture
from benchmark.faces.pictures import FaceSetError
from benchmark.faces.problems import collected, report
from benchmark.faces.truth_csv import read_checked

TRAIN_COUNT = 60_000
"""Indices below this are FFHQ's training category; the last 10,000 are validation."""

PICTURE_FOLDERS = ("images1024x1024", "thumbnails128x128")
METADATA = "ffhq-dataset-v2.json"
LICENCE = (
    "Each picture under its own Flickr licence (CC BY, CC BY-NC, public domain, CC0 or "
    "US Government Works), kept by ffhq-dataset-v2.json; metadata CC BY-NC-SA 4.0"
)
UNKNOWN = f"not known: {METADATA} was not beside the pictures"
NO_ENTRY = f"not known: {METADATA} has no entry for this picture"
_THOUSAND = re.compile(r"[0-6]\d000")
"""The name of a subfolder of 1,000 pictures."""
LICENCE_KEYS = ("license", "license_url", "author", "photo_url")


def face_id(text: str) -> str:
    """Format an FFHQ index as five digits; ValueError for anything but 0-69999."""
    digits = text.removesuffix(".png")
    if not digits.isascii() or not digits.isdigit() or int(digits) > 69_999:
        raise ValueError(f"{text!r} is not an FFHQ index (00000-69999)")
    return f"{int(digits):05d}"


def is_ffhq(root: Path) -> bool:
    """Whether a folder is FFHQ's, or has subfolders of 1,000 pictures as FFHQ has."""
    if (root / METADATA).is_file():
        return True
    if any((root / name).is_dir() for name in PICTURE_FOLDERS):
        return True
    return any(_THOUSAND.fullmatch(p.name) and p.is_dir() for p in root.iterdir())


def list_ffhq(root: Path, problems: list[str] | None = None) -> dict[str, Path]:
    """Picture files by five-digit id, sorted.

    `root` is the dataset's folder (1024 px pictures are preferred to thumbnails) or a
    folder of pictures. Both may be flat or have subfolders of 1,000 pictures. An index
    that occurs twice is added to `problems`, if given, and its first file is used.
    Raises FaceSetError if there are no pictures; without `problems`, also if an index
    occurs twice.
    """
    if not root.is_dir():
        raise FaceSetError(f"{root} is not a folder")
    folders = [root / name for name in PICTURE_FOLDERS if (root / name).is_dir()]
    files: dict[str, Path] = {}
    found: list[str] = []
    for path in _pictures(folders[0] if folders else root):
        face = face_id(path.stem)
        first = files.setdefault(face, path)
        if first is not path:
            found.append(f"{first} and {path} are both face {face}; keep one")
    report(found, problems)
    if not files:
        raise FaceSetError(
            f"{root} has no FFHQ pictures: expected "
            f"{PICTURE_FOLDERS[0]}/00000/00000.png or 00000.png in it"
        )
    return dict(sorted(files.items()))


def _pictures(folder: Path) -> Iterator[Path]:
    """Pictures named by an index, in the folder or its subfolders of 1,000."""
    for path in sorted(folder.iterdir()):
        if path.is_dir() and _is_index(path.name):
            yield from _pictures(path)
        elif looks_like_picture(path) and _is_index(path.stem):
            yield path


def _is_index(name: str) -> bool:
    return name.isascii() and name.isdigit() and int(name) <= 69_999


@dataclass(frozen=True)
class FlickrLicences(Mapping[str, str]):
    """Licence and attribution by face id, read from the metadata on first use.

    Raises FaceSetError if the metadata cannot be read or an entry is malformed.
    """

    path: Path

    @cached_property
    def _entries(self) -> dict[str, dict[str, Any]]:
        try:
            entries = json.loads(read_checked(self.path, None))
        except UnicodeDecodeError as error:
            raise FaceSetError(
                f"{self.path} is not UTF-8 text: download it again"
            ) from error
        except (ValueError, RecursionError) as error:
            raise FaceSetError(
                f"{self.path} is not valid JSON: {error}; download it again"
            ) from error
        if not isinstance(entries, dict):
            raise FaceSetError(
                f"{self.path} must hold one object with an entry for each index, as "
                "FFHQ's metadata does: download it again"
            )
        found: dict[str, dict[str, Any]] = {}
        for index, entry in entries.items():
            face = self._index(index)
            if face in found:
                raise FaceSetError(
                    f"{self.path} has two entries for picture {int(face)}: download "
                    "it again"
                )
            found[face] = entry
        return found

    def _index(self, text: str) -> str:
        try:
            return face_id(text)
        except ValueError as error:
            raise FaceSetError(f"{self.path}: {error}") from error

    def __getitem__(self, face: str) -> str:
        entry = self._entries[face]
        data = entry.get("metadata") if isinstance(entry, dict) else None
        missing = [
            k for k in LICENCE_KEYS if not isinstance(data, dict) or k not in data
        ]
        if not isinstance(data, dict) or missing:
            raise FaceSetError(
                f"{self.path}: entry {int(face)} has no metadata.{missing[0]}: "
                "download the file again"
            )
        licence, url, author, photo = (data[key] for key in LICENCE_KEYS)
        return f"{licence} ({url}), by {author}, {photo}"

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


def metadata_problems(root: Path, faces: Iterable[str]) -> list[str]:
    """What is wrong with the metadata of FFHQ, and with its entries of `faces`.

    Empty if the folder has no metadata. The metadata are large, so they are not kept.
    """
    path = _metadata(root)
    if path is None:
        return []
    licences = FlickrLicences(path)
    found: list[str] = []
    with collected(found):
        len(licences)  # reads the file
        for face in faces:
            with collected(found):
                licences.get(face)
    return found


def ffhq_faces(root: Path, files: Mapping[str, Path], by_content: bool) -> FileFaces:
    """A face source over FFHQ files; with the metadata, each face has its licence."""
    path = _metadata(root)
    if path is None:
        return FileFaces(files, default_licence=UNKNOWN, by_content=by_content)
    return FileFaces(files, FlickrLicences(path), NO_ENTRY, by_content)


def _metadata(root: Path) -> Path | None:
    """The metadata in the folder or beside it, if they are there."""
    paths = (folder / METADATA for folder in (root, root.resolve().parent))
    return next((path for path in paths if path.is_file()), None)
