"""Sealed truth files: a CSV that people made, and a JSON with the digests it needs.

The seal of `NAME.csv` is `NAME.seal.json`. It records the CSV's digest, the engine's
spec and the pictures that the designer saw, so that a change in any of them is noticed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unicodedata import normalize

from benchmark.avatars import AvatarVectors
from benchmark.faces.pictures import FaceSetError
from benchmark.faces.truth_csv import TruthFile, read_checked, truth_bytes, unchanged_id
from benchmark.storage.digests import bytes_digest

FORMAT = "avatarbench truth seal 1"
SUFFIX = ".seal.json"
REQUIRED_TEXTS = (
    ("truth", "file"),
    ("truth", "sha256"),
    ("engine", "name"),
    ("engine", "spec"),
)
"""Keys (outer, inner) that must hold text; so must `picture` of every face."""


@dataclass(frozen=True)
class FaceProvenance:
    """What one face's truth was made from.

    Attributes:
        picture: SHA-256 (hex) of the picture file that the designer saw.
        engine_version: version of the engine that drew the avatar.
        finished_at: time at which the face was marked done (UTC, ISO 8601).
    """

    picture: str
    engine_version: str
    finished_at: str


def seal_path(truth: Path) -> Path:
    """The path of a truth file's seal: `.seal.json` in place of `.csv`."""
    return truth.with_suffix(SUFFIX)


def seal_truth(
    vectors: AvatarVectors,
    engine: str,
    designer: str,
    provenances: Mapping[str, FaceProvenance],
) -> dict[str, bytes]:
    """Build the files ENGINE.DESIGNER.csv and ENGINE.DESIGNER.seal.json.

    The same input gives the same bytes.

    Args:
        vectors: one per face.
        engine: the engine's name.
        designer: who made the vectors.
        provenances: by face id, in the order of `vectors`.

    Returns:
        File contents by file name.

    Raises:
        FaceSetError: if there is not one vector per face.
    """
    name = Path(f"{engine}.{designer}.csv")
    truth = truth_bytes(tuple(provenances), vectors)
    seal = {
        "format": FORMAT,
        "truth": {"file": name.name, "sha256": bytes_digest(truth)},
        "designer": designer,
        "engine": {"name": engine, "spec": vectors.spec.digest},
        "faces": {face: vars(origin) for face, origin in provenances.items()},
    }
    text = json.dumps(seal, indent=2, ensure_ascii=False) + "\n"
    return {name.name: truth, seal_path(name).name: text.encode()}


def open_truth(path: Path, face_id: Callable[[str], str] = unchanged_id) -> TruthFile:
    """Open a truth file; if a seal lies beside it, reading checks against the seal.

    Raises FaceSetError if the seal is damaged or belongs to another file.
    """
    seal_file = seal_path(path)
    if not seal_file.is_file():
        return TruthFile(path, face_id=face_id)
    seal = _read_seal(seal_file)
    if seal["truth"]["file"] != path.name:
        raise FaceSetError(
            f"{seal_file} is the seal of {seal['truth']['file']}, not of {path.name}: "
            "export both files again and keep their names"
        )
    return TruthFile(
        path,
        sha256=seal["truth"]["sha256"],
        face_id=face_id,
        sealed_spec=(seal["engine"]["name"], seal["engine"]["spec"]),
        picture_digests={
            normalize("NFC", face): origin["picture"]
            for face, origin in seal["faces"].items()
        },
    )


def check_pictures(
    truth: TruthFile,
    faces: Container[str],
    picture: Callable[[str], tuple[bytes, str]],
) -> None:
    """Check that pictures are the ones that a truth was made for.

    Args:
        truth: its faces that are not in `faces` are skipped.
        faces: the face ids of the face set.
        picture: returns a face's encoded picture and its name for error messages.

    Raises:
        FaceSetError: for the first picture that changed.
    """
    for face, sha256 in truth.picture_digests.items():
        if face not in faces:
            continue
        data, label = picture(face)
        if bytes_digest(data) != sha256:
            raise FaceSetError(
                f"{label} is not the picture that {truth.path} was made for "
                "(SHA-256 differs): restore the picture, or make the truth again"
            )


def _read_seal(path: Path) -> dict[str, Any]:
    try:
        seal = json.loads(read_checked(path, None))
    except ValueError as error:
        raise FaceSetError(
            f"{path} is not valid JSON: {error}; export it again"
        ) from error
    if not isinstance(seal, dict) or seal.get("format") != FORMAT:
        raise FaceSetError(
            f"{path} is not a seal of format {FORMAT!r}: export the truth again"
        )
    faces = seal.get("faces")
    origins = list(faces.values()) if isinstance(faces, dict) else [None]
    texts = [_get_nested(seal, keys) for keys in REQUIRED_TEXTS]
    texts += [_get_nested(origin, ("picture",)) for origin in origins]
    if not all(isinstance(text, str) for text in texts):
        raise FaceSetError(
            f"{path} has a missing or malformed entry: export the truth and its seal "
            "again"
        )
    return seal


def _get_nested(data: Any, keys: tuple[str, ...]) -> Any:
    """The value under nested keys; None if a level is missing."""
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data
