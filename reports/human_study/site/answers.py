"""Storing answers: each at most once, whole, and in the order of the paper."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from reports.human_study.design.study import Paper, Shown
from reports.human_study.site.database import Database
from reports.human_study.site.tables import Answer, Aside, Participant, now_ms


class Outcome(Enum):
    """What became of a choice that was sent."""

    STORED = "stored"
    SAME = "same"
    REPLACED = "replaced"
    REFUSED = "refused"


class OutOfTurnError(ValueError):
    """An answer to a face that is not the person's turn yet."""


class GoneError(LookupError):
    """The person has withdrawn; nothing of theirs is stored any more."""


@dataclass(frozen=True)
class Choice:
    """What somebody sent: a picture of a trial, or None for "cannot tell".

    `shown` is when the page was sent (ms); `revision` is 0 for a first answer, k for
    the k-th change of it.
    """

    trial: str
    chosen: str | None
    shown: int
    revision: int


def next_position(session: Session, participant: str, paper: Paper) -> int | None:
    """The first position without an answer; None where all are answered.

    Answers come in turn, so their number tells it.
    """
    count = select(func.count()).where(Answer.participant == participant)
    answered = session.scalars(count).one()
    return answered + 1 if answered < len(paper.shown) else None


def answer_to(session: Session, participant: str, trial: str) -> Answer | None:
    """The answer that counts, or None."""
    return session.scalar(
        select(Answer).where(Answer.participant == participant, Answer.trial == trial)
    )


def record(
    database: Database, participant: str, paper: Paper, choice: Choice, may_change: bool
) -> Outcome:
    """Store a choice; when this returns, it is on the disk.

    The same form sent twice stores one answer. A different choice for an answered trial
    replaces the answer where `may_change` and the form was opened to change exactly
    that answer; else it is put aside. Raises OutOfTurnError or GoneError.
    """
    try:
        return _record(database, participant, paper, choice, may_change)
    except IntegrityError:
        # Its twin was stored between our look and our insert; look again.
        return _record(database, participant, paper, choice, may_change)


def _record(
    database: Database, participant: str, paper: Paper, choice: Choice, may_change: bool
) -> Outcome:
    with database.writing() as session:
        person = session.scalars(
            select(Participant).where(Participant.id == participant).with_for_update()
        ).one()
        if person.withdrawn is not None:
            raise GoneError
        person.seen = now_ms()
        answer = answer_to(session, participant, choice.trial)
        if answer is None:
            _store(session, person, paper, choice)
            return Outcome.STORED
        if may_change and choice.revision == answer.revisions + 1:
            _replace(session, answer, choice)
            return Outcome.REPLACED
        if choice.chosen == answer.chosen:
            return Outcome.SAME
        session.add(_aside(participant, choice, "refused"))
        return Outcome.REFUSED


def _store(session: Session, person: Participant, paper: Paper, choice: Choice) -> None:
    shown = paper.by_trial[choice.trial]
    if shown.position != next_position(session, person.id, paper):
        raise OutOfTurnError
    session.add(_answer(person.id, shown, choice))
    if shown.position == len(paper.shown):
        person.finished = now_ms()


def _answer(participant: str, shown: Shown, choice: Choice) -> Answer:
    return Answer(
        participant=participant,
        trial=choice.trial,
        position=shown.position,
        shown_order=" ".join(shown.order),
        chosen=choice.chosen,
        shown=choice.shown,
        answered=_answered(choice),
        revisions=0,
    )


def _replace(session: Session, answer: Answer, choice: Choice) -> None:
    old = Choice(answer.trial, answer.chosen, answer.shown, answer.revisions)
    aside = _aside(answer.participant, old, "replaced")
    aside.answered = answer.answered
    session.add(aside)
    answer.chosen = choice.chosen
    answer.shown = choice.shown
    answer.answered = _answered(choice)
    answer.revisions += 1


def _aside(participant: str, choice: Choice, reason: str) -> Aside:
    return Aside(
        participant=participant,
        trial=choice.trial,
        chosen=choice.chosen,
        shown=choice.shown,
        answered=_answered(choice),
        reason=reason,
    )


def _answered(choice: Choice) -> int:
    """Now, or when it was shown: a clock that was set back makes no negative time."""
    return max(now_ms(), choice.shown)
