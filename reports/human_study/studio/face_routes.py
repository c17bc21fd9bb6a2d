"""Routes for the page of one face, where a designer edits its avatar."""

from __future__ import annotations

import re
from collections.abc import Mapping

from fastapi import FastAPI, HTTPException, Request
from starlette.responses import JSONResponse, Response

from benchmark.avatars import AvatarError
from reports.human_study.studio import sheet
from reports.human_study.studio.avatar_routes import add_avatar_routes
from reports.human_study.studio.drafts import (
    Draft,
    Stale,
    StudioError,
    finished,
)
from reports.human_study.studio.pictures import FACE_SIZE, SMALL_SIZE
from reports.human_study.studio.session import Studio, redirect
from reports.human_study.web import Fields, Pages

REVALIDATED = {"Cache-Control": "private, no-cache"}


def add_face_routes(app: FastAPI, studio: Studio, pages: Pages) -> None:
    """Add the page of a face, and the address to which all its buttons post."""

    @app.get("/faces/{face}")
    def show(request: Request, face: str) -> Response:
        designer = studio.require_designer(request)
        _check_face(studio, face)
        return _page(studio, pages, request, designer, face)

    @app.post("/faces/{face}")
    def act(request: Request, face: str, fields: Fields) -> Response:
        designer = studio.require_designer(request)
        _check_face(studio, face)
        try:
            draft = _act(studio, designer, face, fields)
        except Stale as error:
            if not _wants_json(request):
                raise HTTPException(409) from error
            content = {"error": str(error), **sheet.state(studio.canvas, error.draft)}
            return JSONResponse(content, 409)
        except (AvatarError, StudioError) as error:
            raise HTTPException(422) from error
        if _wants_json(request):
            return JSONResponse(sheet.state(studio.canvas, draft))
        return redirect(_next_path(studio, designer, draft, fields["action"]))


def add_picture_routes(app: FastAPI, studio: Studio) -> None:
    """Add the pictures of faces, avatars and options, for entered designers."""
    pictures = studio.pictures

    @app.get("/faces/{face}/picture")
    def face_picture(request: Request, face: str, size: str = "") -> Response:
        studio.require_designer(request)
        _check_face(studio, face)
        pixels = SMALL_SIZE if size == "small" else FACE_SIZE
        return Response(pictures.face(face, pixels), 200, REVALIDATED, "image/webp")

    add_avatar_routes(app, studio.canvas, studio.pictures, studio.require_designer)


def _check_face(studio: Studio, face: str) -> None:
    if face not in studio.faces.ids():
        raise HTTPException(404)


def _wants_json(request: Request) -> bool:
    return "application/json" in request.headers.get("accept", "")


def _act(studio: Studio, designer: str, face: str, fields: Mapping[str, str]) -> Draft:
    """Carry out a button's action; StudioError for an invalid form."""
    book, action = studio.workbook, fields.get("action", "")
    revision = _revision(fields)
    if action == "undo":
        return book.undo(designer, face, revision)
    if action == "redo":
        return book.redo(designer, face, revision)
    if action == "copy":
        return book.copy(designer, face, fields.get("source", ""), revision)
    if action == "reopen":
        return book.reopen(designer, face, revision)
    if action not in ("save", "done"):
        raise StudioError(f"there is no action {action!r}")
    book.change(designer, face, sheet.posted_values(fields), revision)
    draft = book.flag(designer, face, sheet.posted_flags(fields))
    if action == "save":
        return draft
    digest = studio.faces.digest(face)
    version = studio.canvas.version
    return book.finish(designer, face, digest, version, draft.revision)


def _revision(fields: Mapping[str, str]) -> int:
    text = fields.get("revision", "")
    if not re.fullmatch("[0-9]{1,9}", text):
        raise StudioError(f"there is no revision {text!r}")
    return int(text)


def _next_path(studio: Studio, designer: str, draft: Draft, action: str) -> str:
    """The page after a form: the same face, or after "done" the next open one."""
    if action != "done":
        return sheet.face_path(draft.face)
    done = finished(studio.workbook.drafts(designer))
    ids = studio.faces.ids()
    here = ids.index(draft.face)
    for face in (*ids[here:], *ids[:here]):
        if face not in done:
            return sheet.face_path(face)
    return "/"


def _most_similar(studio: Studio, designer: str, face: str) -> str | None:
    """The most similar face among those that the designer has finished."""
    here = set(studio.faces.ids())
    done = finished(studio.workbook.drafts(designer))
    return studio.face_similarity.nearest(
        face, [other for other in done if other in here]
    )


def _page(
    studio: Studio, pages: Pages, request: Request, designer: str, face: str
) -> Response:
    draft = studio.workbook.draft(designer, face)
    ids = studio.faces.ids()
    here = ids.index(face)
    return pages.render(
        request,
        "face.html.jinja",
        studio=studio,
        designer=designer,
        draft=draft,
        state=sheet.state(studio.canvas, draft),
        sections=sheet.sections(studio.canvas, draft),
        nearest=_most_similar(studio, designer, face),
        number=here + 1,
        count=len(ids),
        previous=ids[here - 1] if here else None,
        following=ids[here + 1] if here + 1 < len(ids) else None,
    )
