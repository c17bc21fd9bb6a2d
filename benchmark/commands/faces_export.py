"""`avatarbench faces export`: write the pictures of a split, for designers."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, get_args

import yaml

from benchmark.config.schema import Split
from benchmark.faces.faceset import HELDOUT, TRAIN, FaceSet
from benchmark.faces.folder import looks_like_picture
from benchmark.faces.pictures import FaceSetError, open_picture
from benchmark.storage.store import atomic_write

SUFFIX_OF_FORMAT = {"PNG": ".png", "JPEG": ".jpg", "MPO": ".jpg", "WEBP": ".webp"}


def export_faces(
    faces: FaceSet,
    split_name: str,
    folder: Path,
    count: int | None,
    source: Mapping[str, str],
) -> None:
    """Write a split's pictures as `folder/ID.SUFFIX`, with their bytes unchanged.

    Args:
        faces: the face set.
        split_name: the split.
        folder: the folder to write.
        count: export only the faces that a suite with this count uses.
        source: the key and value that name the face set in suites, such as `set` and
            `portraits`; printed as part of a suite.

    Raises:
        FaceSetError: if the folder has other pictures, or a picture has a format that
            folders of pictures do not have.
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
    check_no_others(folder, pictures.keys())
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
        f"--faces {place} --engine ENGINE"
    )
    print_section(source, split_name, count)


def print_section(source: Mapping[str, str], split: str, count: int | None) -> None:
    """Print the part of a suite that uses the faces of a split."""
    packed = "packed" in source
    if packed and split not in (TRAIN, *get_args(Split)):
        print(
            f"Suites cannot use the split {split}: they score "
            f"{' and '.join(get_args(Split))}, and train on {TRAIN}."
        )
        return
    if split == TRAIN and ("set" in source or packed):
        print(
            "Only the upper bounds use ground truth of train faces. Suites score other "
            "faces: make ground truth of those too, and put all rows into one CSV."
        )
    print(
        f"Then add the exported CSV to a suite:\n{_suite_section(source, split, count)}"
    )


def check_no_others(folder: Path, names: Collection[str]) -> None:
    """Raise FaceSetError for other pictures: they would become faces of the studio."""
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        if looks_like_picture(path) and path.name not in names:
            raise FaceSetError(
                f"{folder} has another picture, {path.name}: choose an empty folder"
            )


def _suite_section(source: Mapping[str, str], split: str, count: int | None) -> str:
    """The part of a suite that uses the exported faces, as YAML.

    In folders of pictures, the faces with ground truth are the held-out ones.
    """
    own_splits = "set" in source or "packed" in source
    faces: dict[str, Any] = dict(source)
    if own_splits and count is not None:
        faces[f"{split}_count"] = count
    faces["truth"] = {"ENGINE": {"DESIGNER": "ENGINE.DESIGNER.csv"}}
    section: dict[str, Any] = {"faces": faces, "designers": ["DESIGNER"]}
    if split != TRAIN:
        section["splits"] = [split]
    elif not own_splits:
        section["splits"] = [HELDOUT]
    return yaml.safe_dump(
        section,
        sort_keys=False,
        default_flow_style=None,
        width=1000,
        allow_unicode=True,
    ).rstrip()
