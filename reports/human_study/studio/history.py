"""The steps of a draft in the workbook: append, undo, redo and finish.

All functions work in the caller's transaction.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from benchmark.avatars import AvatarVectors
from benchmark.avatars.spec import AvatarSpec
from reports.human_study.studio.drafts import Draft, Finish, initial_vector
from reports.human_study.studio.tables import DraftRow, FlagRow, StepRow


def read_draft(session: Session, spec: AvatarSpec, designer: str, face: str) -> Draft:
    """The current draft of a face; the initial avatar if nothing is stored yet."""
    flags = frozenset(
        session.scalars(
            select(FlagRow.parameter).where(
                FlagRow.designer == designer, FlagRow.face == face
            )
        )
    )
    row = session.get(DraftRow, (designer, face))
    if row is None:
        return Draft(face, initial_vector(spec), flags=flags)
    nearby = select(StepRow).where(
        StepRow.designer == designer,
        StepRow.face == face,
        StepRow.step.between(row.step, row.step + 1),
    )
    steps = {each.step: each for each in session.scalars(nearby)}
    current, following = steps[row.step], steps.get(row.step + 1)
    return Draft(
        face,
        AvatarVectors.from_records(spec, [json.loads(current.record)]),
        row.revision,
        undo=current.what if row.step else None,
        redo=following.what if following else None,
        finish=_finish(row),
        flags=flags,
    )


def append_step(
    session: Session, designer: str, draft: Draft, vector: AvatarVectors, what: str
) -> None:
    """Add a step after the current one and delete the steps that could be redone."""
    row = _get_or_create(session, designer, draft)
    later = delete(StepRow).where(
        StepRow.designer == designer,
        StepRow.face == draft.face,
        StepRow.step > row.step,
    )
    session.execute(later)
    session.add(_step(row, row.step + 1, vector, what))
    _set_step(row, row.step + 1)


def move(session: Session, designer: str, draft: Draft, by: int) -> None:
    """Move `by` steps forward (or back). That step must exist."""
    row = _get_or_create(session, designer, draft)
    _set_step(row, row.step + by)


def mark_finished(
    session: Session, designer: str, draft: Draft, finish: Finish
) -> None:
    """Store that the designer finished the draft."""
    row = _get_or_create(session, designer, draft)
    row.finished_at = finish.at
    row.picture = finish.picture
    row.engine_version = finish.engine_version


def reopen(session: Session, designer: str, draft: Draft) -> None:
    """Store that a finished draft is open again."""
    row = _get_or_create(session, designer, draft)
    _set_step(row, row.step)


def set_flags(
    session: Session, designer: str, draft: Draft, flags: frozenset[str]
) -> None:
    """Replace the flags of a draft."""
    for parameter in draft.flags - flags:
        row = session.get(FlagRow, (designer, draft.face, parameter))
        session.delete(row)
    session.add_all(
        FlagRow(designer=designer, face=draft.face, parameter=parameter)
        for parameter in sorted(flags - draft.flags)
    )


def now() -> str:
    """The time in UTC, ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _finish(row: DraftRow) -> Finish | None:
    if row.finished_at is None:
        return None
    return Finish(row.finished_at, row.picture or "", row.engine_version or "")


def _get_or_create(session: Session, designer: str, draft: Draft) -> DraftRow:
    """The draft's row; a new one has the draft's avatar as step 0."""
    row = session.get(DraftRow, (designer, draft.face))
    if row is None:
        row = DraftRow(designer=designer, face=draft.face, revision=0, step=0)
        session.add_all([row, _step(row, 0, draft.vector, "start")])
    return row


def _step(row: DraftRow, number: int, vector: AvatarVectors, what: str) -> StepRow:
    record = json.dumps(vector.to_records()[0], separators=(",", ":"))
    return StepRow(
        designer=row.designer,
        face=row.face,
        step=number,
        record=record,
        what=what,
        made_at=now(),
    )


def _set_step(row: DraftRow, step: int) -> None:
    """Make `step` the current one. The draft is no longer finished."""
    row.step = step
    row.revision += 1
    row.finished_at = row.picture = row.engine_version = None
