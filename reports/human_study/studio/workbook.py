"""The workbook: every designer's drafts in one SQLite file that outlives a kill."""

from __future__ import annotations

import hmac
import json
import re
import secrets
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmark.avatars.spec import AvatarSpec
from reports.human_study.studio import history
from reports.human_study.studio.drafts import (
    Draft,
    Finish,
    Stale,
    StudioError,
    describe_change,
    with_values,
)
from reports.human_study.studio.history import read_draft

FILE = "studio.sqlite"
FORMAT = "1"
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_NAME = 40
TABLES = """
CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE designers (
    name TEXT PRIMARY KEY, token TEXT NOT NULL UNIQUE, entered_at TEXT NOT NULL
);
"""


@dataclass(frozen=True)
class Designer:
    """Who makes truths here; whoever knows the token is that designer."""

    name: str
    token: str

    def holds(self, token: str) -> bool:
        """Whether this is the designer's token, told in the same time either way."""
        return hmac.compare_digest(self.token.encode(), token.encode())


class Workbook:
    """Drafts of many designers over one engine, each seen by its designer alone.

    A method that returns has its change on disk: killing the process, or the machine,
    takes nothing back. Threads and processes may share a workbook.
    """

    def __init__(self, path: Path) -> None:
        """Open what `create_workbook` made; StudioError for anything else."""
        self.path = path
        try:
            with self._transaction() as db:
                about = dict(db.execute("SELECT key, value FROM about"))
            form, self.engine = about["format"], about["engine"]
            self.secret = bytes.fromhex(about["secret"])
            self.spec = AvatarSpec.from_json(json.loads(about["spec"]))
        except (sqlite3.DatabaseError, KeyError) as error:
            raise StudioError(
                f"{path} is no workbook of the studio ({error}): name another folder, "
                "or restore the file from a backup"
            ) from error
        if form != FORMAT:
            raise StudioError(f"{path} is a workbook of another version of avatarbench")

    def enter(self, name: str) -> Designer:
        """A new designer; StudioError where the name is taken, or is no file name."""
        if not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
            raise StudioError(
                "a name takes lower-case letters and digits, joined by hyphens, at "
                f"most {LONGEST_NAME} of them: it becomes part of a file's name"
            )
        designer = Designer(name, secrets.token_urlsafe(24))
        with self._transaction() as db:
            taken = db.execute("SELECT 1 FROM designers WHERE name = ?", (name,))
            if taken.fetchone() is not None:
                raise StudioError(
                    f"the name {name} is taken: if it is yours, open your personal "
                    "link; else choose another"
                )
            row = (designer.name, designer.token, history.now())
            db.execute("INSERT INTO designers VALUES (?, ?, ?)", row)
        return designer

    def designers(self) -> tuple[Designer, ...]:
        """Everybody who entered, in that order."""
        with self._transaction() as db:
            rows = db.execute("SELECT name, token FROM designers ORDER BY rowid")
            return tuple(Designer(*row) for row in rows)

    def draft(self, designer: str, face: str) -> Draft:
        """The designer's avatar of a face; the first one where nothing is done yet."""
        with self._transaction() as db:
            return read_draft(db, self.spec, designer, face)

    def drafts(self, designer: str) -> dict[str, Draft]:
        """The drafts of every face that the designer began, by face."""
        with self._transaction() as db:
            query = "SELECT face FROM drafts WHERE designer = ? ORDER BY face"
            faces = [face for (face,) in db.execute(query, (designer,))]
            return {face: read_draft(db, self.spec, designer, face) for face in faces}

    def change(
        self, designer: str, face: str, values: Mapping[str, str], revision: int
    ) -> Draft:
        """Set some parameters in one step.

        Asked for what stands there already, it does nothing, so that a request whose
        answer was lost may be sent again. Raises AvatarError for bad values, and Stale
        where the draft is no longer at `revision`.
        """
        with self._transaction() as db:
            draft = read_draft(db, self.spec, designer, face)
            vector = with_values(draft.vector, values)
            if vector == draft.vector:
                return draft
            _check_revision(draft, revision)
            what = describe_change(draft.vector, vector)
            history.append(db, designer, draft, vector, what)
            return read_draft(db, self.spec, designer, face)

    def copy(self, designer: str, face: str, source: str, revision: int) -> Draft:
        """Take over the designer's own avatar of another face, in one step.

        Raises Stale, and StudioError where the other face is not finished.
        """
        with self._transaction() as db:
            original = read_draft(db, self.spec, designer, source)
            if original.finish is None:
                raise StudioError(f"face {source} is not done, so nothing is copied")
            draft = read_draft(db, self.spec, designer, face)
            if original.vector == draft.vector:
                return draft
            _check_revision(draft, revision)
            what = f"copy of {source}"
            history.append(db, designer, draft, original.vector, what)
            return read_draft(db, self.spec, designer, face)

    def undo(self, designer: str, face: str, revision: int) -> Draft:
        """Take the last step back, if there is one; raises Stale."""
        return self._move(designer, face, revision, -1)

    def redo(self, designer: str, face: str, revision: int) -> Draft:
        """Do the step that was taken back again, if there is one; raises Stale."""
        return self._move(designer, face, revision, 1)

    def finish(
        self, designer: str, face: str, picture: str, engine_version: str, revision: int
    ) -> Draft:
        """Call a draft done, for export, until its next change; raises Stale.

        `picture` and `engine_version` as in Finish.
        """
        with self._transaction() as db:
            draft = read_draft(db, self.spec, designer, face)
            _check_revision(draft, revision)
            finish = Finish(history.now(), picture, engine_version)
            history.finish(db, designer, draft, finish)
            return read_draft(db, self.spec, designer, face)

    def _move(self, designer: str, face: str, revision: int, by: int) -> Draft:
        with self._transaction() as db:
            draft = read_draft(db, self.spec, designer, face)
            _check_revision(draft, revision)
            if (draft.undo if by < 0 else draft.redo) is None:
                return draft
            history.move(db, designer, draft, by)
            return read_draft(db, self.spec, designer, face)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with closing(_connect(self.path)) as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")


