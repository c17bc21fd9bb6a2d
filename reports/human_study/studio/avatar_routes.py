"""Pictures of avatars and of options, for the studio and for `avatarbench create`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fastapi import FastAPI, HTTPException, Request
from starlette.responses import Response

from benchmark.avatars import AvatarError, AvatarVectors
from benchmark.avatars.spec import AvatarSpec
from reports.human_study.studio import sheet
from reports.human_study.studio.canvas import Canvas
from reports.human_study.studio.drafts import initial_vector, with_values
from reports.human_study.studio.pictures import (
    AVATAR_SIZE,
    LARGE_SIZE,
    SMALL_SIZE,
    Colours,
    Pictures,
)

CACHED = {"Cache-Control": "private, max-age=31536000, immutable"}
"""For pictures whose address changes with their content."""
SIZES = {"small": SMALL_SIZE, "large": LARGE_SIZE}


def add_avatar_routes(
    app: FastAPI,
    canvas: Canvas,
    pictures: Pictures,
    admit: Callable[[Request], object],
) -> None:
    """Add the pictures of avatars and options. `admit` may raise HTTPException."""
    spec = canvas.spec

    @app.get("/avatar.png")
    def avatar(request: Request) -> Response:
        admit(request)
        pixels = SIZES.get(request.query_params.get("size", ""), AVATAR_SIZE)
        vector = requested_vector(spec, request)
        return Response(pictures.avatar(vector, pixels), 200, CACHED, "image/png")

    @app.get("/options/{parameter}/{number}.png")
    def option(request: Request, parameter: str, number: int) -> Response:
        admit(request)
        choice = next((d for d in spec.discrete if d.name == parameter), None)
        if choice is None or not 0 <= number < len(choice.options):
            raise HTTPException(404)
        colours = _colours(spec, dict(request.query_params))
        drawn = pictures.thumbnail(choice, number, colours)
        return Response(drawn, 200, CACHED, "image/png")


def requested_vector(spec: AvatarSpec, request: Request) -> AvatarVectors:
    """The avatar (one row) in the query of a request; HTTPException 422 if invalid."""
    try:
        values = sheet.posted_values(dict(request.query_params))
        return with_values(initial_vector(spec), values)
    except AvatarError as error:
        raise HTTPException(422) from error


def _colours(spec: AvatarSpec, query: Mapping[str, str]) -> Colours:
    """The colours in the address of a thumbnail; HTTPException 404 if unknown."""
    given = sheet.posted_values(query)
    palette = {c.name: c.options for c in spec.discrete if c.colours}
    if any(value not in palette.get(name, ()) for name, value in given.items()):
        raise HTTPException(404)
    return tuple(sorted(given.items()))
