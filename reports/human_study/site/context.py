"""The objects that all pages of the site share, and the current participant."""

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
from reports.human_study.design.study import Assignment, Shown, Study
from reports.human_study.site.database import Database
from reports.human_study.site.participants import find_by_ticket
from reports.human_study.site.tables import Participant
from reports.human_study.web.address import THIS_MACHINE, Address
from reports.human_study.web.pages import Pages, page_language, words
from reports.human_study.web.rates import Limit, Rate
from reports.human_study.web.requests import base_address

HOUR_MS = 3_600_000


@dataclass(frozen=True)
class Settings:
    """How a study is served.

    `patience_hours` is how long an unfinished assignment is reserved for an absent
    participant. `prolific_code` is the study's completion code at Prolific. `starts`
    and `misses` (wrong personal links and admin tokens) are rates per client address.
    """

    admin_token: str
    address: Address = THIS_MACHINE
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
    """A study that is being served, with its database and settings."""

    study: Study
    database: Database
    pages: Pages
    settings: Settings
    starts: Limit
    misses: Limit

    @cached_property
    def _assignments(self) -> dict[int, Assignment]:
        return {}

    def assignment(self, index: int) -> Assignment:
        """An assignment of the study, cached."""
        if index not in self._assignments:
            self._assignments[index] = self.study.assignment(index)
        return self._assignments[index]

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
        """A page. Its template also gets `words` and `study`."""
        return self.pages.render(
            request,
            template,
            status,
            words=self.words(request),
            study=self.study,
            **values,
        )

    def personal_link(self, request: Request) -> str:
        """The address with which this participant can return."""
        return f"{base_address(request)}/p/{request.session['ticket']}"

    @cached_property
    def _signer(self) -> Signer:
        return Signer(self.database.secret, salt="shown", digest_method=hashlib.sha256)

    def stamp(self, participant: str, shown: Shown, moment: int) -> str:
        """A signed text: who was shown which trial, and when (ms)."""
        return self._signer.sign(f"{participant}:{shown.trial.id}:{moment}").decode()

    def read_stamp(self, stamp: str, participant: str, shown: Shown) -> int:
        """When the trial was shown (ms); HTTPException 409 if the stamp is invalid."""
        try:
            text = self._signer.unsign(stamp.encode()).decode()
        except BadSignature as error:
            raise HTTPException(409) from error
        who, trial, moment = text.split(":")
        if (who, trial) != (participant, shown.trial.id):
            raise HTTPException(409)
        return int(moment)


def redirect(path: str) -> RedirectResponse:
    """Redirect to another page with GET."""
    return RedirectResponse(path, 303)


def _get_site(request: Request) -> Site:
    return request.app.state.site


TheSite = Annotated[Site, Depends(_get_site)]
"""Endpoint parameter: the site."""


def current_participant(request: Request, site: Site) -> Participant | None:
    """The participant of this session, or None."""
    if not request.session.get("member"):
        return None
    with site.database.reading() as session:
        return find_by_ticket(session, request.session["ticket"])


def _require_participant(request: Request, site: TheSite) -> Participant:
    """The participant of this session.

    Redirects to the start if there is none, and after withdrawal to the last page.
    """
    person = current_participant(request, site)
    if person is None:
        raise HTTPException(303, headers={"Location": "/"})
    if person.withdrawn is not None:
        raise HTTPException(303, headers={"Location": "/withdrawn"})
    return person


Member = Annotated[Participant, Depends(_require_participant)]
"""Endpoint parameter: the participant of this session."""


def secrets_equal(one: str, other: str) -> bool:
    """Whether two secrets are equal, compared in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())
