"""Sealed truth files: a CSV that people made, and the JSON that vouches for it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.avatars import AvatarVectors
from benchmark.faces.pictures import FaceSetError
from benchmark.faces.truth_csv import TruthFile, read_checked, same_face, truth_bytes

FORMAT = "avatarbench truth seal 1"
SUFFIX = ".seal.json"
TEXTS = (("truth", "file"), ("truth", "sha256"), ("engine", "name"), ("engine", "spec"))
"""Where a seal must hold text; beside these, `picture` of each of its faces."""


@dataclass(frozen=True)
class FaceWork:
    """How one face's truth came about.

    `picture` is the SHA-256 (hex) of the picture file that the designer looked at,
    `engine_version` the version that drew the avatar, `finished_at` a UTC ISO time.
    """

    picture: str
    engine_version: str
    finished_at: str


def seal_path(truth: Path) -> Path:
    """Where the seal of a truth file lies: beside it, `.seal.json` for `.csv`."""
    return truth.with_suffix(SUFFIX)


def sealed_files(
    vectors: AvatarVectors,
    engine: str,
    designer: str,
    works: Mapping[str, FaceWork],
) -> dict[str, bytes]:
    """ENGINE.DESIGNER.csv over the faces of `works` (a vector each), and its seal.

    The same work gives the same bytes. Raises FaceSetError where there is not one
    vector a face.
    """
    name = Path(f"{engine}.{designer}.csv")
    truth = truth_bytes(tuple(works), vectors)
    seal = {
        "format": FORMAT,
        "truth": {"file": name.name, "sha256": hashlib.sha256(truth).hexdigest()},
        "designer": designer,
        "engine": {"name": engine, "spec": vectors.spec.digest},
        "faces": {face: vars(work) for face, work in works.items()},
    }
    text = json.dumps(seal, indent=2, ensure_ascii=False) + "\n"
    return {name.name: truth, seal_path(name).name: text.encode()}


def sealed_truth(path: Path, face_id: Callable[[str], str] = same_face) -> TruthFile:
    """A truth file, held against its seal where one lies beside it.

    Raises FaceSetError where that seal is damaged, or belongs to another file.
    """
    place = seal_path(path)
    if not place.is_file():
        return TruthFile(path, face_id=face_id)
    seal = _read_seal(place)
    if seal["truth"]["file"] != path.name:
        raise FaceSetError(
            f"{place} seals {seal['truth']['file']}, not {path.name}: export both "
            "again, and keep their names"
        )
    return TruthFile(
        path,
        sha256=seal["truth"]["sha256"],
        face_id=face_id,
        made_on=(seal["engine"]["name"], seal["engine"]["spec"]),
        seen={face: work["picture"] for face, work in seal["faces"].items()},
    )


def check_seen(truth: TruthFile, files: Mapping[str, Path]) -> None:
    """Refuse a picture that is not the one that the truth was made for.

    `files` are the face set's pictures by id. Faces without a picture are left to
    whoever asks for them. Raises FaceSetError naming the first picture that changed.
    """
    for face, sha256 in truth.seen.items():
        if face not in files:
            continue
        found = hashlib.sha256(read_checked(files[face], None)).hexdigest()
        if found != sha256:
            raise FaceSetError(
                f"{files[face]} is not the picture that {truth.path} was made for "
                "(SHA-256 differs): restore the picture, or have the truth made anew"
            )


def _read_seal(path: Path) -> dict[str, Any]:
    try:
        seal = json.loads(read_checked(path, None))
    except ValueError as error:
        raise FaceSetError(f"{path} is no JSON: {error}; export it again") from error
    if not isinstance(seal, dict) or seal.get("format") != FORMAT:
        raise FaceSetError(
            f"{path} is no seal of this version ({FORMAT}): export the truth again"
        )
    faces = seal.get("faces")
    works = list(faces.values()) if isinstance(faces, dict) else [None]
    texts = [_dig(seal, keys) for keys in TEXTS]
    texts += [_dig(work, ("picture",)) for work in works]
    if not all(isinstance(text, str) for text in texts):
        raise FaceSetError(
            f"{path} lacks or garbles an entry: export the truth and its seal again"
        )
    return seal


def _dig(data: Any, keys: tuple[str, ...]) -> Any:
    """The value under nested keys; None where a level is missing."""
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data
