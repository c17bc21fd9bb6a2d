"""The workbook: the drafts of all designers in one SQLite file."""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, Engine, NullPool, create_engine, select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from benchmark.avatars.names import check_name_of_words
from benchmark.avatars.spec import AvatarSpec
from reports.human_study.durable_sqlite import make_durable
from reports.human_study.studio import history
from reports.human_study.studio.drafts import (
    Done,
    Draft,
    Finish,
    Stale,
    StudioError,
    describe_change,
    with_values,
)
from reports.human_study.studio.history import read_draft
from reports.human_study.studio.tables import (
    AboutRow,
    DesignerRow,
    DraftRow,
    Table,
)

FILE = "studio.sqlite"
FORMAT = "1"


@dataclass(frozen=True)
class Designer:
    """A designer of ground truth. Anyone who has the token works as this designer."""

    name: str
    token: str

    def holds(self, token: str) -> bool:
        """Whether this is the designer's token, compared in constant time."""
        return hmac.compare_digest(self.token.encode(), token.encode())


def check_designer(name: str) -> str:
    """The name of a designer; StudioError states the rule if it is not allowed."""
    try:
        return check_name_of_words(name)
    except ValueError as error:
        raise StudioError(str(error)) from error


class Workbook:
    """Drafts of many designers for one engine. Designers see only their own drafts.

    When a method returns, its change is on disk and survives a kill of the process or
    a power cut. Threads and processes may share a workbook.
    """

    def __init__(self, path: Path) -> None:
        """Open a file of `create_workbook`; raises StudioError for any other file."""
        self.path = path
        self._engine = _connect(path)
        try:
            with Session(self._engine) as session:
                about = {
                    row.key: row.value for row in session.scalars(select(AboutRow))
                }
            file_format, self.engine = about["format"], about["engine"]
            self.secret = bytes.fromhex(about["secret"])
            self.spec = AvatarSpec.from_json(json.loads(about["spec"]))
        except (DatabaseError, KeyError) as error:
            reason = getattr(error, "orig", None) or error
            raise StudioError(
                f"{path} is not a workbook of the studio ({reason}); choose another "
                "folder, or restore the file from a backup"
            ) from error
        if file_format != FORMAT:
            raise StudioError(
                f"{path} is a workbook of another version of avatarbench; use that "
                "version, or choose another folder"
            )
        # Workbooks of earlier versions have no flags.
        Table.metadata.create_all(self._engine)

    def enter(self, name: str) -> Designer:
        """Add a designer; StudioError if the name is taken or not allowed."""
        check_designer(name)
        designer = Designer(name, secrets.token_urlsafe(24))
        with self._writing() as session:
            if session.get(DesignerRow, name) is not None:
                raise StudioError(
                    f"the name {name} is taken: if it is yours, open your personal "
                    "link; otherwise choose another name"
                )
            session.add(DesignerRow(**vars(designer), entered_at=history.now()))
        return designer

    def designers(self) -> tuple[Designer, ...]:
        """All designers in the order in which they entered."""
        with Session(self._engine) as session:
            rows = session.scalars(select(DesignerRow).order_by(text("rowid")))
            return tuple(Designer(row.name, row.token) for row in rows)

    def draft(self, designer: str, face: str) -> Draft:
        """The designer's draft of a face; the initial avatar if there is none yet."""
        with Session(self._engine) as session:
            return read_draft(session, self.spec, designer, face)

    def drafts(self, designer: str) -> dict[str, Draft]:
        """The drafts of all faces that the designer has started, by face."""
        started = select(DraftRow.face).where(DraftRow.designer == designer)
        with Session(self._engine) as session:
            faces = session.scalars(started.order_by(DraftRow.face)).all()
            return {
                face: read_draft(session, self.spec, designer, face) for face in faces
            }

    def change(
        self, designer: str, face: str, values: Mapping[str, str], revision: int
    ) -> Draft:
        """Set some parameters in one step.

        Does nothing if the draft has these values already, so that a client may repeat
        a request whose answer was lost. Raises AvatarError for invalid values, Stale
        if the draft is no longer at `revision`, and Done if it is finished.
        """
        with self._writing() as session:
            draft = read_draft(session, self.spec, designer, face)
            vector = with_values(draft.vector, values)
            if vector == draft.vector:
                return draft
            _check_open(draft, revision)
            what = describe_change(draft.vector, vector)
            history.append_step(session, designer, draft, vector, what)
            return read_draft(session, self.spec, designer, face)

    def copy(self, designer: str, face: str, source: str, revision: int) -> Draft:
        """Copy the designer's own avatar of another face, in one step.

        Raises Stale, and StudioError if the other face is not finished.
        """
        with self._writing() as session:
            original = read_draft(session, self.spec, designer, source)
            if original.finish is None:
                raise StudioError(f"face {source} is not done, so it cannot be copied")
            draft = read_draft(session, self.spec, designer, face)
            if original.vector == draft.vector:
                return draft
            _check_open(draft, revision)
            what = f"copy of {source}"
            history.append_step(session, designer, draft, original.vector, what)
            return read_draft(session, self.spec, designer, face)

    def undo(self, designer: str, face: str, revision: int) -> Draft:
        """Undo the last step, if there is one; raises Stale."""
        return self._move(designer, face, revision, -1)

    def redo(self, designer: str, face: str, revision: int) -> Draft:
        """Redo the step that was undone last, if there is one; raises Stale."""
        return self._move(designer, face, revision, 1)

    def finish(
        self, designer: str, face: str, picture: str, engine_version: str, revision: int
    ) -> Draft:
        """Mark a draft as finished, for export, until it is reopened; raises Stale.

        `picture` and `engine_version` are those of `Finish`.
        """
        with self._writing() as session:
            draft = read_draft(session, self.spec, designer, face)
            _check_revision(draft, revision)
            finish = Finish(history.now(), picture, engine_version)
            history.mark_finished(session, designer, draft, finish)
            return read_draft(session, self.spec, designer, face)

    def reopen(self, designer: str, face: str, revision: int) -> Draft:
        """Open a finished draft for changes; raises Stale."""
        with self._writing() as session:
            draft = read_draft(session, self.spec, designer, face)
            _check_revision(draft, revision)
            if draft.finish is None:
                return draft
            history.reopen(session, designer, draft)
            return read_draft(session, self.spec, designer, face)

    def flag(self, designer: str, face: str, marks: Mapping[str, bool]) -> Draft:
        """Set or remove the flag of some parameters: the engine cannot draw this face.

        The other flags stay. Raises AvatarError for an unknown parameter, and Done if
        the draft is finished.
        """
        for parameter in marks:
            _ = self.spec[parameter]
        with self._writing() as session:
            draft = read_draft(session, self.spec, designer, face)
            kept = {name for name in draft.flags if name not in marks}
            flags = frozenset(kept | {name for name, set_ in marks.items() if set_})
            if flags == draft.flags:
                return draft
            if draft.finish is not None:
                raise Done(draft)
            history.set_flags(session, designer, draft, flags)
            return read_draft(session, self.spec, designer, face)

    def _move(self, designer: str, face: str, revision: int, by: int) -> Draft:
        with self._writing() as session:
            draft = read_draft(session, self.spec, designer, face)
            _check_open(draft, revision)
            if (draft.undo if by < 0 else draft.redo) is None:
                return draft
            history.move(session, designer, draft, by)
            return read_draft(session, self.spec, designer, face)

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        """A session in one transaction, committed at the end or rolled back."""
        engine = self._engine.execution_options(writes=True)
        with Session(engine) as session, session.begin():
            yield session


