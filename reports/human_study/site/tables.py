"""The tables of a study's ratings. `migrations/` creates them.

Times are whole milliseconds since 1970 (UTC), which every database stores exactly.
"""

from __future__ import annotations

import time

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


def now_ms() -> int:
    """The current time in milliseconds."""
    return time.time_ns() // 1_000_000


class Table(DeclarativeBase):
    """Base of all tables of the site."""


class StudyRow(Table):
    """The study whose ratings this database holds, and the site's secret.

    The secret (32 bytes) signs cookies and forms. It is stored so that participants
    can continue after a restart of the server.
    """

    __tablename__ = "studies"

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    created: Mapped[int] = mapped_column(BigInteger)


class Participant(Table):
    """One person who agreed to take part.

    `id` is random and appears in the CSV. `assignment` is the index for
    `Study.assignment`. `link` is the SHA-256 of the personal link's token, so the table
    gives nobody access. `prolific` and `prolific_session` are Prolific's ids, stored
    for payment and deleted on withdrawal.
    """

    __tablename__ = "participants"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    link: Mapped[str] = mapped_column(String(64), unique=True)
    assignment: Mapped[int] = mapped_column("paper")
    language: Mapped[str] = mapped_column(String(16))
    consent_version: Mapped[str] = mapped_column(String(64))
    consented: Mapped[int] = mapped_column(BigInteger)
    seen: Mapped[int] = mapped_column(BigInteger)
    finished: Mapped[int | None] = mapped_column(BigInteger)
    withdrawn: Mapped[int | None] = mapped_column(BigInteger)
    prolific: Mapped[str | None] = mapped_column(String(64), unique=True)
    prolific_session: Mapped[str | None] = mapped_column(String(64))


class Seat(Table):
    """The participant of an assignment. It can change, see `seats.py`."""

    __tablename__ = "seats"

    assignment: Mapped[int] = mapped_column(
        "paper", primary_key=True, autoincrement=False
    )
    participant: Mapped[str] = mapped_column(ForeignKey("participants.id"))


class Answer(Table):
    """The valid answer: at most one per participant and trial.

    `shown_order` holds the picture ids as shown, separated by spaces. `chosen` is NULL
    for a tie. `revisions` says how often the answer was changed.
    """

    __tablename__ = "answers"
    __table_args__ = (UniqueConstraint("participant", "trial"),)

    number: Mapped[int] = mapped_column(primary_key=True)
    participant: Mapped[str] = mapped_column(ForeignKey("participants.id"))
    trial: Mapped[str] = mapped_column(String(32))
    position: Mapped[int]
    shown_order: Mapped[str] = mapped_column(Text)
    chosen: Mapped[str | None] = mapped_column(String(32))
    shown: Mapped[int] = mapped_column(BigInteger)
    answered: Mapped[int] = mapped_column(BigInteger)
    revisions: Mapped[int]


class DiscardedAnswer(Table):
    """An answer that does not count: `replaced` by a later one, or `refused`.

    An answer is refused if the study's settings do not allow the change.
    """

    __tablename__ = "asides"

    number: Mapped[int] = mapped_column(primary_key=True)
    participant: Mapped[str] = mapped_column(ForeignKey("participants.id"), index=True)
    trial: Mapped[str] = mapped_column(String(32))
    chosen: Mapped[str | None] = mapped_column(String(32))
    shown: Mapped[int] = mapped_column(BigInteger)
    answered: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(16))
