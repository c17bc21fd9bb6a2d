"""SQLite settings under which a committed change survives a kill and a power cut."""

from __future__ import annotations

from sqlite3 import Connection as SqliteConnection

from sqlalchemy import Connection, Engine, event

LOCK_SECONDS = 30


def make_durable(engine: Engine) -> Engine:
    """Configure every connection of a SQLite engine and return the engine.

    Every commit is synced to the disk. Transactions with the execution option `writes`
    take the write lock when they begin.
    """
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def _configure(connection: SqliteConnection, record: object) -> None:
    # SQLAlchemy begins transactions, not the sqlite3 module.
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout={LOCK_SECONDS * 1000}",
        "journal_mode=WAL",
        "synchronous=FULL",
        # Overwrite what is deleted, such as the answers of withdrawn participants.
        "secure_delete=ON",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    # A transaction that reads first and locks later could fail half-way.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
