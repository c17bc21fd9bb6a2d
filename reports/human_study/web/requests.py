"""The check that every unsafe request passes: its origin, its body, its token."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import HTTPException
from starlette.requests import Request

from reports.human_study.web.bodies import parse_body, read_body
from reports.human_study.web.rates import Limit, client_of

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OUR_SITE = frozenset({"same-origin", "none"})
"""What browsers say of a form of ours, and of one that a person sends again."""
TOKEN_HEADER = "X-CSRF-Token"
TOKEN_FIELD = "csrf"


def csrf_token(request: Request) -> str:
    """The token of this browser's session, made on first use.

    It lies in the signed session cookie, which no other site can read or write, so a
    form that carries it came from a page of ours.
    """
    if TOKEN_FIELD not in request.session:
        request.session[TOKEN_FIELD] = secrets.token_urlsafe(24)
    return request.session[TOKEN_FIELD]


def base_address(request: Request) -> str:
    """Where people reach this server, without a slash at the end."""
    public: str | None = request.app.state.public_url
    return (public or str(request.base_url)).rstrip("/")


@dataclass(frozen=True)
class Bounds:
    """What is taken: requests a second, bytes and form fields of a body, and an origin.

    `origin` is the public one (scheme and host) beside that of the Host header, for a
    proxy may change that header; None without one.
    """

    limit: Limit
    body_bytes: int
    fields: int
    origin: str | None


def check_requests(bounds: Bounds) -> Callable[..., Awaitable[None]]:
    """A dependency for the whole app; endpoints then read `Fields` or `Body`.

    Raises HTTPException 429 (too often), 403 (another origin, no or a wrong token),
    413, 415, 408 or 400 (the body).
    """

    async def check(request: Request) -> None:
        bounds.limit.check(client_of(request))
        if request.method in SAFE_METHODS:
            return
        _check_origin(request, bounds.origin)
        body = await read_body(request, bounds.body_bytes)
        kind = request.headers.get("content-type", "")
        posted = dict(parse_body(kind, body, bounds.fields))
        given = request.headers.get(TOKEN_HEADER) or posted.pop(TOKEN_FIELD, "")
        _check_token(request, given)
        request.state.posted = posted

    return check


def _check_origin(request: Request, public: str | None) -> None:
    """Browsers tell where a request comes from; what is told must be our own site."""
    if request.headers.get("sec-fetch-site", "none") not in OUR_SITE:
        raise HTTPException(403)
    origin = request.headers.get("origin")
    if origin is None or origin == public:
        return
    if origin.partition("://")[2] != request.headers.get("host", ""):
        raise HTTPException(403)


def _check_token(request: Request, given: object) -> None:
    expected = request.session.get(TOKEN_FIELD)
    if not isinstance(given, str) or not isinstance(expected, str):
        raise HTTPException(403)
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise HTTPException(403)
