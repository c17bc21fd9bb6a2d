"""Face sources over plain picture files, and lists of their ids."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.faces.pictures import FaceSetError
from benchmark.faces.problems import and_more, report
from benchmark.faces.truth_csv import read_checked
from benchmark.storage.digests import bytes_digest

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
"""Endings of picture files that are read."""
OTHER_SUFFIXES = (
    *(".apng", ".avif", ".bmp", ".dng", ".gif", ".heic", ".heif", ".jfif", ".jp2"),
    *(".jpe", ".jxl", ".pgm", ".ppm", ".psd", ".tga", ".tif", ".tiff"),
)
"""Endings of picture files that are refused, not ignored."""


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
            return bytes_digest(read_picture(path))
        check_picture_file(path)
        return str(path.stat().st_size)

    def picture(self, face: str) -> tuple[bytes, str]:
        """The file's bytes, and its path as name for error messages."""
        path = self.files[face]
        return read_picture(path), str(path)

    def parsing(self, face: str) -> tuple[bytes, str] | None:
        """None: plain pictures have no part maps."""
        return None

    def attributes(self, faces: Sequence[str]) -> pd.DataFrame | None:
        """None: plain pictures have no attributes."""
        return None

    def licence(self, face: str) -> str:
        """The face's own licence if it has one, else the default."""
        return self.licences.get(face, self.default_licence)


def looks_like_picture(path: Path) -> bool:
    """Whether a file's ending is that of a picture, and the file is not hidden."""
    return path.suffix.lower() in SUFFIXES + OTHER_SUFFIXES and not is_hidden(path)


def check_picture_file(path: Path) -> None:
    """Raise FaceSetError for an ending not in `SUFFIXES`, or a dangling symlink."""
    if path.suffix.lower() not in SUFFIXES:
        raise FaceSetError(
            f"{path} is a {path.suffix[1:].upper()} file: faces must be PNG, JPEG or "
            "WebP files, so convert it and remove the original"
        )
    if path.is_symlink() and not path.exists():
        raise FaceSetError(
            f"{path} is a symbolic link to {path.readlink()}, which does not exist: "
            "restore that file, or remove the link"
        )


def read_picture(path: Path) -> bytes:
    """The bytes of a picture file.

    Raises FaceSetError as `check_picture_file`, and if the file cannot be read.
    """
    check_picture_file(path)
    return read_checked(path, None)


def is_hidden(path: Path) -> bool:
    """Whether a file is hidden, such as `._a.png`, which macOS adds on other disks."""
    return path.name.startswith(".")


def normal_id(face: str) -> str:
    """The face id in Unicode's form NFC; file systems keep names in NFC or NFD."""
    return unicodedata.normalize("NFC", face)


def select_files(
    files: Mapping[str, Path],
    faces: Sequence[str],
    wanted_by: str,
    problems: list[str] | None = None,
) -> dict[str, Path]:
    """The files of `faces`, in their order.

    Args:
        files: picture files by face id.
        faces: the ids.
        wanted_by: names the list of ids in messages.
        problems: if given, problems are added to it and the result has the other faces.

    Raises:
        FaceSetError: without `problems`, for faces without a picture and for faces that
            are listed twice.
    """
    missing = [face for face in faces if face not in files]
    with_ending = [face for face in missing if Path(face).stem in files]
    unknown = [face for face in missing if face not in with_ending]
    found: list[str] = []
    if with_ending:
        lack = _without_pictures(wanted_by, with_ending)
        found.append(
            f"{lack}: write {and_more([Path(face).stem for face in with_ending])}, "
            "since ids have no ending"
        )
    if unknown:
        remedy = "picture, or remove the id"
        if len(unknown) > 1:
            remedy = "pictures, or remove the ids"
        found.append(f"{_without_pictures(wanted_by, unknown)}: add the {remedy}")
    if twice := [face for face, count in Counter(faces).items() if count > 1]:
        found.append(f"{wanted_by} names face {and_more(twice)} twice: keep one line")
    report(found, problems)
    return {face: files[face] for face in faces if face in files}


def _without_pictures(wanted_by: str, faces: Sequence[str]) -> str:
    have = "has no picture" if len(faces) == 1 else "have no pictures"
    return f"{wanted_by} names face {and_more(faces)}, which {have}"


def listed_ids(
    faces: Sequence[str] | Path,
    face_id: Callable[[str], str] = normal_id,
    listed_by: str = "the list",
) -> tuple[str, ...]:
    """Face ids, as given or read from a text file with one id per line.

    Args:
        faces: the ids or the file.
        face_id: converts an id to that of the face set; ValueError refuses it.
        listed_by: names a list that is not a file in messages.

    Raises:
        FaceSetError: if the file cannot be read or is not UTF-8, or an id is refused.
    """
    if isinstance(faces, Path):
        listed_by, lines = str(faces), _lines(faces)
    else:
        lines = faces
    try:
        return tuple(face_id(line) for line in lines)
    except ValueError as error:
        raise FaceSetError(f"{listed_by}: {error}") from error


def _lines(path: Path) -> list[str]:
    """The lines of a text file that are not blank, without spaces around them."""
    try:
        lines = read_checked(path, None).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise FaceSetError(
            f"{path} is not UTF-8 text (byte {error.start}): save it as UTF-8, with "
            "one face id per line"
        ) from error
    return [line.strip() for line in lines if line.strip()]


def overlaps(members: Mapping[str, Sequence[str]]) -> list[str]:
    """One sentence for each pair of splits with a common face.

    Such a face would leak from train to test.
    """
    return [
        f"face {and_more(common)} {'is' if len(common) == 1 else 'are'} in split {one} "
        f"and in split {other}: keep each face in one split"
        for one, other in combinations(members, 2)
        if (common := sorted(set(members[one]) & set(members[other])))
    ]
