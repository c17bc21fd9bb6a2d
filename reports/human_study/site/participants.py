"""Participants: joining, returning with a personal link, withdrawing."""

from __future__ import annotations

import hmac
import secrets
from base64 import b32encode, urlsafe_b64encode
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from benchmark.storage.digests import bytes_digest
from reports.human_study.design.study import Study
from reports.human_study.site.database import Database, lock_exclusively
from reports.human_study.site.seats import next_assignment, take_seat
from reports.human_study.site.tables import Answer, DiscardedAnswer, Participant, now_ms


@dataclass(frozen=True)
class Prolific:
    """The ids that Prolific adds to the address of a study."""

    person: str
    session: str


class TakenError(Exception):
    """This Prolific account already takes part, in another session."""


def new_ticket() -> str:
    """The secret of a personal link: 128 random bits."""
    return secrets.token_urlsafe(16)


def prolific_ticket(secret: bytes, prolific: Prolific) -> str:
    """The ticket of a participant from Prolific; equal ids give equal tickets."""
    text = f"prolific:{prolific.person}:{prolific.session}"
    digest = hmac.digest(secret, text.encode(), "sha256")
    return urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()


def _ticket_hash(ticket: str) -> str:
    return bytes_digest(ticket.encode())


def find_by_ticket(session: Session, ticket: str) -> Participant | None:
    """The participant with this personal link, or None."""
    return session.scalar(
        select(Participant).where(Participant.link == _ticket_hash(ticket))
    )


def join(
    database: Database,
    study: Study,
    ticket: str,
    language: str,
    patience_ms: int,
    prolific: Prolific | None = None,
) -> Participant:
    """Add a participant who agreed. The same ticket again changes nothing.

    Raises TakenError if the Prolific account takes part with another ticket.
    """
    with database.writing() as session:
        lock_exclusively(session.connection())
        known = find_by_ticket(session, ticket)
        if known is not None:
            return known
        if prolific is not None and _takes_part(session, prolific):
            raise TakenError
        now = now_ms()
        person = Participant(
            id=secrets.token_hex(6),
            link=_ticket_hash(ticket),
            assignment=next_assignment(session, patience_ms, now),
            language=language,
            consent_version=study.consent.version,
            consented=now,
            seen=now,
            prolific=prolific.person if prolific else None,
            prolific_session=prolific.session if prolific else None,
        )
        session.add(person)
        session.flush()
        take_seat(session, person.assignment, person.id)
        return person


def _takes_part(session: Session, prolific: Prolific) -> bool:
    same = select(Participant.id).where(Participant.prolific == prolific.person)
    return session.scalar(same) is not None


def find_and_touch(database: Database, ticket: str) -> Participant | None:
    """The participant with this ticket, or None. Updates when they were last seen.

    Nothing is updated for participants who have withdrawn.
    """
    with database.writing() as session:
        person = find_by_ticket(session, ticket)
        if person is not None and person.withdrawn is None:
            person.seen = now_ms()
        return person


def withdraw(database: Database, participant: str) -> bool:
    """Delete a participant's answers and personal data; False if there is none.

    Id, assignment, hash of the personal link and time of withdrawal are kept, so that
    all of them are still recognised.
    """
    with database.writing() as session:
        person = session.scalar(
            select(Participant).where(Participant.id == participant).with_for_update()
        )
        if person is None:
            return False
        for table in (Answer, DiscardedAnswer):
            session.execute(delete(table).where(table.participant == person.id))
        moment = person.withdrawn or now_ms()
        person.consented = person.seen = person.withdrawn = moment
        person.language = ""
        person.finished = person.prolific = person.prolific_session = None
        return True


def completion_code(secret: bytes, participant: str) -> str:
    """The code of eight letters and digits that proves that a participant finished."""
    digest = hmac.digest(secret, f"completion:{participant}".encode(), "sha256")
    return b32encode(digest).decode()[:8]