def _check_open(draft: Draft, revision: int) -> None:
    _check_revision(draft, revision)
    if draft.finish is not None:
        raise Done(draft)


def _check_revision(draft: Draft, revision: int) -> None:
    if draft.revision != revision:
        raise Stale(draft)


def open_workbook(folder: Path) -> Workbook:
    """The workbook of a studio folder; StudioError if there is none."""
    path = folder / FILE
    if not path.is_file():
        raise StudioError(
            f"{folder} holds no workbook ({FILE}); create one with `avatarbench studio "
            "serve`, or pass the folder of an existing one"
        )
    return Workbook(path)


def create_workbook(folder: Path, engine: str, spec: AvatarSpec) -> Workbook:
    """Open the folder's workbook, or create it if there is none.

    Raises StudioError if the existing one belongs to another engine, or to other
    parameters or options of this engine.
    """
    path = folder / FILE
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        _create(path, engine, spec)
    book = Workbook(path)
    if book.engine != engine or book.spec != spec:
        raise StudioError(
            f"{path} holds work on engine {book.engine}, whose parameters or options "
            f"differ from those of engine {engine} here; choose another --folder"
        )
    return book


def _create(path: Path, engine: str, spec: AvatarSpec) -> None:
    # Create it under a hidden name, so that no incomplete workbook is seen.
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    partial.touch(mode=0o600)  # it holds the tokens of all designers
    about = {
        "format": FORMAT,
        "engine": engine,
        "spec": json.dumps(spec.to_json()),
        "secret": secrets.token_bytes(32).hex(),
    }
    try:
        database = _connect(partial)
        Table.metadata.create_all(database)
        with Session(database) as session, session.begin():
            session.add_all(AboutRow(key=k, value=v) for k, v in about.items())
        partial.rename(path)
    finally:
        partial.unlink(missing_ok=True)


def _connect(path: Path) -> Engine:
    url = URL.create("sqlite", database=str(path))
    # Without a pool: no connection outlives its transaction.
    return make_durable(create_engine(url, poolclass=NullPool))
