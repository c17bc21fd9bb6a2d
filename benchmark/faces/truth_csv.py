"""Truth files: CSVs with the ground-truth avatar vector of each face."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

from benchmark.avatars import AvatarError, AvatarSpec, AvatarVectors
from benchmark.avatars.counting import counted
from benchmark.avatars.spec import did_you_mean
from benchmark.faces.pictures import FaceSetError
from benchmark.storage.csv_reader import CsvError, parse_csv
from benchmark.storage.digests import bytes_digest
from benchmark.storage.store import atomic_write

FACE_COLUMN = "face"

Row = tuple[int, dict[str, str]]
"""A line number, and the line's cells by column name."""


def unchanged_id(face: str) -> str:
    """The face id as the file has it: the default `face_id` of a truth file."""
    return face


@dataclass(frozen=True)
class TruthFile:
    """A CSV with a column `face` and one column per parameter.

    Cells hold numbers in [0, 1] or option names. Cells of inactive parameters may be
    empty.

    Attributes:
        path: the CSV.
        sha256: expected SHA-256 (hex) of the file; a file with another one is refused.
        face_id: converts the file's ids to those of the face set.
        sealed_spec: name and spec digest of the engine that the truth was made on;
            reading it for another spec is refused.
        picture_digests: SHA-256 (hex) of the pictures that the designer saw, by face.
    """

    path: Path
    sha256: str | None = None
    face_id: Callable[[str], str] = unchanged_id
    sealed_spec: tuple[str, str] | None = None
    picture_digests: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the file, checked against `sha256`."""
        return bytes_digest(self._bytes())

    def faces(self) -> tuple[str, ...]:
        """The face ids in file order; the other columns are not checked."""
        return tuple(self._table()[1])

    def read(self, spec: AvatarSpec, faces: Sequence[str]) -> AvatarVectors:
        """The vectors of `faces`, in their order.

        The whole file is checked, not only the rows of `faces`.

        Raises:
            FaceSetError: if a cell does not fit the spec (the message names line and
                column), the file was made on another spec, or a face has no row.
        """
        self._check_spec(spec)
        header, rows = self._table()
        self._check_columns(spec, header)
        vectors = self._vectors(spec, list(rows.values()))
        missing = [face for face in faces if face not in rows]
        if missing:
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            raise FaceSetError(
                f"{self.path} has no row for face {missing[0]}{more}: add rows, or "
                "list the faces to use under `splits` in `faces`"
            )
        row_of = {face: row for row, face in enumerate(rows)}
        return vectors[[row_of[face] for face in faces]]

    def _vectors(self, spec: AvatarSpec, rows: list[Row]) -> AvatarVectors:
        try:
            return AvatarVectors.from_records(spec, [cells for _, cells in rows])
        except AvatarError:
            for line, cells in rows:
                self._check_row(spec, line, cells)
            raise

    def _check_row(self, spec: AvatarSpec, line: int, cells: dict[str, str]) -> None:
        """Raise FaceSetError with the line number if this row does not fit the spec."""
        try:
            AvatarVectors.from_records(spec, [cells])
        except AvatarError as error:
            raise FaceSetError(f"{self.path}, line {line}, column {error}") from error

    def _check_spec(self, spec: AvatarSpec) -> None:
        if self.sealed_spec is not None and self.sealed_spec[1] != spec.digest:
            raise FaceSetError(
                f"{self.path} was made on engine {self.sealed_spec[0]}, whose "
                "parameters or options differ from those of the installed engine "
                f"{spec.name}: name the right engine, or make the truth again"
            )

    def _check_columns(self, spec: AvatarSpec, header: Sequence[str]) -> None:
        for name in header:
            if name != FACE_COLUMN and name not in spec.names:
                raise FaceSetError(
                    f"{self.path}: column {name!r} is not a parameter of engine "
                    f"{spec.name}{did_you_mean(name, spec.names)}"
                )
        for parameter in spec.parameters:
            if parameter.name not in header and parameter.active_when is None:
                raise FaceSetError(
                    f"{self.path}: column {parameter.name!r} is missing; engine "
                    f"{spec.name} needs it"
                )

    def _table(self) -> tuple[tuple[str, ...], dict[str, Row]]:
        """The column names, and the rows by face id."""
        try:
            table = parse_csv(self._bytes(), str(self.path))
        except CsvError as error:
            raise FaceSetError(str(error)) from error
        if FACE_COLUMN not in table.header:
            raise FaceSetError(
                f"{self.path}: column {FACE_COLUMN!r} with the face ids is missing"
            )
        rows: dict[str, Row] = {}
        for line, cells in table.rows:
            face = self._face(line, cells.pop(FACE_COLUMN))
            if face in rows:
                raise FaceSetError(
                    f"{self.path}, line {line}: face {face} is already on line "
                    f"{rows[face][0]}; keep one row per face"
                )
            rows[face] = (line, {n: _with_point(cell) for n, cell in cells.items()})
        if not rows:
            raise FaceSetError(f"{self.path} has no rows: add one row per face")
        return table.header, rows

    def _face(self, line: int, text: str) -> str:
        try:
            face = unicodedata.normalize("NFC", self.face_id(text))
        except ValueError as error:
            raise FaceSetError(
                f"{self.path}, line {line}, column {FACE_COLUMN}: {error}"
            ) from error
        if not face:
            raise FaceSetError(
                f"{self.path}, line {line}: column {FACE_COLUMN} is empty"
            )
        return face

    def _bytes(self) -> bytes:
        return read_checked(self.path, self.sha256)


def _with_point(cell: str) -> str:
    """A number with a decimal comma, as spreadsheets of many languages save it."""
    if "," not in cell:
        return cell
    return re.sub(r"^(\d+),(\d+)$", r"\1.\2", cell)


def read_checked(path: Path, sha256: str | None) -> bytes:
    """Read a file and check its digest.

    Args:
        path: the file.
        sha256: expected SHA-256 (hex), or None to accept any.

    Raises:
        FaceSetError: if the file cannot be read or has another digest.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FaceSetError(
            f"{path} cannot be read: {error.strerror or error}"
        ) from error
    if sha256 is not None and bytes_digest(data) != sha256:
        raise FaceSetError(
            f"{path} has changed since its digest was recorded (SHA-256 differs): "
            "restore the file, or make the file and its manifest or seal again"
        )
    return data


