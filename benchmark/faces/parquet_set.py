"""Parquet face sets: one Parquet file per split and a manifest with their digests."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.avatars.names import check_plain_name
from benchmark.faces.folder import is_hidden, normal_id
from benchmark.faces.pictures import FaceSetError
from benchmark.faces.truth_csv import TruthFile, read_checked
from benchmark.storage.digests import file_digest
from benchmark.storage.store import atomic_write

if TYPE_CHECKING:
    import pandas as pd

MANIFEST = "faceset.json"
TRUTH_FOLDER = "truth"
SPLIT_ORDER = ("train", "validation", "heldout")
COLUMNS = ("face", "picture", "parsing", "attributes", "licence")


@dataclass(frozen=True)
class ParquetFace:
    """One row of a split: encoded picture and part map, attributes and licence."""

    face: str
    picture: bytes
    parsing: bytes | None
    attributes: Mapping[str, Any] | None
    licence: str


@dataclass(frozen=True)
class ParquetFaces:
    """The faces of one Parquet file, checked against `sha256` when first read."""

    path: Path
    sha256: str

    @cached_property
    def _columns(self) -> dict[str, list[Any]]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        data = read_checked(self.path, self.sha256)
        try:
            columns = pq.read_table(pa.BufferReader(data)).to_pydict()
        except pa.ArrowInvalid as error:
            raise FaceSetError(f"{self.path} is not a Parquet file: {error}") from error
        missing = [name for name in COLUMNS if name not in columns]
        if missing:
            raise FaceSetError(f"{self.path} has no column {missing[0]!r}")
        for face in columns["face"]:
            if face != Path(face).name:
                raise FaceSetError(
                    f"{self.path}: the face id {face!r} is not a file name, but "
                    "pictures are written under it; rename the face"
                )
        columns["face"] = [normal_id(face) for face in columns["face"]]
        return columns

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {face: row for row, face in enumerate(self._columns["face"])}

    def ids(self) -> tuple[str, ...]:
        """The face ids in file order."""
        return tuple(self._columns["face"])

    def digest(self) -> str:
        """SHA-256 (hex) from the manifest, which every read is checked against."""
        return self.sha256

    def picture(self, face: str) -> tuple[bytes, str]:
        """The encoded picture, and its name for error messages."""
        return self._columns["picture"][self._rows[face]], self._label(face)

    def parsing(self, face: str) -> tuple[bytes, str] | None:
        """The encoded part map and its name for error messages, or None."""
        data = self._columns["parsing"][self._rows[face]]
        return None if data is None else (data, f"part map of {self._label(face)}")

    def attributes(self, faces: Sequence[str]) -> pd.DataFrame | None:
        """One row per face and one column per attribute; None if a face has none."""
        import pandas as pd

        texts = [self._columns["attributes"][self._rows[face]] for face in faces]
        if any(text is None for text in texts):
            return None
        index = pd.Index(faces, name="face")
        return pd.DataFrame([json.loads(text) for text in texts], index=index)

    def licence(self, face: str) -> str:
        """The face's licence."""
        return self._columns["licence"][self._rows[face]]

    def _label(self, face: str) -> str:
        return f"face {face} of {self.path}"


@dataclass(frozen=True)
class Manifest:
    """Contents of `faceset.json`: name, version and licence; splits and truth files."""

    name: str
    version: str
    licence: str
    stand_in: bool
    splits: dict[str, ParquetFaces]
    truths: dict[str, dict[str, TruthFile]]


def read_manifest(folder: Path) -> Manifest:
    """Read `folder/faceset.json`; FaceSetError if it is missing or malformed."""
    path = folder / MANIFEST
    content = read_checked(path, None)
    try:
        data = json.loads(content)
        return Manifest(
            name=str(data["name"]),
            version=str(data["version"]),
            licence=str(data["licence"]),
            stand_in=bool(data["stand_in"]),
            splits={
                check_plain_name(name): ParquetFaces(
                    folder / entry["file"], entry["sha256"]
                )
                for name, entry in data["splits"].items()
            },
            truths={
                check_plain_name(engine): {
                    check_plain_name(designer): TruthFile(
                        folder / entry["file"], entry["sha256"]
                    )
                    for designer, entry in designers.items()
                }
                for engine, designers in data["truths"].items()
            },
        )
    except json.JSONDecodeError as error:
        raise FaceSetError(f"{path} is not valid JSON: {error}") from error
    except ValueError as error:
        raise FaceSetError(f"{path}: {error}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise FaceSetError(
            f"{path} has a missing or malformed entry: {error}"
        ) from error


def write_split(path: Path, faces: Iterable[ParquetFace]) -> None:
    """Write one split as a Parquet file; FaceSetError if an id occurs twice."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [
        {
            "face": face.face,
            "picture": face.picture,
            "parsing": face.parsing,
            "attributes": None
            if face.attributes is None
            else json.dumps(dict(face.attributes), sort_keys=True),
            "licence": face.licence,
        }
        for face in faces
    ]
    ids = [row["face"] for row in rows]
    if len(set(ids)) != len(ids):
        raise FaceSetError(f"{path}: a face id occurs twice")
    types = (pa.string(), pa.binary(), pa.binary(), pa.string(), pa.string())
    schema = pa.schema(list(zip(COLUMNS, types, strict=True)))
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), sink, compression="zstd")
    atomic_write(path, sink.getvalue().to_pybytes())


def write_manifest(
    folder: Path, name: str, version: str, licence: str, stand_in: bool
) -> None:
    """Write `faceset.json` with the digests of all files of a face set.

    The files are `SPLIT.parquet` and `truth/ENGINE.DESIGNER.csv`. From then on, reading
    a file that has changed raises FaceSetError.

    Args:
        folder: the folder with the files, which gets the manifest.
        name: the face set's name.
        version: the face set's version.
        licence: the face set's licence.
        stand_in: whether the faces stand in for photographs of people.

    Raises:
        FaceSetError: if there is no Parquet file, or a file has another name, or one
            that `check_plain_name` refuses.
    """
    splits = {
        _name(path): _entry(folder, path) for path in _visible(folder, "*.parquet")
    }
    if not splits:
        raise FaceSetError(f"{folder} has no Parquet file")
    truths: dict[str, dict[str, Any]] = {}
    for path in _visible(folder / TRUTH_FOLDER, "*.csv"):
        engine, _, designer = _name(path).rpartition(".")
        if not engine:
            raise FaceSetError(f"{path} is not named ENGINE.DESIGNER.csv")
        truths.setdefault(engine, {})[designer] = _entry(folder, path)
    manifest = {
        "name": name,
        "version": version,
        "licence": licence,
        "stand_in": stand_in,
        "splits": dict(sorted(splits.items(), key=lambda item: _order(item[0]))),
        "truths": truths,
    }
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    atomic_write(folder / MANIFEST, text.encode())


def _name(path: Path) -> str:
    """A file's name without its ending; FaceSetError if it is not allowed."""
    try:
        return check_plain_name(path.stem)
    except ValueError as error:
        raise FaceSetError(f"{path}: {error}") from error


def _visible(folder: Path, pattern: str) -> list[Path]:
    return [path for path in sorted(folder.glob(pattern)) if not is_hidden(path)]


def _entry(folder: Path, path: Path) -> dict[str, str]:
    file = path.relative_to(folder).as_posix()
    return {"file": file, "sha256": file_digest(path)}


def _order(split: str) -> tuple[int, str]:
    known = split in SPLIT_ORDER
    return (SPLIT_ORDER.index(split) if known else len(SPLIT_ORDER), split)
