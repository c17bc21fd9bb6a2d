"""The leader's pages: progress, export, withdrawal on request. They need a token."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from starlette.requests import Request
from starlette.responses import Response

from benchmark.storage.digests import bytes_digest
from reports.human_study.design.ratings_table import ratings_csv
from reports.human_study.site.context import Site, TheSite, redirect, secrets_equal
from reports.human_study.site.export import stored_ratings
from reports.human_study.site.participants import withdraw
from reports.human_study.site.progress import progress
from reports.human_study.web import Fields, PageRoute
from reports.human_study.web.rates import client_of

router = APIRouter(prefix="/admin", route_class=PageRoute)


def _admin_session_value(site: Site) -> str:
    """The session value of an admin. It becomes invalid when the token changes."""
    return bytes_digest(f"admin:{site.settings.admin_token}".encode())


def _is_admin(request: Request, site: Site) -> bool:
    """Whether the request has an admin's session or bearer token."""
    if secrets_equal(str(request.session.get("admin", "")), _admin_session_value(site)):
        return True
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer":
        return False
    return _check_token(request, site, token)


def _check_token(request: Request, site: Site, given: str) -> bool:
    if secrets_equal(given, site.settings.admin_token):
        return True
    site.misses.check(client_of(request))
    return False


def _admin(request: Request, site: TheSite) -> None:
    if not _is_admin(request, site):
        raise HTTPException(404)


Admins = Annotated[None, Depends(_admin)]


@router.get("")
def overview(request: Request, site: TheSite) -> Response:
    """The progress page, or the form for the token."""
    if not _is_admin(request, site):
        return site.render(request, "login.html.jinja", wrong=False)
    return site.render(
        request,
        "admin.html.jinja",
        progress=progress(site.database, site.study, site.settings.patience_ms),
        notice=request.session.pop("notice", None),
    )


@router.post("")
def enter(request: Request, site: TheSite, fields: Fields) -> Response:
    """Log in with the token."""
    if not _check_token(request, site, fields.get("token", "").strip()):
        return site.render(request, "login.html.jinja", 403, wrong=True)
    request.session["admin"] = _admin_session_value(site)
    return redirect("/admin")


@router.post("/leave")
def leave(request: Request) -> Response:
    """Log out."""
    request.session.pop("admin", None)
    return redirect("/admin")


@router.get("/judgements.csv")
def export(request: Request, site: TheSite, admin: Admins) -> Response:
    """All ratings as a tidy CSV file."""
    text = ratings_csv(stored_ratings(site.database, site.study))
    name = f"{site.study.id}-site.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/withdraw")
def withdraw_participant(
    request: Request, site: TheSite, admin: Admins, fields: Fields
) -> Response:
    """Delete the answers of a participant who asked for it."""
    participant = fields.get("participant", "").strip()[:64]
    known = withdraw(site.database, participant)
    key = "withdraw_done" if known else "withdraw_unknown"
    text = site.words(request)["admin"][key].format(participant=participant)
    request.session["notice"] = text
    return redirect("/admin")
