"""Entry, personal links, the list of faces, and a designer's own export."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import FastAPI, HTTPException, Request
from starlette.responses import Response

from reports.forms.studio.drafts import Draft, StudioError, finished
from reports.forms.studio.room import DESIGNER, Studio, seated, see_other
from reports.forms.studio.sheet import avatar_address
from reports.forms.web import Fields, Pages


@dataclass(frozen=True)
class Entry:
    """One face in the list: what became of it, and its avatar's picture if any."""

    face: str
    status: str
    avatar: str


def add_desk_routes(app: FastAPI, studio: Studio, pages: Pages) -> None:
    """Entry, personal links, the list of faces, and the designer's own export."""

    @app.get("/")
    def desk(request: Request) -> Response:
        name = request.session.get(DESIGNER)
        if not isinstance(name, str):
            return pages.render(
                request,
                "entry.html.jinja",
                studio=studio,
                problem="",
                given="",
            )
        return _list_faces(studio, pages, request, name)

    @app.post("/enter")
    def enter(request: Request, fields: Fields) -> Response:
        if not studio.open_entry:
            raise HTTPException(403)
        given = fields.get("name", "").strip()
        try:
            request.session[DESIGNER] = studio.workbook.enter(given).name
        except StudioError as error:
            return pages.render(
                request,
                "entry.html.jinja",
                422,
                studio=studio,
                problem=str(error),
                given=given,
            )
        return see_other("/")

    @app.get("/desk/{token}")
    def resume(request: Request, token: str) -> Response:
        for designer in studio.workbook.designers():
            if designer.holds(token):
                request.session[DESIGNER] = designer.name
                return see_other("/")
        raise HTTPException(404)

    @app.post("/leave")
    def leave(request: Request) -> Response:
        request.session.pop(DESIGNER, None)
        return see_other("/")

    @app.get("/export/{file}")
    def export(request: Request, file: str) -> Response:
        done = finished(studio.workbook.drafts(seated(request)))
        files = studio.export(seated(request), done) if done else {}
        if file not in files:
            raise HTTPException(404)
        headers = {"Content-Disposition": f'attachment; filename="{file}"'}
        return Response(files[file], 200, headers, "application/octet-stream")


def _list_faces(studio: Studio, pages: Pages, request: Request, name: str) -> Response:
    drafts = studio.workbook.drafts(name)
    done = finished(drafts)
    entries = [_entry(studio, face, drafts.get(face)) for face in studio.faces.ids()]
    (token,) = [d.token for d in studio.workbook.designers() if d.name == name]
    return pages.render(
        request,
        "faces.html.jinja",
        studio=studio,
        designer=name,
        entries=entries,
        done=sum(entry.status == "done" for entry in entries),
        following=next((e.face for e in entries if e.status != "done"), None),
        link=str(request.base_url) + f"desk/{token}",
        files=list(studio.export(name, done)) if done else [],
    )


def _entry(studio: Studio, face: str, draft: Draft | None) -> Entry:
    if draft is None:
        return Entry(face, "not begun", "")
    status = "begun" if draft.finish is None else "done"
    return Entry(face, status, avatar_address(studio.canvas, draft.vector, "small"))
