"""The last pages: thanks with a completion code, withdrawal, leaving the device."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from reports.human_study.site.context import Member, TheSite, redirect
from reports.human_study.site.participants import completion_code, withdraw
from reports.human_study.web import PageRoute

router = APIRouter(route_class=PageRoute)
PROLIFIC_RETURN = "https://app.prolific.com/submissions/complete?cc="


@router.get("/thanks")
def thanks(request: Request, site: TheSite, person: Member) -> Response:
    """Thanks and completion code. Unfinished participants return to the faces."""
    if person.finished is None:
        return redirect("/rate")
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
    """Explain withdrawal and ask for confirmation."""
    return site.render(request, "withdraw.html.jinja")


@router.post("/withdraw")
def leave_study(request: Request, site: TheSite, person: Member) -> Response:
    """Withdraw: delete the answers of this participant."""
    withdraw(site.database, person.id)
    request.session.clear()
    return redirect("/withdrawn")


@router.get("/withdrawn")
def withdrawn(request: Request, site: TheSite) -> Response:
    """The confirmation of a withdrawal."""
    return site.render(request, "withdrawn.html.jinja")


@router.post("/leave")
def leave_device(request: Request) -> Response:
    """End the session, so that another person can take part on this device."""
    request.session.clear()
    return redirect("/")
