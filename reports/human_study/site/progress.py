"""Progress of a study for its leader: participants, answers and slots."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select

from reports.human_study.design.study import Study
from reports.human_study.site.database import Database
from reports.human_study.site.participants import completion_code
from reports.human_study.site.tables import (
    Answer,
    DiscardedAnswer,
    Participant,
    Seat,
    now_ms,
)


@dataclass(frozen=True)
class ParticipantProgress:
    """One participant.

    `state` is finished, withdrawn, away or open. `holds` says whether the assignment
    still belongs to this participant. Times are text in UTC.
    """

    participant: str
    assignment: int
    holds: bool
    state: str
    answered: int
    language: str
    consented: str
    seen: str
    prolific: str
    code: str


@dataclass(frozen=True)
class Progress:
    """Participants by state, and the number of answers, ties and picks by slot.

    `changed` and `refused` count changes of answers.
    """

    lines: tuple[ParticipantProgress, ...]
    trials: int
    states: dict[str, int]
    answers: int
    ties: int
    slots: tuple[int, ...]
    changed: int
    refused: int


def progress(database: Database, study: Study, patience_ms: int) -> Progress:
    """The current progress, read in one transaction."""
    with database.reading() as session:
        people = session.scalars(
            select(Participant).order_by(Participant.consented, Participant.id)
        ).all()
        holders = set(session.scalars(select(Seat.participant)))
        counted = select(Answer.participant, func.count()).group_by(Answer.participant)
        counts = {line[0]: int(line[1]) for line in session.execute(counted)}
        slots = Counter(
            _slot(order, chosen)
            for order, chosen in session.execute(
                select(Answer.shown_order, Answer.chosen)
            )
        )
        discarded = Counter(session.scalars(select(DiscardedAnswer.reason)))
    lines = tuple(
        ParticipantProgress(
            participant=person.id,
            assignment=person.assignment,
            holds=person.id in holders,
            state=_state(person, patience_ms),
            answered=counts.get(person.id, 0),
            language=person.language,
            consented=_text(person.consented),
            seen=_text(person.seen),
            prolific=person.prolific or "",
            code=completion_code(database.secret, person.id) if person.finished else "",
        )
        for person in people
    )
    return Progress(
        lines=lines,
        trials=len(study.trials),
        states=dict(Counter(line.state for line in lines)),
        answers=sum(counts.values()),
        ties=slots[0],
        slots=tuple(slots[slot] for slot in range(1, study.slots + 1)),
        changed=discarded["replaced"],
        refused=discarded["refused"],
    )


def _slot(order: str, chosen: str | None) -> int:
    """The slot of a choice, from 1; 0 for a tie."""
    return 0 if chosen is None else order.split().index(chosen) + 1


def _state(person: Participant, patience_ms: int) -> str:
    if person.withdrawn is not None:
        return "withdrawn"
    if person.finished is not None:
        return "finished"
    return "away" if person.seen < now_ms() - patience_ms else "open"


def _text(milliseconds: int) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.strftime("%Y-%m-%d %H:%M")
