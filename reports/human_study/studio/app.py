"""The studio's web app."""

from __future__ import annotations

from fastapi import FastAPI

from reports.human_study.studio.desk_routes import add_desk_routes
from reports.human_study.studio.face_routes import add_face_routes, add_picture_routes
from reports.human_study.studio.session import Studio
from reports.human_study.studio.sheet import face_path
from reports.human_study.web import (
    THIS_MACHINE,
    Address,
    Pages,
    Setup,
    check_prefix,
    make_app,
)
from reports.human_study.web.application import mount_static
from reports.human_study.web.rates import Rate

NAME = "Designers’ studio"
RATE = Rate(per_second=200, burst=3000)
"""High, because a page shows many thumbnails and a moving slider asks for pictures."""
FIELD_BYTES = 300
"""Bytes per parameter in a posted form: its name and its value."""


def make_studio(studio: Studio, address: Address = THIS_MACHINE) -> FastAPI:
    """The app for a studio; `address` as in reports.human_study.web.Setup."""
    parameters = len(studio.canvas.spec.parameters)
    setup = Setup(
        NAME,
        studio.workbook.secret,
        address=address,
        body_bytes=4096 + FIELD_BYTES * parameters,
        fields=3 * parameters + 8,
        rate=RATE,
        cookie="avatarbench-studio",
    )
    pages = Pages("reports.human_study.studio", NAME)
    pages.environment.globals["face_path"] = face_path
    app = make_app(setup, pages)
    mount_static(app, "studio", "reports.human_study.studio")
    add_desk_routes(app, studio, pages)
    add_face_routes(app, studio, pages)
    add_picture_routes(app, studio)
    check_prefix(address, app.routes)
    return app
