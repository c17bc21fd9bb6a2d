"""The end: thanks with a completion code, withdrawal, room for the next person."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from reports.human_study.site.context import Member, TheSite, go
from reports.human_study.site.participants import completion_code, withdraw

router = APIRouter()
PROLIFIC_RETURN = "https://app.prolific.com/submissions/complete?cc="


@router.get("/thanks")
def thanks(request: Request, site: TheSite, person: Member) -> Response:
    """Thanks and the code; who is not at the end goes back to the faces."""
    if person.finished is None:
        return go("/rate")
    code = completion_code(site.database.secret, person.id)
    prolific = site.settings.prolific_code if person.prolific else None
    return site.render(
        request,
        "thanks.html.jinja",
        code=prolific or code,
        back=PROLIFIC_RETURN + quote(prolific, safe="") if prolific else None,
        link=site.personal_link(request),
        participant=person.id,
    )


@router.get("/withdraw")
def ask(request: Request, site: TheSite, person: Member) -> Response:
    """Say what withdrawing does, and ask."""
    return site.render(request, "withdraw.html.jinja")


@router.post("/withdraw")
def leave_study(request: Request, site: TheSite, person: Member) -> Response:
    """Delete everything of this person."""
    withdraw(site.database, person.id)
    request.session.clear()
    return go("/withdrawn")


@router.get("/withdrawn")
def withdrawn(request: Request, site: TheSite) -> Response:
    """Goodbye."""
    return site.render(request, "withdrawn.html.jinja")


@router.post("/leave")
def leave_device(request: Request) -> Response:
    """Forget who used this browser, so that somebody else can take part."""
    request.session.clear()
    return go("/")
