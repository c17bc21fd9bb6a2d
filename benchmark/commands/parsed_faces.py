"""Open the faces with part maps that the options `DATA` and `--data` name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.faces.pictures import FaceSetError

if TYPE_CHECKING:
    from benchmark.faces.parsed import ParsedFaces

EMBEDDED = {"portraits": "train", "portraits-validation": "validation"}
"""Names of the embedded portraits, and the split that each stands for."""
CROWD_FILE = "crowd.json"


def open_parsed(path_or_name: str, size: int) -> ParsedFaces:
    """Open a folder of `faces crowd`, a CelebAMask-HQ folder, or a name in `EMBEDDED`.

    Raises FaceSetError for anything else, and for a crowd whose size is not `size` px.
    """
    from benchmark.faces.celebamask import is_celebamask, open_celebamask

    folder = Path(path_or_name)
    if path_or_name in EMBEDDED and not folder.exists():
        return _open_embedded(EMBEDDED[path_or_name], size)
    if (folder / CROWD_FILE).is_file():
        return _open_crowd(folder, size)
    if is_celebamask(folder):
        return open_celebamask(folder, size)
    problem = "holds no faces with part maps" if folder.is_dir() else "is no folder"
    raise FaceSetError(
        f"{path_or_name} {problem}: give a crowd (with {CROWD_FILE}, made by "
        "`avatarbench faces crowd`), a CelebAMask-HQ folder, or the name 'portraits' "
        "for the embedded train portraits"
    )


def _open_crowd(folder: Path, size: int) -> ParsedFaces:
    from benchmark.faces.portraits.training_set import open_training_set

    faces = open_training_set(folder)
    if faces.size != size:
        raise FaceSetError(
            f"{folder} was rendered at {faces.size} px, but {size} px are needed: "
            f"render another one with `avatarbench faces crowd FOLDER --size {size}`"
        )
    return faces


def _open_embedded(name: str, size: int) -> ParsedFaces:
    from benchmark.faces.faceset import embedded_portraits
    from benchmark.faces.parsed import ParsedArrays

    faces = embedded_portraits()
    split = faces.split(name)
    parsing = split.parsing(size)
    if parsing is None:
        raise FaceSetError(f"face set {faces.name} has no part maps: fetch it again")
    return ParsedArrays(
        f"{faces.name} ({name})",
        split.pictures(size),
        parsing,
        faces.licence,
        faces.stand_in,
    )
