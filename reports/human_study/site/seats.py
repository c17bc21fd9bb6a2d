"""Chooses each participant's assignment, so that finished assignments stay balanced.

A new participant gets the lowest free assignment. An assignment becomes free again when
its participant withdraws, or leaves it unfinished and stays away for longer than
`patience`. Therefore abandoned assignments are filled before new ones are started, and
the finished assignments become 0, 1, 2, … without gaps. A participant who returns after
the assignment was passed on continues with it, so two participants answer it.
"""

from __future__ import annotations

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from reports.human_study.site.tables import Participant, Seat


def next_assignment(session: Session, patience_ms: int, now: int) -> int:
    """A new participant's assignment. Call it in the transaction that adds them."""
    away = or_(
        Participant.withdrawn.is_not(None),
        Participant.finished.is_(None) & (Participant.seen < now - patience_ms),
    )
    left = (
        select(Seat.assignment)
        .join(Participant, Participant.id == Seat.participant)
        .where(away)
        .order_by(Seat.assignment)
        .limit(1)
    )
    number = session.scalar(left)
    if number is None:
        last = session.scalar(select(func.max(Seat.assignment)))
        number = 0 if last is None else last + 1
    return number


def take_seat(session: Session, assignment: int, participant: str) -> None:
    """Give an assignment to a participant who is already stored."""
    seat = session.get(Seat, assignment)
    if seat is None:
        session.add(Seat(assignment=assignment, participant=participant))
    else:
        seat.participant = participant
