"""From the first visit to the first face: consent, instructions, personal link."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path
from starlette.requests import Request
from starlette.responses import Response

from reports.human_study.site.context import Member, Site, TheSite, current, go
from reports.human_study.site.participants import (
    Prolific,
    TakenError,
    come_back,
    join,
    new_ticket,
    prolific_ticket,
)
from reports.human_study.site.tables import Participant
from reports.human_study.web import Fields, page_language
from reports.human_study.web.pages import LANGUAGE
from reports.human_study.web.rates import client_of

router = APIRouter()
PROLIFIC_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@router.get("/")
def start(request: Request, site: TheSite) -> Response:
    """The consent page; who takes part already goes on where they stopped."""
    prolific = _arrival(request)
    if prolific is not None:
        _arrive(request, site, prolific)
    if current(request, site) is not None:
        return go("/rate")
    # Later the language stays: it is the one in which somebody gave their consent.
    chosen = request.query_params.get("lang")
    if chosen in site.study.languages:
        request.session[LANGUAGE] = chosen
    if "ticket" not in request.session:
        request.session["ticket"] = new_ticket()
    return _consent(request, site)


@router.post("/consent")
def agree(request: Request, site: TheSite, fields: Fields) -> Response:
    """Take part: a double click joins once, for the ticket is the same."""
    if fields.get("agree") != "yes":
        return _consent(request, site, 422, problem="must_agree")
    ticket = request.session.get("ticket")
    if ticket is None:
        return go("/")
    if not request.session.get("member"):
        site.starts.check(client_of(request))
    known = request.session.get("prolific")
    try:
        person = join(
            site.database,
            site.study,
            ticket,
            page_language(request, site.study.languages),
            site.settings.patience_ms,
            Prolific(**known) if known else None,
        )
    except TakenError:
        return _consent(request, site, 409, problem="taken")
    _enter(request, person, ticket)
    return go("/instructions")


@router.get("/instructions")
def instructions(request: Request, site: TheSite, person: Member) -> Response:
    """What to do, and how to come back."""
    return site.render(
        request,
        "instructions.html.jinja",
        link=site.personal_link(request),
        code=person.id,
    )


@router.get("/p/{ticket}")
def personal(
    request: Request, site: TheSite, ticket: Annotated[str, Path(max_length=64)]
) -> Response:
    """The personal link: go on where this person stopped."""
    person = come_back(site.database, ticket)
    if person is None:
        site.misses.check(client_of(request))
        raise HTTPException(404)
    if person.withdrawn is not None:
        request.session.clear()
        return go("/withdrawn")
    request.session.clear()
    _enter(request, person, ticket)
    return go("/rate")


def _consent(
    request: Request, site: Site, status: int = 200, problem: str | None = None
) -> Response:
    language = page_language(request, site.study.languages)
    return site.render(
        request,
        "consent.html.jinja",
        status,
        problem=problem,
        consent=site.study.consent.text[language].split("\n\n"),
        prolific="prolific" in request.session,
    )


def _enter(request: Request, person: Participant, ticket: str) -> None:
    request.session.update(
        {"ticket": ticket, "member": True, LANGUAGE: person.language}
    )


def _arrival(request: Request) -> Prolific | None:
    """The ids in the address of whoever comes from Prolific; 400 for odd ones."""
    given = request.query_params
    if "PROLIFIC_PID" not in given:
        return None
    person, session = given["PROLIFIC_PID"], given.get("SESSION_ID", "")
    if not PROLIFIC_ID.fullmatch(person) or not PROLIFIC_ID.fullmatch(session):
        raise HTTPException(400)
    return Prolific(person, session)


def _arrive(request: Request, site: Site, prolific: Prolific) -> None:
    """Begin with the ticket of these ids; whoever had it before is known again."""
    ticket = prolific_ticket(site.database.secret, prolific)
    if request.session.get("ticket") != ticket:
        language = request.session.get(LANGUAGE)
        request.session.clear()
        request.session["ticket"] = ticket
        request.session["prolific"] = vars(prolific)
        if language:
            request.session[LANGUAGE] = language
    person = come_back(site.database, ticket)
    if person is not None:
        _enter(request, person, ticket)
