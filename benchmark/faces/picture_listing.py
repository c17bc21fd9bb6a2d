"""The pictures directly in a folder, by face id."""

from __future__ import annotations

import os
from pathlib import Path

from benchmark.faces.ffhq import is_ffhq
from benchmark.faces.folder import SUFFIXES, is_hidden, looks_like_picture, normal_id
from benchmark.faces.pictures import FaceSetError
from benchmark.faces.problems import report


def list_pictures(folder: Path, problems: list[str] | None = None) -> dict[str, Path]:
    """Picture files directly in `folder` by id (file name without suffix), sorted.

    Ids are in Unicode's form NFC. Pictures of other formats and dangling symbolic links
    are listed too; `read_picture` refuses them. Other files are ignored.

    Args:
        folder: the folder.
        problems: if given, names that cannot be used are added to it. The result has
            the other pictures and, of two with one id, the first.

    Raises:
        FaceSetError: if the folder is missing or has no picture that can be used;
            without `problems`, also if two pictures have the same id or a file name is
            not UTF-8.
    """
    files: dict[str, Path] = {}
    found: list[str] = []
    for path in list_picture_files(folder, found):
        face = normal_id(path.stem)
        first = files.setdefault(face, path)
        if first is not path:
            same = normal_id(path.name) == normal_id(first.name)
            hint = " (their names differ only in Unicode's normal form)" if same else ""
            found.append(
                f"{folder}: {first.name} and {path.name} are both face {face}{hint}; "
                "keep one"
            )
    report(found, problems)
    return files


def list_picture_files(folder: Path, problems: list[str]) -> list[Path]:
    """As `list_pictures`, but with all pictures, also those of one id."""
    if not folder.is_dir():
        raise FaceSetError(f"{folder} is no folder of pictures")
    files: list[Path] = []
    for path in sorted(folder.iterdir()):
        if not looks_like_picture(path) or path.is_dir():
            continue
        if _is_utf8(path.name):
            files.append(path)
        else:
            name = os.fsencode(path.name).decode("utf-8", "backslashreplace")
            sentence = f"{folder} has a file whose name is not UTF-8: rename {name}"
            problems.append(sentence)
    if not files:
        report(problems, None)
        raise FaceSetError(
            f"{folder} has no pictures ({', '.join(SUFFIXES)}){_elsewhere(folder)}"
        )
    return files


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _elsewhere(folder: Path) -> str:
    """What to do if the pictures are in subfolders; else nothing."""
    if is_ffhq(folder):
        return (
            ", but it is an FFHQ tree: use the key `ffhq` of suites or the option "
            "--ffhq of the studio"
        )
    for inner in sorted(path for path in folder.iterdir() if path.is_dir()):
        if not is_hidden(inner) and any(map(looks_like_picture, inner.iterdir())):
            return f", but its subfolder {inner.name} has some: give that folder"
    return ""
