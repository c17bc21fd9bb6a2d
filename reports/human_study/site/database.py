"""The database of a study's ratings: a SQLite file or PostgreSQL, migrated on opening.

An answer is acknowledged after its commit. Acknowledged answers survive a kill of the
server and a power cut.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import URL, Connection, Engine, create_engine, make_url, select
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import Session

from benchmark.storage.unwritable import cannot_write
from benchmark.system.passwords import hide_passwords
from reports.human_study.durable_sqlite import make_durable
from reports.human_study.site.tables import StudyRow, now_ms

POSTGRES_LOCK = 4_716_001
"""Number of the advisory lock for migrations and new participants."""


class DatabaseError(OSError):
    """A database cannot be used. The message says which, why and what to do."""


class Database:
    """Sessions for one study's ratings. `secret` is the secret of the site."""

    def __init__(self, engine: Engine, secret: bytes) -> None:
        self.engine = engine
        self.secret = secret
        self._writing = engine.execution_options(writes=True)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for reading."""
        with Session(self.engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session in one transaction, committed at the end or rolled back."""
        with Session(self._writing, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def open_database(url: str | URL, study: str) -> Database:
    """Open the database of the study with this id; create or migrate it if needed.

    A path in a `url` that is text must be encoded (`?` as `%3F`).

    Raises DatabaseError if it cannot be reached, is newer than this version, or holds
    the ratings of another study.
    """
    engine = _engine(url)
    name = _name(engine.url)
    try:
        _migrate(engine)
        return Database(engine, _get_or_create_secret(engine, study, name))
    except CommandError as error:
        raise DatabaseError(
            f"the database {name} was made by another version of avatarbench "
            f"({error}); use that version, or choose another with --database"
        ) from error
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        reason = hide_passwords(reason)
        raise DatabaseError(
            f"cannot use the database {name}: {reason}; check the path or URL of "
            "--database and its permissions"
        ) from error


def _name(url: URL) -> str:
    """The address of a database in messages: a path, or a URL without its password."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return hide_passwords(url.render_as_string())


def _engine(url: str | URL) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() not in ("sqlite", "postgresql"):
            raise ArgumentError(f"{parsed.get_backend_name()} is not supported")
        if parsed.get_backend_name() == "sqlite":
            if parsed.query:
                raise ArgumentError(
                    "options after ? are not supported; write ? in a path as %3F"
                )
            _make_private(parsed.database)
        engine = create_engine(
            parsed, pool_size=10, max_overflow=30, pool_pre_ping=True
        )
    except ModuleNotFoundError as error:
        raise DatabaseError(
            f"{error.name} is not installed, and PostgreSQL needs it: pip install "
            "'psycopg[binary]'"
        ) from error
    except (ArgumentError, NoSuchModuleError) as error:
        raise DatabaseError(
            "--database must be sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME "
            f"({error})"
        ) from error
    return make_durable(engine) if engine.dialect.name == "sqlite" else engine


def _make_private(path: str | None) -> None:
    """Create the file readable by its owner only: it holds the secret and user ids.

    SQLite gives its journal files the same permissions.
    """
    if not path or path == ":memory:":
        raise ArgumentError("a SQLite database needs a path")
    try:
        Path(path).touch(mode=0o600, exist_ok=True)
    except OSError as error:
        raise DatabaseError(
            cannot_write(Path(path), error, "choose another with --database")
        ) from error


def _migrate(engine: Engine) -> None:
    """Migrate the tables to the latest version, in one transaction."""
    config = Config()
    config.set_main_option("path_separator", "os")
    folder = files("reports.human_study.site").joinpath("migrations")
    with (
        as_file(folder) as place,
        engine.execution_options(writes=True).begin() as connection,
    ):
        lock_exclusively(connection)
        config.set_main_option("script_location", str(place).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def lock_exclusively(connection: Connection) -> None:
    """Lock out other transactions that call this, until this one ends.

    SQLite needs no lock here: it has one writer at a time.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({POSTGRES_LOCK})")


def _get_or_create_secret(engine: Engine, study: str, name: str) -> bytes:
    """The secret in the study's row. An empty database gets this row."""
    with Session(engine.execution_options(writes=True)) as session, session.begin():
        lock_exclusively(session.connection())
        row = session.scalars(select(StudyRow)).one_or_none()
        if row is None:
            row = StudyRow(id=study, secret=secrets.token_bytes(32), created=now_ms())
            session.add(row)
        if row.id != study:
            raise DatabaseError(
                f"the database {name} holds the ratings of study {row.id}, not of "
                f"{study}; choose another with --database"
            )
        return row.secret