def write_truth(path: Path, faces: Sequence[str], vectors: AvatarVectors) -> None:
    """Write a truth CSV (see `truth_bytes`) atomically."""
    atomic_write(path, truth_bytes(faces, vectors))


def truth_bytes(faces: Sequence[str], vectors: AvatarVectors) -> bytes:
    """The bytes of a truth CSV; cells of inactive parameters are empty.

    Raises FaceSetError if there is not one vector per face, or a face is named twice.
    """
    if len(faces) != len(vectors):
        raise FaceSetError(
            f"{counted(len(faces), 'face')} but {counted(len(vectors), 'vector')}"
        )
    if len(set(faces)) != len(faces):
        raise FaceSetError("a face is named twice; a truth file has one row per face")
    text = StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((FACE_COLUMN, *vectors.spec.names))
    for face, cells in zip(faces, _cells(vectors), strict=True):
        writer.writerow((face, *cells))
    return text.getvalue().encode()


def _cells(vectors: AvatarVectors) -> Iterator[list[str]]:
    spec, active = vectors.spec, vectors.active()
    mask = {p.name: active.continuous[:, i] for i, p in enumerate(spec.continuous)}
    mask |= {p.name: active.discrete[:, i] for i, p in enumerate(spec.discrete)}
    for row, record in enumerate(vectors.to_records()):
        yield [str(record[name]) if mask[name][row] else "" for name in spec.names]
