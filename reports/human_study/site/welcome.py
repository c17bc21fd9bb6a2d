"""The pages before the first face: consent, instructions, personal link."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path
from starlette.requests import Request
from starlette.responses import Response

from reports.human_study.design.practice import effort, practice_question
from reports.human_study.site.context import (
    Member,
    Site,
    TheSite,
    current_participant,
    redirect,
)
from reports.human_study.site.participants import (
    Prolific,
    TakenError,
    find_and_touch,
    join,
    new_ticket,
    prolific_ticket,
)
from reports.human_study.site.tables import Participant
from reports.human_study.web import Fields, PageRoute, page_language
from reports.human_study.web.pages import LANGUAGE
from reports.human_study.web.rates import client_of

router = APIRouter(route_class=PageRoute)
PROLIFIC_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@router.get("/")
def start(request: Request, site: TheSite) -> Response:
    """The consent page. Participants are redirected to where they stopped."""
    prolific = _prolific_ids(request)
    if prolific is not None:
        _start_prolific_session(request, site, prolific)
    if current_participant(request, site) is not None:
        return redirect("/rate")
    # After the consent the language is fixed to that of the consent.
    chosen = request.query_params.get("lang")
    if chosen in site.study.languages:
        request.session[LANGUAGE] = chosen
    if "ticket" not in request.session:
        request.session["ticket"] = new_ticket()
    return _consent(request, site)


@router.post("/consent")
def agree(request: Request, site: TheSite, fields: Fields) -> Response:
    """Join the study. A double click joins once, because the ticket is the same."""
    if fields.get("agree") != "yes":
        return _consent(request, site, 422, problem="must_agree")
    ticket = request.session.get("ticket")
    if ticket is None:
        return redirect("/")
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
    return redirect("/instructions")


@router.get("/instructions")
def instructions(request: Request, site: TheSite, person: Member) -> Response:
    """What to do, and how to return later."""
    return site.render(
        request,
        "instructions.html.jinja",
        link=site.personal_link(request),
        code=person.id,
        practice=practice_question(site.study.slots, site.words(request)),
    )


@router.get("/p/{ticket}")
def personal(
    request: Request, site: TheSite, ticket: Annotated[str, Path(max_length=64)]
) -> Response:
    """The personal link: continue where this participant stopped."""
    person = find_and_touch(site.database, ticket)
    if person is None:
        site.misses.check(client_of(request))
        raise HTTPException(404)
    if person.withdrawn is not None:
        request.session.clear()
        return redirect("/withdrawn")
    request.session.clear()
    _enter(request, person, ticket)
    return redirect("/rate")


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
        effort=effort(site.study, site.words(request)),
        prolific="prolific" in request.session,
    )


def _enter(request: Request, person: Participant, ticket: str) -> None:
    request.session.update(
        {"ticket": ticket, "member": True, LANGUAGE: person.language}
    )


def _prolific_ids(request: Request) -> Prolific | None:
    """The ids that Prolific adds to the address; HTTPException 400 if invalid."""
    given = request.query_params
    if "PROLIFIC_PID" not in given:
        return None
    person, session = given["PROLIFIC_PID"], given.get("SESSION_ID", "")
    if not PROLIFIC_ID.fullmatch(person) or not PROLIFIC_ID.fullmatch(session):
        raise HTTPException(400)
    return Prolific(person, session)


def _start_prolific_session(request: Request, site: Site, prolific: Prolific) -> None:
    """Start a session with the ticket of these ids, or continue the earlier one."""
    ticket = prolific_ticket(site.database.secret, prolific)
    if request.session.get("ticket") != ticket:
        language = request.session.get(LANGUAGE)
        request.session.clear()
        request.session["ticket"] = ticket
        request.session["prolific"] = vars(prolific)
        if language:
            request.session[LANGUAGE] = language
    person = find_and_touch(site.database, ticket)
    if person is not None:
        _enter(request, person, ticket)
