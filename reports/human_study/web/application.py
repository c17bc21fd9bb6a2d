"""Creates an app with all protections. The rating site and the studio add routes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from reports.human_study.web.address import THIS_MACHINE, Address, AddressError
from reports.human_study.web.errors import add_error_pages
from reports.human_study.web.headers import SafeHeaders
from reports.human_study.web.pages import Pages
from reports.human_study.web.proxy import KnownHosts, RootPath
from reports.human_study.web.rates import Limit, Rate
from reports.human_study.web.requests import Bounds, check_requests

LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")
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
        address: address behind a proxy or on another interface. Requests are only
            accepted for its host and local names, which prevents DNS rebinding.
        body_bytes: largest body of a request, in bytes.
        fields: largest number of form fields.
        rate: request rate per client address.
        camera: whether pages may ask for the camera.
    """

    name: str
    secret: bytes
    languages: Sequence[str] = ("en",)
    cookie: str = "avatarbench"
    address: Address = THIS_MACHINE
    body_bytes: int = 16_384
    fields: int = 64
    rate: Rate = USUAL_RATE
    camera: bool = False

    @property
    def hosts(self) -> list[str]:
        """Accepted host names."""
        public = self.address.host
        return [*LOCAL_HOSTS, *([public] if public else [])]


def make_app(setup: Setup, pages: Pages) -> FastAPI:
    """An app with headers, request checks, error pages and only /static/web/ as route.

    Every unsafe request must carry the token of `csrf_token` as the form field `csrf`
    or the header `X-CSRF-Token`. Endpoints read `Fields` or `Body`. Templates write
    `{{ root }}` before every path.
    """
    address = setup.address
    if len(setup.secret) < 32:
        raise ValueError("the secret is shorter than 32 bytes")
    bounds = Bounds(Limit(setup.rate), setup.body_bytes, setup.fields, address.origin)
    app = FastAPI(
        title=setup.name,
        dependencies=[Depends(check_requests(bounds))],
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.router.route_class = PageRoute
    app.state.address = address
    pages.environment.globals["root"] = address.root
    add_error_pages(app, pages, address.https)
    mount_static(app, "web", "reports.human_study.web")
    app.add_middleware(
        SessionMiddleware,
        path=address.root or "/",
        secret_key=setup.secret.hex(),
        session_cookie=setup.cookie,
        max_age=SESSION_DAYS * 24 * 3600,
        same_site="lax",
        https_only=address.https,
    )
    app.add_middleware(RootPath, root=address.root)
    app.add_middleware(KnownHosts, hosts=setup.hosts)
    app.add_middleware(SafeHeaders, https=address.https, camera=setup.camera)
    return app


class PageRoute(APIRoute):
    """A route that answers HEAD like GET, as Starlette does and FastAPI does not.

    The web server sends the headers only.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        methods = self.methods or set()
        if "GET" in methods:
            methods.add("HEAD")


def check_prefix(address: Address, routes: Iterable[BaseRoute]) -> None:
    """Raise AddressError for a path prefix that begins like a page.

    The two could not be told apart, because a proxy may remove the prefix.
    """
    first = address.root.partition("/")[2].partition("/")[0]
    paths: list[str] = [getattr(route, "path", "") for route in routes]
    if first and first in {path.lstrip("/").partition("/")[0] for path in paths}:
        raise AddressError(
            f"the path prefix {address.root} begins with /{first}, which is also a "
            "page of this server; choose another prefix, such as /study"
        )


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
