"""A participant of the rating site who uses a browser without JavaScript.

`a_site(folder, **study)` serves a tiny study. Each `Visitor(app)` has its own cookies.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path

from fastapi import FastAPI
from starlette.testclient import TestClient
from tiny_study import make_study

from reports.human_study.design.study import Study
from reports.human_study.site.application import make_site
from reports.human_study.site.context import Settings
from reports.human_study.site.database import Database, open_database

TOKEN = "a-token-for-tests"


@dataclass
class Served:
    """A served study with its database and app."""

    study: Study
    database: Database
    app: FastAPI

    def visitor(self) -> Visitor:
        return Visitor(self.app)


def a_site(folder: Path, settings: Settings | None = None, **study) -> Served:
    made = make_study(folder / "study", **study)
    database = open_database(f"sqlite:///{folder}/ratings.sqlite", made.id)
    app = make_site(made, database, settings or Settings(TOKEN))
    return Served(made, database, app)


def restarted(served: Served, **settings) -> Served:
    """The same study and database, served by a new app."""
    changed = replace(Settings(TOKEN), **settings)
    app = make_site(served.study, served.database, changed)
    return Served(served.study, served.database, app)


class Visitor:
    """One browser. `page` is the current page and `path` its address."""

    def __init__(self, app: FastAPI) -> None:
        self.client = TestClient(app, base_url="http://127.0.0.1")

    def open(self, path: str, **options):
        return self._show(self.client.get(path, **options))

    def submit(self, path: str, **fields: str):
        """Submit the page's form: its hidden fields and more fields."""
        return self._show(self.client.post(path, data={**self.hidden(), **fields}))

    def _show(self, page):
        self.page = page
        self.path = page.url.path
        return page

    def hidden(self) -> dict[str, str]:
        found = re.findall(
            r'type="hidden" name="(\w+)" value="([^"]*)"', self.page.text
        )
        return {name: unescape(value) for name, value in found}

    def choices(self) -> list[str]:
        return re.findall(r'name="choice" value="(\w+)"', self.page.text)

    def chosen(self) -> list[str]:
        return re.findall(r'name="choice" value="(\w+)"[^>]* checked', self.page.text)

    def join(self, path: str = "/"):
        self.open(path)
        return self.submit("/consent", agree="yes")

    def begin(self):
        self.join()
        return self.open("/rate")

    def answer(self, index: int = 0):
        """Choose an option of the current page by its position and submit it."""
        return self.submit(self.path, choice=self.choices()[index])

    def finish(self, index: int = 0) -> None:
        while self.path.startswith("/rate/"):
            self.answer(index)

    def link(self) -> str:
        """The personal link from the instructions."""
        return re.findall(r"/p/[\w-]+", self.open("/instructions").text)[0]

    def enter_as_leader(self):
        self.open("/admin")
        return self.submit("/admin", token=TOKEN)

    def csv(self) -> str:
        return self.client.get("/admin/judgements.csv").text
