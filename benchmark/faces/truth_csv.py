"""Truth files: CSVs that give faces their designer-made avatar vectors by names."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

from benchmark.avatars import AvatarError, AvatarSpec, AvatarVectors
from benchmark.avatars.spec import nearest
from benchmark.faces.pictures import FaceSetError
from benchmark.storage.store import atomic_write

FACE_COLUMN = "face"

Row = tuple[int, dict[str, str]]
"""A line number and the line's cells by column name."""


def same_face(face: str) -> str:
    """A face id as it stands."""
    return face


@dataclass(frozen=True)
class TruthFile:
    """A truth CSV: a column `face` and one column a parameter.

    Cells hold numbers in [0, 1] or option names; those of inactive parameters may be
    empty. `face_id` brings the ids of the file into the face set's form. What a seal
    says is held against the file: with `sha256` a changed byte is refused, with
    `made_on` (an engine's name and its spec's digest) another spec; `seen` are the
    SHA-256 of the pictures that the designer looked at, by face.
    """

    path: Path
    sha256: str | None = None
    face_id: Callable[[str], str] = same_face
    made_on: tuple[str, str] | None = None
    seen: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the file's bytes, which it checks against `sha256`."""
        return hashlib.sha256(self._bytes()).hexdigest()

    def faces(self) -> tuple[str, ...]:
        """The face ids in the order of the file, whatever the other columns hold."""
        return tuple(self._table()[1])

    def read(self, spec: AvatarSpec, faces: Sequence[str]) -> AvatarVectors:
        """The truths of `faces`, in their order.

        Raises FaceSetError naming line and column for everything that does not fit the
        spec, anywhere in the file, and for faces that the file lacks.
        """
        self._check_spec(spec)
        header, rows = self._table()
        self._check_columns(spec, header)
        vectors = self._vectors(spec, list(rows.values()))
        lacking = [face for face in faces if face not in rows]
        if lacking:
            more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
            raise FaceSetError(f"{self.path} has no row for face {lacking[0]}{more}")
        where = {face: index for index, face in enumerate(rows)}
        return vectors[[where[face] for face in faces]]

    def _vectors(self, spec: AvatarSpec, rows: list[Row]) -> AvatarVectors:
        try:
            return AvatarVectors.from_records(spec, [cells for _, cells in rows])
        except AvatarError:
            for line, cells in rows:
                self._vector(spec, line, cells)
            raise

    def _vector(self, spec: AvatarSpec, line: int, cells: dict[str, str]) -> None:
        """Read one row alone, to say which one is bad."""
        try:
            AvatarVectors.from_records(spec, [cells])
        except AvatarError as error:
            raise FaceSetError(f"{self.path}, line {line}, column {error}") from error

    def _check_spec(self, spec: AvatarSpec) -> None:
        if self.made_on is not None and self.made_on[1] != spec.digest:
            raise FaceSetError(
                f"{self.path} was made on engine {self.made_on[0]}, whose parameters "
                f"or options are not those of engine {spec.name} here: name the right "
                "engine, or have the truth made anew"
            )

    def _check_columns(self, spec: AvatarSpec, header: list[str]) -> None:
        for name in header:
            if name != FACE_COLUMN and name not in spec.names:
                raise FaceSetError(
                    f"{self.path}: column {name!r} is no parameter of engine "
                    f"{spec.name}{nearest(name, spec.names)}"
                )
        for parameter in spec.parameters:
            if parameter.name not in header and parameter.active_when is None:
                raise FaceSetError(
                    f"{self.path}: column {parameter.name!r} is missing; engine "
                    f"{spec.name} needs it"
                )

    def _table(self) -> tuple[list[str], dict[str, Row]]:
        """The column names, and line number and cells by face id."""
        lines = self._lines()
        header = self._header(next(lines, (0, []))[1])
        rows: dict[str, Row] = {}
        for line, values in lines:
            if len(values) != len(header):
                raise FaceSetError(
                    f"{self.path}, line {line}: {len(values)} cells under "
                    f"{len(header)} columns"
                )
            cells = dict(zip(header, values, strict=True))
            face = self._face(line, cells.pop(FACE_COLUMN))
            if face in rows:
                raise FaceSetError(
                    f"{self.path}, line {line}: face {face} is on line "
                    f"{rows[face][0]} already; keep one row a face"
                )
            rows[face] = (line, cells)
        if not rows:
            raise FaceSetError(f"{self.path} names no face: add a row a face")
        return header, rows

    def _face(self, line: int, text: str) -> str:
        try:
            face = self.face_id(text)
        except ValueError as error:
            raise FaceSetError(
                f"{self.path}, line {line}, column {FACE_COLUMN}: {error}"
            ) from error
        if not face:
            raise FaceSetError(
                f"{self.path}, line {line}: column {FACE_COLUMN} is empty"
            )
        return face

    def _header(self, header: list[str]) -> list[str]:
        if not header:
            raise FaceSetError(
                f"{self.path} is empty: a truth file has a header line and a row a face"
            )
        if len(header) == 1 and ";" in header[0]:
            raise FaceSetError(f"{self.path}: separate the cells by commas, not by ;")
        for name in header:
            if not name:
                raise FaceSetError(f"{self.path}: a column has no name in line 1")
            if header.count(name) > 1:
                raise FaceSetError(f"{self.path}: column {name!r} stands there twice")
        if FACE_COLUMN not in header:
            raise FaceSetError(
                f"{self.path}: the column {FACE_COLUMN!r} with the face ids is missing"
            )
        return header

    def _lines(self) -> Iterator[tuple[int, list[str]]]:
        """Line numbers and stripped cells; blank lines are left out."""
        try:
            text = self._bytes().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise FaceSetError(
                f"{self.path} is not UTF-8 text (byte {error.start}): save it as "
                "CSV UTF-8"
            ) from error
        reader = csv.reader(StringIO(text, newline=""))
        for values in reader:
            cells = [value.strip() for value in values]
            if any(cells):
                yield reader.line_num, cells

    def _bytes(self) -> bytes:
        return read_checked(self.path, self.sha256)


