"""Exports stored answers as ratings, the rows of the tidy CSV."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import select

from reports.human_study.design.ratings_table import Rating
from reports.human_study.design.study import Study
from reports.human_study.site.database import Database
from reports.human_study.site.tables import Answer, Participant


def stored_ratings(database: Database, study: Study) -> Iterator[Rating]:
    """All answers of participants who have not withdrawn, by participant and position.

    Answers to a simulated study get the source "simulated", and reports reject them.
    """
    rows = (
        select(Participant, Answer)
        .join(Answer, Answer.participant == Participant.id)
        .where(Participant.withdrawn.is_(None))
        .order_by(Participant.consented, Participant.id, Answer.position)
    )
    with database.reading() as session:
        for person, answer in session.execute(rows):
            yield _rating(study, person, answer)


def _rating(study: Study, person: Participant, answer: Answer) -> Rating:
    trial = study.by_trial[answer.trial]
    order = tuple(answer.shown_order.split())
    return Rating(
        study=study.id,
        participant=person.id,
        assignment=person.assignment,
        position=answer.position,
        trial=trial.id,
        kind=trial.kind,
        face=trial.face,
        engine=trial.engine,
        order=order,
        chosen=answer.chosen,
        slot=None if answer.chosen is None else order.index(answer.chosen) + 1,
        tie=answer.chosen is None,
        rt_ms=answer.answered - answer.shown,
        shown_at=_moment(answer.shown),
        answered_at=_moment(answer.answered),
        revisions=answer.revisions,
        language=person.language,
        consent_version=person.consent_version,
        source="simulated" if study.simulated else "site",
    )


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
