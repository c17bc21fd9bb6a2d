"""The tables of a study's ratings; `migrations/` builds them, a test holds both equal.

Moments are whole milliseconds since 1970 (UTC), which every database keeps exactly.
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
    """This moment."""
    return time.time_ns() // 1_000_000


class Table(DeclarativeBase):
    """All tables of the site."""


class StudyRow(Table):
    """The one study whose ratings this database keeps, and the site's secret.

    The secret (32 bytes) signs cookies and forms; it lies here so that people can go
    on after a restart of the server.
    """

    __tablename__ = "studies"

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    created: Mapped[int] = mapped_column(BigInteger)


class Participant(Table):
    """One volunteer who agreed to take part.

    `id` is opaque and stands in the CSV; `link` is the SHA-256 of the personal link's
    token, so that this table lets nobody in. `prolific` and `prolific_session` are
    Prolific's ids, kept for payment and emptied on withdrawal; `paper` is what
    `Study.paper` takes.
    """

    __tablename__ = "participants"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    link: Mapped[str] = mapped_column(String(64), unique=True)
    paper: Mapped[int]
    language: Mapped[str] = mapped_column(String(16))
    consent_version: Mapped[str] = mapped_column(String(64))
    consented: Mapped[int] = mapped_column(BigInteger)
    seen: Mapped[int] = mapped_column(BigInteger)
    finished: Mapped[int | None] = mapped_column(BigInteger)
    withdrawn: Mapped[int | None] = mapped_column(BigInteger)
    prolific: Mapped[str | None] = mapped_column(String(64), unique=True)
    prolific_session: Mapped[str | None] = mapped_column(String(64))


class Seat(Table):
    """Who holds a paper; it passes on when its holder withdraws or stays away."""

    __tablename__ = "seats"

    paper: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    participant: Mapped[str] = mapped_column(ForeignKey("participants.id"))


class Answer(Table):
    """The answer that counts: at most one for each participant and trial.

    `shown_order` holds the pictures as presented, joined by blanks; `chosen` is empty
    for "cannot tell". `revisions` says how often the answer was changed.
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


class Aside(Table):
    """A choice that does not count: `replaced` by a later one, or `refused`.

    Together with `answers` this is the whole history: what the back rule let people
    change, and what they tried to change against it.
    """

    __tablename__ = "asides"

    number: Mapped[int] = mapped_column(primary_key=True)
    participant: Mapped[str] = mapped_column(ForeignKey("participants.id"), index=True)
    trial: Mapped[str] = mapped_column(String(32))
    chosen: Mapped[str | None] = mapped_column(String(32))
    shown: Mapped[int] = mapped_column(BigInteger)
    answered: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(16))
