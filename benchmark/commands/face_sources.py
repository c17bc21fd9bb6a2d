"""The face set that an argument of `avatarbench faces` names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from benchmark.avatars.spec import did_you_mean
from benchmark.config.resolve_faces import SETS
from benchmark.faces.faceset import FaceSet, FaceSetError, open_parquet_set
from benchmark.faces.ffhq import is_ffhq
from benchmark.faces.framing_checks import unaligned_splits
from benchmark.faces.parquet_set import MANIFEST
from benchmark.faces.picture_checks import check_splits
from benchmark.faces.picture_sets import open_ffhq, open_folder
from benchmark.system.console import open_progress
from benchmark.system.home_paths import expand_home


def open_source(name: str) -> tuple[FaceSet, Mapping[str, str]]:
    """A face set, and the key and value that name it in the section `faces` of suites.

    It is a set with a name, a folder with a manifest, an FFHQ tree or a folder of
    pictures. Every picture of a tree or folder is checked; the same picture under two
    names is a printed warning.

    Raises:
        FaceSetError: for anything else, and with every picture that cannot be used.
    """
    if name in SETS:
        return _open_named(name), {"set": name}
    folder = Path(expand_home(name))
    place = str(folder.resolve())
    if (folder / MANIFEST).is_file():
        return open_parquet_set(folder), {"packed": place}
    if not folder.is_dir():
        raise FaceSetError(
            f"{name} is neither a folder nor a face set{did_you_mean(name, SETS)}; the "
            f"face sets are {', '.join(SETS)}"
        )
    tree = is_ffhq(folder)
    found: list[str] = []
    if tree:
        faces = open_ffhq(folder, {}, problems=found)
    else:
        faces = open_folder(folder, {}, problems=found)
    if not faces.splits and not found:
        raise FaceSetError(
            f"{name} has only FFHQ's validation pictures (60000-69999): they are in no "
            "split until a suite lists them in `splits` or has ground truth of them"
        )
    problems, warnings = check_splits(faces.splits, open_progress())
    if found or problems:
        raise FaceSetError("\n".join([*found, *problems]))
    for sentence in [*warnings, *unaligned_splits(faces.splits)]:
        print(f"warning: {sentence}")
    return faces, {"ffhq" if tree else "folder": place}


def _open_named(name: str) -> FaceSet:
    """Open a set by its name; if that fails, say how to give a folder of that name."""
    try:
        return SETS[name]()
    except FaceSetError as error:
        if not Path(name).is_dir():
            raise
        raise FaceSetError(f"{error}; for the folder {name}, give ./{name}") from error
