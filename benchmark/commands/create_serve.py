"""`avatarbench create serve`: the page that turns a picture into an avatar."""

from __future__ import annotations

from pathlib import Path

from benchmark.commands.create_model import choose_model
from benchmark.commands.studio_serve import make_canvas
from benchmark.creation.model import ModelError
from benchmark.creation.site.app import make_site
from benchmark.engines.base import Engine
from benchmark.registry import ENGINES
from reports.human_study.web import parse_address, serve
from reports.human_study.web.server import LOOPBACK

FACE_SIZE = 256
"""Side in pixels of the aligned faces."""


def serve_creation(
    engine_name: str,
    *,
    method: str | None,
    model: str | None,
    runs: Path,
    host: str,
    port: int,
    public_url: str | None,
    root_path: str | None,
) -> None:
    """Serve the page until it is interrupted."""
    address = parse_address(public_url, root_path)
    if host not in LOOPBACK and public_url is None:
        raise ModelError(
            f"--host {host} lets other machines connect: give the address that they "
            "use with --public-url, such as http://192.168.1.20:8050"
        )
    engine: Engine = ENGINES.create(engine_name)
    # A method may render while the page renders, and an engine serves one thread.
    own: Engine = ENGINES.create(engine_name)
    opened = choose_model(own, model, method, runs)
    canvas = make_canvas(engine_name, engine)
    size = max(FACE_SIZE, opened.size)
    app = make_site(canvas, opened.predict, size, opened.name, address)

    def print_link(listening: str) -> None:
        print(f"model: {opened.title}")
        base = f"{address.url or listening.rstrip('/') + address.root}/"
        print(f"create: {base} (stop with Ctrl-C)", flush=True)

    serve(app, host, port, print_link)
