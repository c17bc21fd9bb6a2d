"""Creates an app with all protections. The rating site and the studio add routes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from urllib.parse import urlsplit

from fastapi import Depends, FastAPI
from starlette.middleware.sessions import SessionMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from reports.human_study.web.errors import add_error_pages
from reports.human_study.web.headers import SafeHeaders
from reports.human_study.web.pages import Pages
from reports.human_study.web.rates import Limit, Rate
from reports.human_study.web.requests import Bounds, check_requests

LOCAL_HOSTS = ("127.0.0.1", "localhost", "[::1]")
SESSION_DAYS = 90
USUAL_RATE = Rate(per_second=50, burst=300)


@dataclass(frozen=True)
class Setup:
    """Settings of an app.

    Attributes:
        name: title of the app.
        secret: signs the session cookie; at least 32 random bytes, the same after a
            restart.
        languages: languages of the pages.
        cookie: name of the session cookie. Apps on one host need different names,
            because cookies ignore ports.
        public_url: address behind a proxy or on another interface. Requests are only
            accepted for its host and local names, which prevents DNS rebinding.
        body_bytes: largest body of a request, in bytes.
        fields: largest number of form fields.
        rate: request rate per client address.
    """

    name: str
    secret: bytes
    languages: Sequence[str] = ("en",)
    cookie: str = "avatarbench"
    public_url: str | None = None
    body_bytes: int = 16_384
    fields: int = 64
    rate: Rate = USUAL_RATE

    @property
    def https(self) -> bool:
        """Whether the public address uses https."""
        return (self.public_url or "").startswith("https://")

    @property
    def origin(self) -> str | None:
        """Scheme and host of the public address, as browsers send it."""
        public = urlsplit(self.public_url or "")
        return f"{public.scheme}://{public.netloc}" if public.netloc else None

    @property
    def hosts(self) -> list[str]:
        """Accepted host names."""
        public = urlsplit(self.public_url or "").hostname
        return [*LOCAL_HOSTS, *([public] if public else [])]


def make_app(setup: Setup, pages: Pages) -> FastAPI:
    """An app with headers, request checks, error pages and only /static/web/ as route.

    Every unsafe request must carry the token of `csrf_token` as the form field `csrf`
    or the header `X-CSRF-Token`. Endpoints read `Fields` or `Body`.
    """
    if len(setup.secret) < 32:
        raise ValueError("the secret is shorter than 32 bytes")
    bounds = Bounds(Limit(setup.rate), setup.body_bytes, setup.fields, setup.origin)
    app = FastAPI(
        title=setup.name,
        dependencies=[Depends(check_requests(bounds))],
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.state.public_url = setup.public_url
    add_error_pages(app, pages, setup.https)
    mount_static(app, "web", "reports.human_study.web")
    app.add_middleware(
        SessionMiddleware,
        secret_key=setup.secret.hex(),
        session_cookie=setup.cookie,
        max_age=SESSION_DAYS * 24 * 3600,
        same_site="lax",
        https_only=setup.https,
    )
    app.add_middleware(
        TrustedHostMiddleware, allowed_hosts=setup.hosts, www_redirect=False
    )
    app.add_middleware(SafeHeaders, https=setup.https)
    return app


class _Static(StaticFiles):
    """Static files that browsers revalidate on every use."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


def mount_static(app: FastAPI, name: str, package: str) -> None:
    """Serve the folder `static` of a package under /static/NAME/."""
    with as_file(files(package).joinpath("static")) as folder:
        app.mount(f"/static/{name}", _Static(directory=folder), f"static-{name}")
