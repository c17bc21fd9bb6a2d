"""Stores answers: each at most once, and in the order of the assignment."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from reports.human_study.design.study import Assignment, Shown
from reports.human_study.site.database import Database
from reports.human_study.site.tables import Answer, DiscardedAnswer, Participant, now_ms


class Outcome(Enum):
    """How a sent choice was handled."""

    STORED = "stored"
    SAME = "same"
    REPLACED = "replaced"
    REFUSED = "refused"


class OutOfTurnError(ValueError):
    """An answer to a face that is not the participant's next one."""


class WithdrawnError(LookupError):
    """The participant has withdrawn, so nothing is stored."""


@dataclass(frozen=True)
class Choice:
    """A sent choice: a picture of a trial, or None for a tie.

    `shown` is when the page was served (ms). `revision` is 0 for a first answer and k
    for its k-th change.
    """

    trial: str
    chosen: str | None
    shown: int
    revision: int


def next_position(
    session: Session, participant: str, assignment: Assignment
) -> int | None:
    """The first position without an answer; None if all are answered.

    Answers are stored in order, so their number determines it.
    """
    count = select(func.count()).where(Answer.participant == participant)
    answered = session.scalars(count).one()
    return answered + 1 if answered < len(assignment.shown) else None


def find_answer(session: Session, participant: str, trial: str) -> Answer | None:
    """The valid answer, or None."""
    return session.scalar(
        select(Answer).where(Answer.participant == participant, Answer.trial == trial)
    )


def record_answer(
    database: Database,
    participant: str,
    assignment: Assignment,
    choice: Choice,
    may_change: bool,
) -> Outcome:
    """Store a choice. It is on disk when this function returns.

    A form sent twice stores one answer. A different choice for an answered trial
    replaces the answer if `may_change` is set and the form was opened to change this
    very answer; otherwise it is stored as discarded. Raises OutOfTurnError or
    WithdrawnError.
    """
    try:
        return _record(database, participant, assignment, choice, may_change)
    except IntegrityError:
        # The same form was stored at the same time; find that answer.
        return _record(database, participant, assignment, choice, may_change)


def _record(
    database: Database,
    participant: str,
    assignment: Assignment,
    choice: Choice,
    may_change: bool,
) -> Outcome:
    with database.writing() as session:
        person = session.scalars(
            select(Participant).where(Participant.id == participant).with_for_update()
        ).one()
        if person.withdrawn is not None:
            raise WithdrawnError
        person.seen = now_ms()
        answer = find_answer(session, participant, choice.trial)
        if answer is None:
            _store(session, person, assignment, choice)
            return Outcome.STORED
        if may_change and choice.revision == answer.revisions + 1:
            _replace(session, answer, choice)
            return Outcome.REPLACED
        if choice.chosen == answer.chosen:
            return Outcome.SAME
        session.add(_discarded(participant, choice, "refused"))
        return Outcome.REFUSED


def _store(
    session: Session, person: Participant, assignment: Assignment, choice: Choice
) -> None:
    shown = assignment.by_trial[choice.trial]
    if shown.position != next_position(session, person.id, assignment):
        raise OutOfTurnError
    session.add(_answer(person.id, shown, choice))
    if shown.position == len(assignment.shown):
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
    old_answer = _discarded(answer.participant, old, "replaced")
    old_answer.answered = answer.answered
    session.add(old_answer)
    answer.chosen = choice.chosen
    answer.shown = choice.shown
    answer.answered = _answered(choice)
    answer.revisions += 1


def _discarded(participant: str, choice: Choice, reason: str) -> DiscardedAnswer:
    return DiscardedAnswer(
        participant=participant,
        trial=choice.trial,
        chosen=choice.chosen,
        shown=choice.shown,
        answered=_answered(choice),
        reason=reason,
    )


def _answered(choice: Choice) -> int:
    """Now, but not before `shown`, in case the clock was set back."""
    return max(now_ms(), choice.shown)