def read_checked(path: Path, sha256: str | None) -> bytes:
    """The file's bytes; FaceSetError where it is missing or has another digest."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FaceSetError(
            f"{path} cannot be read: {error.strerror or error}"
        ) from error
    if sha256 is not None and hashlib.sha256(data).hexdigest() != sha256:
        raise FaceSetError(
            f"{path} is not the file that its face set was sealed with (SHA-256 "
            "differs): restore it, or make both anew"
        )
    return data


def write_truth(path: Path, faces: Sequence[str], vectors: AvatarVectors) -> None:
    """Write a truth CSV (`truth_bytes`) whole or not at all."""
    atomic_write(path, truth_bytes(faces, vectors))


def truth_bytes(faces: Sequence[str], vectors: AvatarVectors) -> bytes:
    """A truth CSV that `TruthFile.read` gives back; inactive cells stay empty.

    Raises FaceSetError where there is not one vector a face, or a face is named twice.
    """
    if len(faces) != len(vectors):
        raise FaceSetError(f"{len(faces)} faces but {len(vectors)} vectors")
    if len(set(faces)) != len(faces):
        raise FaceSetError("a truth file would name a face twice")
    text = StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((FACE_COLUMN, *vectors.spec.names))
    for face, cells in zip(faces, _cells(vectors), strict=True):
        writer.writerow((face, *cells))
    return text.getvalue().encode()


def _cells(vectors: AvatarVectors) -> Iterator[list[str]]:
    spec, active = vectors.spec, vectors.active()
    alive = {p.name: active.continuous[:, i] for i, p in enumerate(spec.continuous)}
    alive |= {p.name: active.discrete[:, i] for i, p in enumerate(spec.discrete)}
    for row, record in enumerate(vectors.to_records()):
        yield [str(record[name]) if alive[name][row] else "" for name in spec.names]