def _check_revision(draft: Draft, revision: int) -> None:
    if draft.revision != revision:
        raise Stale(draft)


def open_workbook(folder: Path) -> Workbook:
    """The workbook of a studio folder; StudioError where there is none."""
    path = folder / FILE
    if not path.is_file():
        raise StudioError(
            f"{folder} holds no workbook ({FILE}): make one with `avatarbench studio "
            "serve`, or name the folder that it was given"
        )
    return Workbook(path)


def create_workbook(folder: Path, engine: str, spec: AvatarSpec) -> Workbook:
    """The folder's workbook, made where there is none yet.

    Raises StudioError where the one there belongs to another engine, or to other
    parameters or options of this one.
    """
    path = folder / FILE
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        _create(path, engine, spec)
    book = Workbook(path)
    if book.engine != engine or book.spec != spec:
        raise StudioError(
            f"{path} holds work on engine {book.engine}, whose parameters or options "
            f"are not those of engine {engine} here: name another --folder"
        )
    return book


def _create(path: Path, engine: str, spec: AvatarSpec) -> None:
    """Make a workbook under a hidden name first, so that none is ever half made."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    partial.touch(mode=0o600)  # it holds the keys to everybody's work
    about: Sequence[tuple[str, str]] = (
        ("format", FORMAT),
        ("engine", engine),
        ("spec", json.dumps(spec.to_json())),
        ("secret", secrets.token_bytes(32).hex()),
    )
    try:
        with closing(sqlite3.connect(partial)) as db:
            db.executescript(TABLES + history.TABLES)
            db.executemany("INSERT INTO about VALUES (?, ?)", about)
            db.commit()
        partial.rename(path)
    finally:
        partial.unlink(missing_ok=True)


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=30, isolation_level=None)
    db.execute("PRAGMA synchronous = FULL")
    return db
