"""Security headers that are sent with every response."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "; ".join(
    (
        "default-src 'none'",
        "img-src 'self'",
        "style-src 'self'",
        "script-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
"""Content security policy: no inline script or style, no frames, no other hosts."""

ALWAYS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    # `no-referrer` would set the Origin of the app's own forms to `null`.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
YEAR_S = 365 * 24 * 3600


class SafeHeaders:
    """Middleware that adds the headers above, and `no-store` by default.

    With `camera`, pages may ask for the camera.
    """

    def __init__(self, app: ASGIApp, https: bool = False, camera: bool = False) -> None:
        self.app = app
        self.https = https
        self.camera = camera

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request and add headers to its response."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                add_safe_headers(headers, self.https)
                if self.camera:
                    policy = headers["Permissions-Policy"]
                    headers["Permissions-Policy"] = policy.replace(
                        "camera=()", "camera=(self)"
                    )
            await send(message)

        await self.app(scope, receive, send_with_headers)


def add_safe_headers(headers: MutableHeaders, https: bool) -> None:
    """Add the security headers to a response; with `https` also HSTS."""
    for name, value in ALWAYS.items():
        headers[name] = value
    headers.setdefault("Cache-Control", "no-store")
    if https:
        headers["Strict-Transport-Security"] = f"max-age={YEAR_S}"
