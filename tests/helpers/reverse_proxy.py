"""A reverse proxy that serves an app below a path prefix of a public host."""

from __future__ import annotations

from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send


class ReverseProxy:
    """Passes requests below `prefix` on, as nginx does.

    Args:
        app: the app behind the proxy.
        prefix: such as /study.
        keeps_prefix: whether the app receives the prefix.
        host: the Host header that the app receives; None keeps the browser's one.
    """

    def __init__(
        self, app: ASGIApp, prefix: str, keeps_prefix: bool, host: str | None = None
    ) -> None:
        self.app = app
        self.prefix = prefix
        self.keeps_prefix = keeps_prefix
        self.host = host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or answer 404 outside of the prefix."""
        path: str = scope["path"]
        if path != self.prefix and not path.startswith(f"{self.prefix}/"):
            outside = PlainTextResponse("outside of the prefix", 404)
            await outside(scope, receive, send)
            return
        passed = dict(scope)
        if not self.keeps_prefix:
            passed["path"] = path.removeprefix(self.prefix) or "/"
        if self.host is not None:
            others = [(k, v) for k, v in scope["headers"] if k != b"host"]
            passed["headers"] = [(b"host", self.host.encode()), *others]
        await self.app(passed, receive, send)


def browser_at(app: ASGIApp, origin: str) -> TestClient:
    """A browser that sends its origin with each form, as browsers do."""
    client = TestClient(app, base_url=origin)
    client.headers["Origin"] = origin
    client.headers["Sec-Fetch-Site"] = "same-origin"
    return client
