"""What every page of the site works with: the study, its database, who is asking."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any

from fastapi import Depends, HTTPException
from itsdangerous import BadSignature, Signer
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from reports.human_study import wording
from reports.human_study.design.study import Paper, Shown, Study
from reports.human_study.site.database import Database
from reports.human_study.site.participants import find
from reports.human_study.site.tables import Participant
from reports.human_study.web.pages import Pages, page_language, words
from reports.human_study.web.rates import Limit, Rate
from reports.human_study.web.requests import base_address

HOUR_MS = 3_600_000


@dataclass(frozen=True)
class Settings:
    """How a study is served.

    `patience_hours` is how long an unfinished paper waits for its holder;
    `prolific_code` the completion code that Prolific gave the study; `starts` and
    `misses` (wrong personal links and admin tokens) are rates for one client address.
    """

    admin_token: str
    public_url: str | None = None
    patience_hours: float = 24.0
    prolific_code: str | None = None
    requests: Rate = field(default_factory=lambda: Rate(per_second=200, burst=1000))
    starts: Rate = field(default_factory=lambda: Rate(per_second=1, burst=100))
    misses: Rate = field(default_factory=lambda: Rate(per_second=0.2, burst=20))

    @property
    def patience_ms(self) -> int:
        """The patience in milliseconds."""
        return round(self.patience_hours * HOUR_MS)


@dataclass(frozen=True)
class Site:
    """A study that is being served."""

    study: Study
    database: Database
    pages: Pages
    settings: Settings
    starts: Limit
    misses: Limit

    @cached_property
    def _papers(self) -> dict[int, Paper]:
        return {}

    def paper(self, index: int) -> Paper:
        """What the participant with that paper is shown; worked out once."""
        if index not in self._papers:
            self._papers[index] = self.study.paper(index)
        return self._papers[index]

    def words(self, request: Request) -> Mapping[str, Any]:
        """The texts of all pages in the reader's language."""
        language = page_language(request, self.study.languages)
        common = language if language in wording.LANGUAGES else "en"
        return {
            **wording.words(common),
            **words("reports.human_study.site", language),
            **self.study.texts[language],
        }

    def render(
        self, request: Request, template: str, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """A page of ours, with the words and the study at hand."""
        return self.pages.render(
            request,
            template,
            status,
            words=self.words(request),
            study=self.study,
            **values,
        )

    def personal_link(self, request: Request) -> str:
        """The address that brings this person back."""
        return f"{base_address(request)}/p/{request.session['ticket']}"

    @cached_property
    def _signer(self) -> Signer:
        return Signer(self.database.secret, salt="shown", digest_method=hashlib.sha256)

    def stamp(self, participant: str, shown: Shown, moment: int) -> str:
        """A signed note of who was shown which trial and when (ms)."""
        return self._signer.sign(f"{participant}:{shown.trial.id}:{moment}").decode()

    def read_stamp(self, stamp: str, participant: str, shown: Shown) -> int:
        """When it was shown; HTTPException 409 for anybody else's or a forged stamp."""
        try:
            text = self._signer.unsign(stamp.encode()).decode()
        except BadSignature as error:
            raise HTTPException(409) from error
        who, trial, moment = text.split(":")
        if (who, trial) != (participant, shown.trial.id):
            raise HTTPException(409)
        return int(moment)


def go(path: str) -> RedirectResponse:
    """Send the browser on to a page of ours, with GET."""
    return RedirectResponse(path, 303)


def _the_site(request: Request) -> Site:
    return request.app.state.site


TheSite = Annotated[Site, Depends(_the_site)]
"""A parameter of an endpoint: the site that is served."""


def current(request: Request, site: Site) -> Participant | None:
    """Who is asking, where this browser has joined the study."""
    if not request.session.get("member"):
        return None
    with site.database.reading() as session:
        return find(session, request.session["ticket"])


def _member(request: Request, site: TheSite) -> Participant:
    """Who is asking; strangers are sent to the start, those who left to goodbye."""
    person = current(request, site)
    if person is None:
        raise HTTPException(303, headers={"Location": "/"})
    if person.withdrawn is not None:
        raise HTTPException(303, headers={"Location": "/withdrawn"})
    return person


Member = Annotated[Participant, Depends(_member)]
"""A parameter of an endpoint: the participant who asks."""


def same_text(one: str, other: str) -> bool:
    """Whether two secrets are the same, in a time that tells nothing."""
    return hmac.compare_digest(one.encode(), other.encode())
