"""Serves the pictures of a study under their random ids, to participants only."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from reports.human_study.site.context import TheSite
from reports.human_study.web import PageRoute

router = APIRouter(route_class=PageRoute)


@router.get("/pictures/{name}.webp")
def picture(request: Request, site: TheSite, name: str) -> Response:
    """One picture. Only ids of the study lead to a file."""
    path = site.study.pictures.get(name)
    if path is None or not request.session.get("member"):
        raise HTTPException(404)
    headers = {"Cache-Control": "private, max-age=31536000, immutable"}
    return FileResponse(path, media_type="image/webp", headers=headers)
