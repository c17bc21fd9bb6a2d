"""Corrects the artifact folders in MLflow's database after the output folder moved.

MLflow stores them as absolute addresses and has no function that changes them.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit
from urllib.request import url2pathname

ARTIFACTS = "mlartifacts"
"""Folder of the artifacts beside the database."""
_COLUMNS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
)


class Artifacts(NamedTuple):
    """Folders `mlartifacts` that are not in the output folder.

    Attributes:
        left: former folders, whose experiments now point to the output folder.
        elsewhere: folders that exist, to which experiments still point.
    """

    left: list[Path]
    elsewhere: list[Path]


def follow_moved_folder(database: Path, out: Path, experiment: str) -> Artifacts:
    """Point experiments and their runs at the artifacts in the output folder `out`.

    An experiment is changed if its folder has the same path below another
    `mlartifacts`, and this other folder is gone, or was copied together with the
    database. In a database outside `out`, which several output folders may share, only
    the experiment with the given id is looked at.
    """
    here, own = out / ARTIFACTS, database.resolve().parent == out
    left: dict[Path, None] = {}
    elsewhere: dict[Path, None] = {}
    with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        rows = connection.execute(
            "SELECT experiment_id, artifact_location FROM experiments"
        ).fetchall()
        for number, location in rows:
            before, mark, below = (location or "").rpartition(f"/{ARTIFACTS}/")
            now = f"{here.as_uri()}/{below}"
            if not mark or urlsplit(before).scheme != "file" or location == now:
                continue
            chosen = str(number) == experiment
            if not (own or chosen):
                continue
            former = _path(before) / ARTIFACTS
            copied = own and os.path.exists(_path(now))
            if os.path.exists(_path(location)) and not copied:
                if chosen:
                    elsewhere[former] = None
                continue
            _replace(connection, number, location, now)
            left[former] = None
    return Artifacts(list(left), list(elsewhere))


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
