"""Packed face sets: a folder of parquet files sealed by a manifest of digests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.faces.pictures import FaceSetError
from benchmark.faces.truth_csv import TruthFile, read_checked
from benchmark.storage.store import atomic_write

if TYPE_CHECKING:
    import pandas as pd

MANIFEST = "faceset.json"
TRUTH_FOLDER = "truth"
SPLIT_ORDER = ("train", "validation", "heldout")
COLUMNS = ("face", "picture", "parsing", "attributes", "licence")


@dataclass(frozen=True)
class PackedFace:
    """One face of a packed set: encoded picture and parsing map, what is known."""

    face: str
    picture: bytes
    parsing: bytes | None
    attributes: Mapping[str, Any] | None
    licence: str


@dataclass(frozen=True)
class PackedFaces:
    """The faces of one parquet file, checked against its digest when first read."""

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
            raise FaceSetError(f"{self.path} is no parquet file: {error}") from error
        lacking = [name for name in COLUMNS if name not in columns]
        if lacking:
            raise FaceSetError(f"{self.path} lacks the column {lacking[0]!r}")
        return columns

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {face: row for row, face in enumerate(self._columns["face"])}

    def ids(self) -> tuple[str, ...]:
        """The face ids in the order of the file."""
        return tuple(self._columns["face"])

    def digest(self) -> str:
        """The digest that the set was sealed with, which every read is held against."""
        return self.sha256

    def picture(self, face: str) -> tuple[bytes, str]:
        """The encoded picture and its label."""
        return self._columns["picture"][self._rows[face]], self._label(face)

    def parsing(self, face: str) -> tuple[bytes, str] | None:
        """The encoded parsing map and its label."""
        data = self._columns["parsing"][self._rows[face]]
        return None if data is None else (data, f"parsing map of {self._label(face)}")

    def attributes(self, faces: Sequence[str]) -> pd.DataFrame | None:
        """A row a face, a column an attribute."""
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
    """What `faceset.json` says: the set's name and terms, its files and digests."""

    name: str
    version: str
    licence: str
    stand_in: bool
    splits: dict[str, PackedFaces]
    truths: dict[str, dict[str, TruthFile]]


def read_manifest(folder: Path) -> Manifest:
    """Read `folder/faceset.json`; FaceSetError where it is missing or incomplete."""
    path = folder / MANIFEST
    try:
        data = json.loads(read_checked(path, None))
        return Manifest(
            name=str(data["name"]),
            version=str(data["version"]),
            licence=str(data["licence"]),
            stand_in=bool(data["stand_in"]),
            splits={
                name: PackedFaces(folder / entry["file"], entry["sha256"])
                for name, entry in data["splits"].items()
            },
            truths={
                engine: {
                    designer: TruthFile(folder / entry["file"], entry["sha256"])
                    for designer, entry in designers.items()
                }
                for engine, designers in data["truths"].items()
            },
        )
    except json.JSONDecodeError as error:
        raise FaceSetError(f"{path} is no JSON: {error}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise FaceSetError(f"{path} lacks or garbles an entry: {error}") from error


def write_split(path: Path, faces: Iterable[PackedFace]) -> None:
    """Write the faces of one split as a parquet file; FaceSetError for ids twice."""
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
        raise FaceSetError(f"{path}: a face is named twice")
    types = (pa.string(), pa.binary(), pa.binary(), pa.string(), pa.string())
    schema = pa.schema(list(zip(COLUMNS, types, strict=True)))
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), sink, compression="zstd")
    atomic_write(path, sink.getvalue().to_pybytes())


def seal(folder: Path, name: str, version: str, licence: str, stand_in: bool) -> None:
    """Write the manifest over the parquet and `truth/ENGINE.DESIGNER.csv` files there.

    From then on a changed byte in any of them is refused at load. Raises FaceSetError
    where the folder holds no parquet file, or a truth file is named otherwise.
    """
    splits = {path.stem: _entry(folder, path) for path in folder.glob("*.parquet")}
    if not splits:
        raise FaceSetError(f"{folder} holds no parquet file to seal")
    truths: dict[str, dict[str, Any]] = {}
    for path in sorted((folder / TRUTH_FOLDER).glob("*.csv")):
        engine, _, designer = path.stem.rpartition(".")
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


def _entry(folder: Path, path: Path) -> dict[str, str]:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return {"file": path.relative_to(folder).as_posix(), "sha256": digest}


def _order(split: str) -> tuple[int, str]:
    known = split in SPLIT_ORDER
    return (SPLIT_ORDER.index(split) if known else len(SPLIT_ORDER), split)
