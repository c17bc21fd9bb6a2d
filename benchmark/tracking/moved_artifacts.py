"""Corrects the artifact folders in MLflow's database after the output folder moved.

MLflow stores them as absolute addresses and has no function that changes them.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

ARTIFACTS = "mlartifacts"
"""Folder of the artifacts beside the database."""
_COLUMNS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
)


def follow_moved_folder(database: Path) -> list[str]:
    """Point experiments and their runs at the artifacts beside the database.

    An experiment is changed if its folder has the same path below another
    `mlartifacts`, and this other folder is gone or was copied to here. Returns the
    former paths of `mlartifacts`.
    """
    here = database.parent / ARTIFACTS
    moved: dict[str, None] = {}
    with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        rows = connection.execute(
            "SELECT experiment_id, artifact_location FROM experiments"
        ).fetchall()
        for experiment, location in rows:
            before, mark, below = (location or "").rpartition(f"/{ARTIFACTS}/")
            now = f"{here.as_uri()}/{below}"
            if not mark or urlsplit(before).scheme != "file" or location == now:
                continue
            if os.path.exists(_path(location)) and not os.path.exists(_path(now)):
                continue
            _replace(connection, experiment, location, now)
            moved[str(_path(before) / ARTIFACTS)] = None
    return list(moved)


def _replace(
    connection: sqlite3.Connection, experiment: int, old: str, new: str
) -> None:
    """Replace the start of all addresses of an experiment."""
    for table, column in _COLUMNS:
        connection.execute(
            f"UPDATE {table} SET {column} = ? || substr({column}, ?) "
            f"WHERE experiment_id = ? AND substr({column}, 1, ?) = ?",
            (new, len(old) + 1, experiment, len(old), old),
        )


def _path(address: str) -> Path:
    return Path(url2pathname(urlsplit(address).path))
