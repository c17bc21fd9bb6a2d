"""`avatarbench study serve`: the rating site for a study, until it is interrupted."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from reports.human_study.design.study import Study, read_study
from reports.human_study.site.application import make_site
from reports.human_study.site.context import Settings
from reports.human_study.site.database import open_database
from reports.human_study.site.withdrawn import RATINGS
from reports.human_study.web import serve
from reports.human_study.web.rates import Rate
from reports.human_study.web.server import LOOPBACK

TOKEN_VARIABLE = "AVATARBENCH_ADMIN_TOKEN"
TOKEN_LENGTH = 16


class ServeError(ValueError):
    """A study that cannot be served as asked; the message says what to do."""


@dataclass(frozen=True)
class Request:
    """What `study serve` is asked for; `database` is a URL, None the study's own."""

    study: Path
    database: str | None
    host: str
    port: int
    public_url: str | None
    patience_hours: float
    prolific_code: str | None
    requests_per_second: float


def carry_out(request: Request) -> None:
    """Serve the study; the addresses are printed once people can come.

    Raises ServeError, or the error of the part that cannot work, before it begins.
    """
    settings = _settings(request)
    study = read_study(request.study)
    place = (request.study / RATINGS).absolute()
    database = open_database(request.database or f"sqlite:///{place}", study.id)
    try:
        app = make_site(study, database, settings)
        serve(app, request.host, request.port, lambda url: _tell(study, settings, url))
    finally:
        database.close()


def _settings(request: Request) -> Settings:
    per_second = request.requests_per_second
    return Settings(
        admin_token=_admin_token(),
        public_url=_public_url(request),
        patience_hours=request.patience_hours,
        prolific_code=request.prolific_code,
        requests=Rate(per_second, burst=max(1, round(5 * per_second))),
    )


def _admin_token() -> str:
    """The leader's own token, else a new one."""
    given = os.environ.get(TOKEN_VARIABLE)
    if given is None:
        return secrets.token_urlsafe(32)
    if len(given) < TOKEN_LENGTH or not given.isascii():
        raise ServeError(
            f"{TOKEN_VARIABLE} must have {TOKEN_LENGTH} ASCII characters or more; "
            "unset it to have a token made"
        )
    return given


def _public_url(request: Request) -> str | None:
    if request.public_url is None:
        if request.host not in LOOPBACK:
            raise ServeError(
                f"--host {request.host} lets others in: say with --public-url which "
                "address they type, as https://rate.example.org"
            )
        return None
    parts = urlsplit(request.public_url)
    plain = parts.scheme in ("http", "https") and parts.path in ("", "/")
    if not plain or not parts.hostname or parts.query or parts.fragment:
        raise ServeError(
            f"--public-url {request.public_url}: expected http(s)://HOST or "
            "http(s)://HOST:PORT without a path, as https://rate.example.org"
        )
    return request.public_url


def _tell(study: Study, settings: Settings, url: str) -> None:
    base = (settings.public_url or url).rstrip("/")
    print(f"{study.title}: {len(study.trials)} pages for each person")
    print(f"  for people      {base}/")
    print(f"  for you         {base}/admin")
    if TOKEN_VARIABLE not in os.environ:
        print(f"  your token      {settings.admin_token}")
    if base.startswith("http://") and settings.public_url:
        print("  Note: over http anybody on the way can read answers; use https.")
    print("Ctrl-C stops the server; what people saved is safe.", flush=True)
