"""The database of a study's ratings: a SQLite file or PostgreSQL, migrated on opening.

An answer is acknowledged after its commit, and SQLite commits with `synchronous=FULL`:
what was acknowledged outlives a kill of the server, and a power cut.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from sqlite3 import Connection as SqliteConnection

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, make_url, select
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import Session

from reports.human_study.site.tables import StudyRow, now_ms

LOCK_SECONDS = 30
POSTGRES_LOCK = 4_716_001
"""Number of the advisory lock under which migrations and newcomers take turns."""


class DatabaseError(OSError):
    """A database that cannot be used; the message says which, why and what to do."""


class Database:
    """Sessions over one study's ratings; `secret` is the site's, kept in it."""

    def __init__(self, engine: Engine, secret: bytes) -> None:
        self.engine = engine
        self.secret = secret
        self._writing = engine.execution_options(writes=True)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that only reads."""
        with Session(self.engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session in one transaction: committed at the end, or nothing of it."""
        with Session(self._writing, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def open_database(url: str, study: str) -> Database:
    """Open, make or migrate the database at a URL for the study of that id.

    Raises DatabaseError where it cannot be reached, is newer than this version, or
    keeps the ratings of another study.
    """
    engine = _engine(url)
    place = engine.url.render_as_string(hide_password=True)
    try:
        _migrate(engine)
        return Database(engine, _claim(engine, study, place))
    except CommandError as error:
        raise DatabaseError(
            f"the database {place} was made by another version of avatarbench "
            f"({error}); use that version, or name another with --database"
        ) from error
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise DatabaseError(
            f"cannot use the database {place}: {reason}; check the path or URL of "
            "--database and its permissions"
        ) from error


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() not in ("sqlite", "postgresql"):
            raise ArgumentError(f"{parsed.get_backend_name()} is not supported")
        if parsed.get_backend_name() == "sqlite":
            _make_private(parsed.database)
        engine = create_engine(
            parsed, pool_size=10, max_overflow=30, pool_pre_ping=True
        )
    except ModuleNotFoundError as error:
        raise DatabaseError(
            f"{error.name} is not installed, and PostgreSQL needs it: pip install "
            "'avatarbench[postgresql]'"
        ) from error
    except (ArgumentError, NoSuchModuleError) as error:
        raise DatabaseError(
            "--database wants sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME "
            f"({error})"
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_private(path: str | None) -> None:
    """Make the file readable by its owner alone: it holds the secret and people's ids.

    SQLite gives its journal the same permissions.
    """
    if not path or path == ":memory:":
        raise ArgumentError("a SQLite database needs a path")
    try:
        Path(path).touch(mode=0o600, exist_ok=True)
    except OSError as error:
        raise DatabaseError(
            f"cannot make the database {path}: {error.strerror}; make its folder "
            "writable, or name another with --database"
        ) from error


def _prepare_sqlite(connection: SqliteConnection, record: object) -> None:
    """Let us begin transactions ourselves; wait for locks; sync every commit."""
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout={LOCK_SECONDS * 1000}",
        "journal_mode=WAL",
        "synchronous=FULL",
        # What somebody withdraws is overwritten, not only passed over.
        "secure_delete=ON",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """Writers take the lock at once: to take it after a read could fail half-way."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _migrate(engine: Engine) -> None:
    """Bring the tables to the latest shape, all steps or none."""
    config = Config()
    config.set_main_option("path_separator", "os")
    folder = files("reports.human_study.site").joinpath("migrations")
    with (
        as_file(folder) as place,
        engine.execution_options(writes=True).begin() as connection,
    ):
        take_turns(connection)
        config.set_main_option("script_location", str(place).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def take_turns(connection: Connection) -> None:
    """Let nobody else pass here until this transaction ends (SQLite: one writes)."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({POSTGRES_LOCK})")


def _claim(engine: Engine, study: str, place: str) -> bytes:
    """The secret of the study's row, which is made in an empty database."""
    with Session(engine.execution_options(writes=True)) as session, session.begin():
        take_turns(session.connection())
        row = session.scalars(select(StudyRow)).one_or_none()
        if row is None:
            row = StudyRow(id=study, secret=secrets.token_bytes(32), created=now_ms())
            session.add(row)
        if row.id != study:
            raise DatabaseError(
                f"the database {place} keeps the ratings of the study {row.id}, not of "
                f"{study}; name another with --database"
            )
        return row.secret
