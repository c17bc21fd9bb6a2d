"""Middleware for servers behind a reverse proxy: accepted hosts and path prefix."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit, urlunsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reports.human_study.web.address import host_of


class KnownHosts:
    """Refuses requests for other hosts with 400, which prevents DNS rebinding.

    `hosts` are in the spelling of `canonical_host`. Ports do not matter.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        self.app = app
        self.hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request for a known host."""
        if scope["type"] == "http":
            host = host_of(Headers(scope=scope).get("host", ""))
            if host not in self.hosts:
                answer = PlainTextResponse(
                    "This server does not answer under this host name. Its operator "
                    "can allow the name with --public-url.",
                    status_code=400,
                )
                await answer(scope, receive, send)
                return
        await self.app(scope, receive, send)


class RootPath:
    """Serves an app below the path prefix `root`, such as /study; "" for none.

    The proxy may remove the prefix from the path of a request, or keep it. Redirects of
    the app name paths without the prefix, which is added here. They never name a host,
    because a proxy may have changed the Host header.
    """

    def __init__(self, app: ASGIApp, root: str) -> None:
        self.app = app
        self.root = root

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request with or without the prefix."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path: str = scope["path"]
        if path == self.root:
            path += "/"
        elif not path.startswith(f"{self.root}/"):
            path = self.root + path
        scope["path"], scope["root_path"] = path, self.root
        own_host = Headers(scope=scope).get("host", "")

        async def send_redirect(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if "location" in headers:
                    headers["location"] = self._relocate(headers["location"], own_host)
            await send(message)

        await self.app(scope, receive, send_redirect)

    def _relocate(self, location: str, own_host: str) -> str:
        """A redirect's path with the prefix; unchanged if it leads to another host."""
        parts = urlsplit(location)
        if parts.netloc not in ("", own_host):
            return location
        path = parts.path
        if not path.startswith(f"{self.root}/"):
            path = self.root + path
        return urlunsplit(("", "", path, parts.query, parts.fragment))
