"""Reads from the site's database who has withdrawn, for the analysis.

An exported CSV may hold answers of participants who withdrew after the export.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from reports.human_study.design.study import StudyError

RATINGS = "ratings.sqlite"
"""Default file name of the database in a study's folder."""


def withdrawn_people(folder: Path) -> frozenset[str]:
    """Ids of the withdrawn participants; empty if the folder has no database.

    Raises StudyError if the database cannot be read.
    """
    path = folder / RATINGS
    if not path.exists():
        return frozenset()
    query = "SELECT id FROM participants WHERE withdrawn IS NOT NULL"
    try:
        with closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        ) as database:
            return frozenset(code for (code,) in database.execute(query))
    except sqlite3.Error as error:
        raise StudyError(
            f"cannot read from {path} who has withdrawn ({error}); make it and its "
            "folder readable and writable, or restore it from a copy if it is damaged"
        ) from error
