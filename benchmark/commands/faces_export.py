"""`avatarbench faces export`: write the pictures of a split, for designers."""

from __future__ import annotations

import shlex
from collections.abc import Collection
from pathlib import Path

from benchmark.faces.faceset import HELDOUT, FaceSet
from benchmark.faces.folder import SUFFIXES, is_hidden
from benchmark.faces.pictures import FaceSetError, open_picture
from benchmark.storage.store import atomic_write

SUFFIX_OF_FORMAT = {"PNG": ".png", "JPEG": ".jpg", "MPO": ".jpg", "WEBP": ".webp"}


def export_faces(
    faces: FaceSet, split_name: str, folder: Path, count: int | None
) -> None:
    """Write a split's pictures as `folder/ID.SUFFIX`, with their bytes unchanged.

    With `count`, the faces are those that a suite with this count uses. Raises
    FaceSetError if the folder has other pictures, or a picture has a format
    that folders of pictures do not have.
    """
    split = faces.split(split_name)
    split = split if count is None else split.subset(count)
    pictures: dict[str, bytes] = {}
    for face in split.ids:
        data, label = split.source.picture(face)
        suffix = SUFFIX_OF_FORMAT.get(open_picture(data, label).format or "")
        if suffix is None:
            raise FaceSetError(
                f"{label} cannot be exported: its format must be one of "
                f"{', '.join(SUFFIX_OF_FORMAT)}"
            )
        pictures[face + suffix] = data
    _check_no_others(folder, pictures.keys())
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in pictures.items():
        atomic_write(folder / name, data)
    print(f"{len(pictures)} pictures of {faces.name}, split {split_name}: {folder}")
    if split_name == HELDOUT:
        print(
            "These faces are held out: make ground truth of them, but do not choose "
            "methods or options by them."
        )
    place = shlex.quote(str(folder))
    print(
        "Next, make ground truth: avatarbench studio serve "
        f"--faces {place} --engine ENGINE\n"
        "Then add the exported CSV to a suite:\n"
        f"{_suite_section(faces.name, split_name, count)}"
    )


def _check_no_others(folder: Path, names: Collection[str]) -> None:
    """Other pictures would become faces of the studio."""
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        picture = path.suffix.lower() in SUFFIXES and not is_hidden(path)
        if picture and path.name not in names:
            raise FaceSetError(
                f"{folder} has another picture, {path.name}: choose an empty folder"
            )


def _suite_section(name: str, split: str, count: int | None) -> str:
    counted = "" if count is None else f"  {split}_count: {count}\n"
    scored = "" if split == "train" else f"\nsplits: [{split}]"
    return (
        f"faces:\n  set: {name}\n{counted}"
        "  truth:\n    ENGINE: {DESIGNER: ENGINE.DESIGNER.csv}\n"
        f"designers: [DESIGNER]{scored}"
    )
