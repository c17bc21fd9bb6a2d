"""For the study's leader: progress, export, withdrawal on request; behind a token."""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from starlette.requests import Request
from starlette.responses import Response

from reports.human_study.design.ratings_table import judgements_csv
from reports.human_study.site.context import Site, TheSite, go, same_text
from reports.human_study.site.export import judgements
from reports.human_study.site.participants import withdraw
from reports.human_study.site.progress import progress
from reports.human_study.web import Fields
from reports.human_study.web.rates import client_of

router = APIRouter(prefix="/admin")


def _mark(site: Site) -> str:
    """What the session of an admin holds: it ends when the token changes."""
    return hashlib.sha256(f"admin:{site.settings.admin_token}".encode()).hexdigest()


def _may_enter(request: Request, site: Site) -> bool:
    """Whether the session or a bearer token is an admin's."""
    if same_text(str(request.session.get("admin", "")), _mark(site)):
        return True
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer":
        return False
    return _is_token(request, site, token)


def _is_token(request: Request, site: Site, given: str) -> bool:
    if same_text(given, site.settings.admin_token):
        return True
    site.misses.check(client_of(request))
    return False


def _admin(request: Request, site: TheSite) -> None:
    if not _may_enter(request, site):
        raise HTTPException(404)


Admins = Annotated[None, Depends(_admin)]


@router.get("")
def overview(request: Request, site: TheSite) -> Response:
    """The progress, or the question for the token."""
    if not _may_enter(request, site):
        return site.render(request, "login.html.jinja", wrong=False)
    return site.render(
        request,
        "admin.html.jinja",
        progress=progress(site.database, site.study, site.settings.patience_ms),
        notice=request.session.pop("notice", None),
    )


@router.post("")
def enter(request: Request, site: TheSite, fields: Fields) -> Response:
    """Let in who knows the token."""
    if not _is_token(request, site, fields.get("token", "").strip()):
        return site.render(request, "login.html.jinja", 403, wrong=True)
    request.session["admin"] = _mark(site)
    return go("/admin")


@router.post("/leave")
def leave(request: Request) -> Response:
    """Log out."""
    request.session.pop("admin", None)
    return go("/admin")


@router.get("/judgements.csv")
def export(request: Request, site: TheSite, admin: Admins) -> Response:
    """All judgements as the tidy CSV."""
    text = judgements_csv(judgements(site.database, site.study))
    name = f"{site.study.id}-site.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/withdraw")
def withdraw_somebody(
    request: Request, site: TheSite, admin: Admins, fields: Fields
) -> Response:
    """Delete what a person answered who asked for it with their code."""
    participant = fields.get("participant", "").strip()[:64]
    known = withdraw(site.database, participant)
    key = "withdraw_done" if known else "withdraw_unknown"
    said = site.words(request)["admin"][key].format(participant=participant)
    request.session["notice"] = said
    return go("/admin")
