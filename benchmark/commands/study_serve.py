"""`avatarbench study serve`: run the rating site of a study."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from sqlalchemy import URL

from reports.human_study.design.study import Study, read_study
from reports.human_study.site.application import make_site
from reports.human_study.site.context import Settings
from reports.human_study.site.database import open_database
from reports.human_study.site.withdrawn import RATINGS
from reports.human_study.web import Address, parse_address, serve
from reports.human_study.web.rates import Rate
from reports.human_study.web.server import LOOPBACK

TOKEN_VARIABLE = "AVATARBENCH_ADMIN_TOKEN"
TOKEN_LENGTH = 16


class ServeError(ValueError):
    """A study cannot be served with these options; the message says what to do."""


def serve_study(
    folder: Path,
    *,
    database: str | None,
    host: str,
    port: int,
    public_url: str | None,
    root_path: str | None,
    patience_hours: float,
    prolific_code: str | None,
    requests_per_second: float,
) -> None:
    """Serve a study until it is interrupted; prints the addresses once it is ready.

    `database` is a URL; None stands for a file in the study's folder. Raises
    ServeError, AddressError, or an error of the study or the database, before anything
    is served.
    """
    settings = Settings(
        admin_token=_admin_token(),
        address=_check_address(parse_address(public_url, root_path), host),
        patience_hours=patience_hours,
        prolific_code=prolific_code,
        requests=Rate(
            requests_per_second, burst=max(1, round(5 * requests_per_second))
        ),
    )
    study = read_study(folder)
    own_file = URL.create("sqlite", database=str((folder / RATINGS).absolute()))
    opened = open_database(database or own_file, study.id)
    try:
        app = make_site(study, opened, settings)
        serve(app, host, port, lambda url: _print_addresses(study, settings, url))
    finally:
        opened.close()


def _admin_token() -> str:
    """The token from the environment, else a random one."""
    given = os.environ.get(TOKEN_VARIABLE)
    if given is None:
        return secrets.token_urlsafe(32)
    if len(given) < TOKEN_LENGTH or not given.isascii():
        raise ServeError(
            f"{TOKEN_VARIABLE} must have at least {TOKEN_LENGTH} ASCII characters; "
            "unset it to use a random token"
        )
    return given


def _check_address(address: Address, host: str) -> Address:
    if address.origin is None and host not in LOOPBACK:
        raise ServeError(
            f"--host {host} lets other machines connect: give the address that "
            "raters use with --public-url, such as https://rate.example.org"
        )
    return address


def _print_addresses(study: Study, settings: Settings, url: str) -> None:
    address = settings.address
    base = address.url or url.rstrip("/") + address.root
    print(f"{study.title}: {len(study.trials)} pages per rater")
    print(f"  for raters      {base}/")
    print(f"  admin page      {base}/admin")
    if TOKEN_VARIABLE not in os.environ:
        print(f"  admin token     {settings.admin_token}")
    if address.origin and not address.https:
        print(
            "  Warning: http is not encrypted, so others can read answers; use https."
        )
    print("Ctrl-C stops the server; stored answers are kept.", flush=True)
