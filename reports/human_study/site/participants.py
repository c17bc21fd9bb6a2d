"""Volunteers: joining once, coming back by a personal link, finishing, withdrawing."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b32encode, urlsafe_b64encode
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from reports.human_study.design.study import Study
from reports.human_study.site.database import Database, take_turns
from reports.human_study.site.seats import free_paper, take_seat
from reports.human_study.site.tables import Answer, Aside, Participant, now_ms


@dataclass(frozen=True)
class Prolific:
    """The ids that Prolific adds to the address of a study."""

    person: str
    session: str


class TakenError(Exception):
    """This Prolific account takes part already, in another session."""


def new_ticket() -> str:
    """The secret of a personal link: 128 random bits."""
    return secrets.token_urlsafe(16)


def prolific_ticket(secret: bytes, prolific: Prolific) -> str:
    """The ticket of somebody from Prolific: who comes back gets the same one."""
    text = f"prolific:{prolific.person}:{prolific.session}"
    digest = hmac.digest(secret, text.encode(), "sha256")
    return urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()


def _link(ticket: str) -> str:
    return hashlib.sha256(ticket.encode()).hexdigest()


def find(session: Session, ticket: str) -> Participant | None:
    """Whose personal link it is, or None."""
    return session.scalar(select(Participant).where(Participant.link == _link(ticket)))


def join(
    database: Database,
    study: Study,
    ticket: str,
    language: str,
    patience_ms: int,
    prolific: Prolific | None = None,
) -> Participant:
    """Take in whoever agreed; a second time with the same ticket changes nothing.

    Raises TakenError where the Prolific account takes part with another ticket.
    """
    with database.writing() as session:
        take_turns(session.connection())
        known = find(session, ticket)
        if known is not None:
            return known
        if prolific is not None and _takes_part(session, prolific):
            raise TakenError
        now = now_ms()
        person = Participant(
            id=secrets.token_hex(6),
            link=_link(ticket),
            paper=free_paper(session, patience_ms, now),
            language=language,
            consent_version=study.consent.version,
            consented=now,
            seen=now,
            prolific=prolific.person if prolific else None,
            prolific_session=prolific.session if prolific else None,
        )
        session.add(person)
        session.flush()
        take_seat(session, person.paper, person.id)
        return person


def _takes_part(session: Session, prolific: Prolific) -> bool:
    same = select(Participant.id).where(Participant.prolific == prolific.person)
    return session.scalar(same) is not None


def come_back(database: Database, ticket: str) -> Participant | None:
    """Note that somebody is here again; None for a link that was never given out.

    Of who has withdrawn nothing more is noted.
    """
    with database.writing() as session:
        person = find(session, ticket)
        if person is not None and person.withdrawn is None:
            person.seen = now_ms()
        return person


def withdraw(database: Database, participant: str) -> bool:
    """Delete all that is known of a person but their code, and when they withdrew.

    The paper's number stays, and what the personal link is known by, so that both are
    recognised. False where there is no such person.
    """
    with database.writing() as session:
        person = session.scalar(
            select(Participant).where(Participant.id == participant).with_for_update()
        )
        if person is None:
            return False
        for table in (Answer, Aside):
            session.execute(delete(table).where(table.participant == person.id))
        moment = person.withdrawn or now_ms()
        person.consented = person.seen = person.withdrawn = moment
        person.language = ""
        person.finished = person.prolific = person.prolific_session = None
        return True


def completion_code(secret: bytes, participant: str) -> str:
    """Eight letters and digits that show that this person finished."""
    digest = hmac.digest(secret, f"completion:{participant}".encode(), "sha256")
    return b32encode(digest).decode()[:8]
