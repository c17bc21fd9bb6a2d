"""Checks of every request: rate, origin, body and token."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import HTTPException
from starlette.requests import Request

from reports.human_study.web.address import Address, canonical_origin
from reports.human_study.web.bodies import parse_body, read_body
from reports.human_study.web.rates import Limit, client_of

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OUR_SITE = frozenset({"same-origin", "none"})
"""Values of Sec-Fetch-Site for the app's own forms and for resent ones."""
TOKEN_HEADER = "X-CSRF-Token"
TOKEN_FIELD = "csrf"


def csrf_token(request: Request) -> str:
    """The token of this session, created on first use.

    Other sites cannot read or write the signed session cookie that holds it, so a form
    with this token comes from one of the app's pages.
    """
    if TOKEN_FIELD not in request.session:
        request.session[TOKEN_FIELD] = secrets.token_urlsafe(24)
    return request.session[TOKEN_FIELD]


def base_address(request: Request) -> str:
    """The public address of this server with its prefix, without a trailing slash."""
    address: Address = request.app.state.address
    host = request.headers.get("host", "")
    return address.url or f"{request.url.scheme}://{host}{address.root}"


@dataclass(frozen=True)
class Bounds:
    """Limits of requests: rate, bytes and form fields of a body, and origin.

    `origin` is the public one (scheme and host) or None. It is accepted besides that of
    the Host header, because a proxy may change that header.
    """

    limit: Limit
    body_bytes: int
    fields: int
    origin: str | None


def check_requests(bounds: Bounds) -> Callable[..., Awaitable[None]]:
    """A dependency for the whole app that checks every request.

    It raises HTTPException 429 (rate), 403 (other origin, missing or wrong token), or
    413, 415, 408 and 400 (body).
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
    """Reject requests that a browser sends from another site."""
    if request.headers.get("sec-fetch-site", "none") not in OUR_SITE:
        raise HTTPException(403)
    origin = request.headers.get("origin")
    if origin is None or origin == public:
        return
    # A proxy may add the default port to the Host header. Browsers leave it out.
    scheme, _, netloc = origin.partition("://")
    sender = canonical_origin(scheme, netloc)
    host = request.headers.get("host", "")
    if sender is None or sender != canonical_origin(scheme, host):
        raise HTTPException(403)


def _check_token(request: Request, given: object) -> None:
    expected = request.session.get(TOKEN_FIELD)
    if not isinstance(given, str) or not isinstance(expected, str):
        raise HTTPException(403)
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise HTTPException(403)
