"""Routes for entry, personal links, the list of faces and a designer's export."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import FastAPI, HTTPException, Request
from starlette.responses import Response

from reports.human_study.studio.drafts import Draft, StudioError, finished
from reports.human_study.studio.session import DESIGNER, Studio, redirect
from reports.human_study.studio.sheet import avatar_address
from reports.human_study.web import Fields, Pages, base_address


@dataclass(frozen=True)
class Entry:
    """A face in the list. `avatar` is the address of its picture, or empty."""

    face: str
    status: str
    avatar: str


def add_desk_routes(app: FastAPI, studio: Studio, pages: Pages) -> None:
    """Add the routes for entry, personal links, the list of faces and the export."""

    @app.get("/")
    def desk(request: Request) -> Response:
        name = studio.find_designer(request)
        if name is None:
            return _entry_page(studio, pages, request)
        return _list_faces(studio, pages, request, name)

    @app.post("/enter")
    def enter(request: Request, fields: Fields) -> Response:
        if studio.invited:
            raise HTTPException(403)
        given = fields.get("name", "").strip()
        try:
            request.session[DESIGNER] = studio.workbook.enter(given).name
        except StudioError as error:
            return _entry_page(studio, pages, request, str(error), given)
        return redirect("/")

    @app.get("/desk/{token}")
    def resume(request: Request, token: str) -> Response:
        for designer in studio.workbook.designers():
            if designer.holds(token) and studio.admits(designer.name):
                request.session[DESIGNER] = designer.name
                return redirect("/")
        raise HTTPException(404)

    @app.post("/leave")
    def leave(request: Request) -> Response:
        request.session.pop(DESIGNER, None)
        return redirect("/")

    @app.get("/export/{file}")
    def export(request: Request, file: str) -> Response:
        designer = studio.require_designer(request)
        done = finished(studio.workbook.drafts(designer))
        files = studio.export(designer, done) if done else {}
        if file not in files:
            raise HTTPException(404)
        headers = {"Content-Disposition": f'attachment; filename="{file}"'}
        return Response(files[file], 200, headers, "application/octet-stream")


def _entry_page(
    studio: Studio, pages: Pages, request: Request, problem: str = "", given: str = ""
) -> Response:
    """The entry page; `problem` says what is wrong with the `given` name."""
    status = 422 if problem else 200
    template, values = "entry.html.jinja", {"problem": problem, "given": given}
    return pages.render(request, template, status, studio=studio, **values)


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
        link=f"{base_address(request)}/desk/{token}",
        files=list(studio.export(name, done)) if done else [],
    )


def _entry(studio: Studio, face: str, draft: Draft | None) -> Entry:
    if draft is None:
        return Entry(face, "not begun", "")
    status = "begun" if draft.finish is None else "done"
    return Entry(face, status, avatar_address(studio.canvas, draft.vector, "small"))
