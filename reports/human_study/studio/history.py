"""The steps of every draft in the workbook's database, taken and taken back.

All functions work inside the transaction of whoever calls them.
"""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime

from benchmark.avatars import AvatarVectors
from benchmark.avatars.spec import AvatarSpec
from reports.human_study.studio.drafts import Draft, Finish, first_vector

TABLES = """
CREATE TABLE drafts (
    designer TEXT NOT NULL REFERENCES designers (name), face TEXT NOT NULL,
    revision INTEGER NOT NULL, step INTEGER NOT NULL,
    finished_at TEXT, picture TEXT, engine_version TEXT,
    PRIMARY KEY (designer, face)
);
CREATE TABLE steps (
    designer TEXT NOT NULL, face TEXT NOT NULL, step INTEGER NOT NULL,
    record TEXT NOT NULL, what TEXT NOT NULL, made_at TEXT NOT NULL,
    PRIMARY KEY (designer, face, step)
);
"""


def read_draft(
    db: sqlite3.Connection, spec: AvatarSpec, designer: str, face: str
) -> Draft:
    """The draft as it stands; the avatar to start from where nothing is kept yet."""
    place = (designer, face)
    found = db.execute(
        "SELECT revision, step, finished_at, picture, engine_version FROM drafts "
        "WHERE designer = ? AND face = ?",
        place,
    ).fetchone()
    if found is None:
        return Draft(face, first_vector(spec))
    revision, step, *finish = found
    near = db.execute(
        "SELECT step, record, what FROM steps WHERE designer = ? AND face = ? "
        "AND step BETWEEN ? AND ?",
        (*place, step, step + 1),
    )
    steps = {number: (record, what) for number, record, what in near}
    record, what = steps[step]
    return Draft(
        face,
        AvatarVectors.from_records(spec, [json.loads(record)]),
        revision,
        undo=what if step else None,
        redo=steps[step + 1][1] if step + 1 in steps else None,
        finish=None if finish[0] is None else Finish(*finish),
    )


def append(
    db: sqlite3.Connection,
    designer: str,
    draft: Draft,
    vector: AvatarVectors,
    what: str,
) -> None:
    """Take a step from where the draft stands; what could be redone is forgotten."""
    _begin(db, designer, draft)
    place = (designer, draft.face)
    step = _step(db, designer, draft)
    db.execute(
        "DELETE FROM steps WHERE designer = ? AND face = ? AND step > ?", (*place, step)
    )
    _keep(db, designer, draft.face, step + 1, vector, what)
    _stand(db, designer, draft, step + 1)


def move(db: sqlite3.Connection, designer: str, draft: Draft, by: int) -> None:
    """Stand `by` steps further on (or back); that step must be there."""
    _stand(db, designer, draft, _step(db, designer, draft) + by)


def finish(db: sqlite3.Connection, designer: str, draft: Draft, how: Finish) -> None:
    """Call the draft done."""
    _begin(db, designer, draft)
    db.execute(
        "UPDATE drafts SET finished_at = ?, picture = ?, engine_version = ? "
        "WHERE designer = ? AND face = ?",
        (how.at, how.picture, how.engine_version, designer, draft.face),
    )


def now() -> str:
    """The time in UTC, ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _begin(db: sqlite3.Connection, designer: str, draft: Draft) -> None:
    """Keep the avatar that a face starts from as step 0, once."""
    place = (designer, draft.face)
    begun = db.execute(
        "INSERT OR IGNORE INTO drafts VALUES (?, ?, 0, 0, NULL, NULL, NULL)", place
    )
    if begun.rowcount:
        _keep(db, designer, draft.face, 0, draft.vector, "start")


def _keep(
    db: sqlite3.Connection,
    designer: str,
    face: str,
    step: int,
    vector: AvatarVectors,
    what: str,
) -> None:
    record = json.dumps(vector.to_records()[0], separators=(",", ":"))
    row = (designer, face, step, record, what, now())
    db.execute("INSERT INTO steps VALUES (?, ?, ?, ?, ?, ?)", row)


def _step(db: sqlite3.Connection, designer: str, draft: Draft) -> int:
    query = "SELECT step FROM drafts WHERE designer = ? AND face = ?"
    (step,) = db.execute(query, (designer, draft.face)).fetchone()
    return step


def _stand(db: sqlite3.Connection, designer: str, draft: Draft, step: int) -> None:
    """Make `step` the one that stands; a draft that was done is done no longer."""
    db.execute(
        "UPDATE drafts SET step = ?, revision = revision + 1, finished_at = NULL, "
        "picture = NULL, engine_version = NULL WHERE designer = ? AND face = ?",
        (step, designer, draft.face),
    )
