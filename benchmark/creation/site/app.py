"""The web app that turns a picture into an avatar; pictures are not kept."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
import threading
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from fastapi import FastAPI, Request
from numpy.typing import NDArray
from starlette.responses import JSONResponse, Response

from benchmark.avatars import AvatarVectors
from benchmark.creation.cropping import Crop, crop_faces
from benchmark.photographs import PhotographError
from benchmark.photographs.reading import decode_photograph
from reports.human_study.studio import sheet
from reports.human_study.studio.avatar_routes import (
    add_avatar_routes,
    requested_vector,
)
from reports.human_study.studio.canvas import Canvas
from reports.human_study.studio.drafts import Draft, initial_vector, with_values
from reports.human_study.studio.pictures import Pictures
from reports.human_study.web import (
    THIS_MACHINE,
    Address,
    Body,
    Pages,
    Setup,
    check_prefix,
    make_app,
)
from reports.human_study.web.application import mount_static
from reports.human_study.web.rates import Rate

NAME = "Selfie to avatar"
STUDIO = "reports.human_study.studio"
"""The package whose templates and static files the page shares."""
PICTURE_BYTES = 12_000_000
RATE = Rate(per_second=200, burst=3000)
"""High, because a page shows many thumbnails and a moving slider asks for pictures."""
FACES = 8
"""Largest number of faces of one picture."""

Predict = Callable[[NDArray[np.uint8]], AvatarVectors]
"""predict(faces) gives the vectors of (n, S, S, 3) uint8 aligned faces."""


def make_site(
    canvas: Canvas,
    predict: Predict,
    size: int,
    label: str,
    address: Address = THIS_MACHINE,
) -> FastAPI:
    """The app for an engine.

    Args:
        canvas: the engine.
        predict: the model; it is called by one thread at a time.
        size: side in pixels of the faces that it is given.
        label: what the model is, for people.
        address: where browsers reach the server.
    """
    setup = Setup(
        NAME,
        secrets.token_bytes(32),
        address=address,
        body_bytes=PICTURE_BYTES * 4 // 3 + 4096,
        rate=RATE,
        cookie="avatarbench-create",
        camera=True,
    )
    pages = Pages("benchmark.creation.site", NAME, shared={"studio": STUDIO})
    app = make_app(setup, pages)
    mount_static(app, "studio", STUDIO)
    mount_static(app, "create", "benchmark.creation.site")
    pictures = Pictures(canvas)
    threading.Thread(target=pictures.prepare, daemon=True).start()
    add_avatar_routes(app, canvas, pictures, lambda request: None)
    _add_pages(app, canvas, pages, label)
    _add_creation(app, canvas, predict, size)
    check_prefix(address, app.routes)
    return app


def _add_pages(app: FastAPI, canvas: Canvas, pages: Pages, label: str) -> None:
    draft = Draft("", initial_vector(canvas.spec))

    @app.get("/")
    def show(request: Request) -> Response:
        return pages.render(
            request,
            "create.html.jinja",
            canvas=canvas,
            label=label,
            state=avatar_state(canvas, draft.vector),
            sections=sheet.sections(canvas, draft),
        )

    @app.get("/state")
    def state(request: Request) -> Response:
        vector = requested_vector(canvas.spec, request)
        return JSONResponse(avatar_state(canvas, vector))

    @app.get("/vector.json")
    def vector(request: Request) -> Response:
        record = requested_vector(canvas.spec, request).to_records()[0]
        content = {
            "engine": canvas.name,
            "engine_version": canvas.version,
            "vector": record,
        }
        headers = {"Content-Disposition": 'attachment; filename="avatar.json"'}
        text = json.dumps(content, indent=2)
        return Response(text, 200, headers, "application/json")


def _add_creation(app: FastAPI, canvas: Canvas, predict: Predict, size: int) -> None:
    one_at_a_time = threading.Lock()

    @app.post("/avatars")
    def create(body: Body) -> Response:
        """The avatar of each face in the posted picture, the largest face first."""
        try:
            crops = _read_faces(body, size)
        except PhotographError as error:
            return JSONResponse({"error": f"{_sentence(str(error))}."}, 422)
        with one_at_a_time:
            vectors = predict(np.stack([crop.picture for crop in crops]))
        faces = [
            {"box": list(crop.face.box), **avatar_state(canvas, _steps(vectors[row]))}
            for row, crop in enumerate(crops)
        ]
        return JSONResponse({"faces": faces})


def avatar_state(canvas: Canvas, vector: AvatarVectors) -> dict[str, Any]:
    """Values, active fields and address of an avatar, for the page's script."""
    state = sheet.state(canvas, Draft("", vector))
    return {key: state[key] for key in ("values", "active", "colours", "avatar")}


def _read_faces(body: Mapping[str, Any], size: int) -> tuple[Crop, ...]:
    """The faces of the posted picture; PhotographError if it cannot be used."""
    try:
        data = base64.b64decode(str(body.get("picture", "")), validate=True)
    except binascii.Error as error:
        raise PhotographError(
            "the picture was damaged on its way: send it again"
        ) from error
    picture = decode_photograph(data, "the picture")
    return crop_faces(picture, "the picture", size, every=True).crops[:FACES]


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _steps(vector: AvatarVectors) -> AvatarVectors:
    """The avatar with its scalars on the steps of the sliders."""
    return with_values(vector, sheet.texts(vector))
