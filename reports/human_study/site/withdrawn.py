"""Who withdrew on the site, as the analysis asks when a study's folder has a database.

An exported file knows nothing of what came after it. With this, no report counts the
answers of somebody who has withdrawn since.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from reports.human_study.design.study import StudyError

RATINGS = "ratings.sqlite"
"""The database in a study's folder, unless the site is served with another one."""


def withdrawn_people(folder: Path) -> frozenset[str]:
    """The codes of those who withdrew; none where the folder has no database.

    Raises StudyError where the database cannot be read.
    """
    path = folder / RATINGS
    if not path.exists():
        return frozenset()
    question = "SELECT id FROM participants WHERE withdrawn IS NOT NULL"
    try:
        with closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        ) as found:
            return frozenset(code for (code,) in found.execute(question))
    except sqlite3.Error as error:
        raise StudyError(
            f"{path} does not tell who has withdrawn ({error}): make it and its folder "
            "readable and writable; if it is damaged, restore it from a copy"
        ) from error
