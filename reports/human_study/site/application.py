"""The rating site as a FastAPI app."""

from __future__ import annotations

from fastapi import FastAPI

from reports.human_study.design.study import Study
from reports.human_study.site import admin, leaving, pictures, rating, welcome
from reports.human_study.site.context import Settings, Site
from reports.human_study.site.database import Database
from reports.human_study.web import Pages, Setup, check_prefix, make_app
from reports.human_study.web.application import mount_static
from reports.human_study.web.rates import Limit


def make_site(study: Study, database: Database, settings: Settings) -> FastAPI:
    """The app that serves a study. `database` must be opened for this study."""
    package = "reports.human_study.site"
    titles = {
        code: texts["title"] for code, texts in study.texts.items() if "title" in texts
    }
    pages = Pages(package, study.title, study.languages, titles)
    setup = Setup(
        study.title,
        database.secret,
        study.languages,
        cookie=f"avatarbench-{study.digest[:12]}",
        address=settings.address,
        rate=settings.requests,
    )
    app = make_app(setup, pages)
    app.state.site = Site(
        study,
        database,
        pages,
        settings,
        starts=Limit(settings.starts),
        misses=Limit(settings.misses),
    )
    mount_static(app, "site", package)
    for part in (welcome, rating, leaving, pictures, admin):
        check_prefix(settings.address, part.router.routes)
        app.include_router(part.router)
    check_prefix(settings.address, app.routes)
    return app
