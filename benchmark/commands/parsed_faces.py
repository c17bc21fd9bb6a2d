"""What `--data` names: portraits with part maps to train on or to compare with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.faces.pictures import FaceSetError

if TYPE_CHECKING:
    from benchmark.faces.parsed import ParsedFaces

EMBEDDED = {"portraits": "train", "portraits-validation": "validation"}
"""Names of embedded portraits, and the splits that they stand for."""
CROWD_FILE = "crowd.json"


def open_parsed(path_or_name: str, size: int) -> ParsedFaces:
    """The faces of a crowd, of a CelebAMask-HQ folder, or of a name in `EMBEDDED`.

    Raises FaceSetError, in one sentence, for anything else and for a crowd of another
    size than `size` px.
    """
    from benchmark.faces.celebamask import is_celebamask, open_celebamask

    folder = Path(path_or_name)
    if path_or_name in EMBEDDED and not folder.exists():
        return _embedded(EMBEDDED[path_or_name], size)
    if (folder / CROWD_FILE).is_file():
        return _crowd(folder, size)
    if is_celebamask(folder):
        return open_celebamask(folder, size)
    found = "holds no faces with part maps" if folder.is_dir() else "is no folder"
    raise FaceSetError(
        f"{path_or_name} {found}: give a crowd (with {CROWD_FILE}, made by "
        "`avatarbench faces crowd`), a CelebAMask-HQ folder, or the name 'portraits' "
        "for the embedded train portraits"
    )


def _crowd(folder: Path, size: int) -> ParsedFaces:
    from benchmark.faces.portraits.training_set import open_crowd

    faces = open_crowd(folder)
    if faces.size != size:
        raise FaceSetError(
            f"{folder} was rendered at {faces.size} px, and {size} px are needed: "
            f"render another with `avatarbench faces crowd FOLDER --size {size}`"
        )
    return faces


def _embedded(name: str, size: int) -> ParsedFaces:
    from benchmark.faces.faceset import embedded_portraits
    from benchmark.faces.parsed import ParsedArrays

    faces = embedded_portraits()
    split = faces.split(name)
    parsing = split.parsing(size)
    if parsing is None:
        raise FaceSetError(f"face set {faces.name} has no part maps: fetch it anew")
    return ParsedArrays(
        f"{faces.name} ({name})",
        split.pictures(size),
        parsing,
        faces.licence,
        faces.stand_in,
    )
