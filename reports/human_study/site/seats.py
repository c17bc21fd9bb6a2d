"""Which paper a volunteer gets, so that papers stay balanced over those who finish.

The rule: a newcomer gets the lowest paper that nobody holds. A paper is held by whom
it was given to until that person withdraws, or left it unfinished and was not seen
for longer than `patience`. So papers of people who stay away are filled again before
new ones are begun, and the finished papers stay 0, 1, 2, … without gaps at the end.
Who comes back after the paper was passed on goes on with it all the same: then two
people answer one paper.
"""

from __future__ import annotations

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from reports.human_study.site.tables import Participant, Seat


def free_paper(session: Session, patience_ms: int, now: int) -> int:
    """The paper that the next volunteer gets; the caller's transaction may take it."""
    away = or_(
        Participant.withdrawn.is_not(None),
        Participant.finished.is_(None) & (Participant.seen < now - patience_ms),
    )
    left = (
        select(Seat.paper)
        .join(Participant, Participant.id == Seat.participant)
        .where(away)
        .order_by(Seat.paper)
        .limit(1)
    )
    paper = session.scalar(left)
    if paper is None:
        last = session.scalar(select(func.max(Seat.paper)))
        paper = 0 if last is None else last + 1
    return paper


def take_seat(session: Session, paper: int, participant: str) -> None:
    """Give a paper to a participant who is in the table already."""
    seat = session.get(Seat, paper)
    if seat is None:
        session.add(Seat(paper=paper, participant=participant))
    else:
        seat.participant = participant
