"""`avatarbench create`: avatars of photographs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from benchmark.commands.options import (
    RUNS,
    HostOption,
    PortOption,
    QuietOption,
    RootPathOption,
)
from benchmark.system.garbage_collection import no_collection

PHOTOS = "photos"


class _PhotosByDefault(TyperGroup):
    """`create PHOTO…` means `create photos PHOTO…`."""

    default = PHOTOS

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        known = {*self.commands, "-h", "--help"}
        if args and args[0] not in known:
            args = [self.default, *args]
        return super().parse_args(ctx, args)


create_app = typer.Typer(
    cls=_PhotosByDefault,
    help="Create avatars of photographs. `avatarbench create PHOTO…` means "
    "`avatarbench create photos PHOTO…`.",
    epilog="Example: avatarbench create me.jpg --engine avataaars",
    no_args_is_help=True,
)

EngineOption = Annotated[
    str, typer.Option("--engine", help="Name of the engine (see `avatarbench list`).")
]
ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="MODEL",
        help="Folder of a fitted method or of an estimator's weights, or an MLflow "
        "address such as models:/NAME/1.",
        show_default="the estimator for the built-in engines",
    ),
]
MethodOption = Annotated[
    str | None,
    typer.Option(
        "--method",
        help="Use the row of this name from the newest run that has one, or else the "
        "newest fitted model of this method.",
        show_default="none",
    ),
]
RunsOption = Annotated[
    Path,
    typer.Option(
        "--runs", help="Folder of all runs, with fitted methods and MLflow's database."
    ),
]


@create_app.command(
    PHOTOS,
    epilog="Example: avatarbench create selfies --engine avataaars",
)
def create_photos(
    photos: Annotated[
        list[Path],
        typer.Argument(metavar="PHOTO", help="Photographs, or folders of photographs."),
    ],
    engine: EngineOption,
    method: MethodOption = None,
    model: ModelOption = None,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for the avatars.")
    ] = Path("avatars"),
    size: Annotated[
        int, typer.Option(min=64, max=1024, help="Side of the pictures in pixels.")
    ] = 512,
    every: Annotated[
        bool,
        typer.Option(
            "--all", help="Use every face of a photograph, not only the largest."
        ),
    ] = False,
    runs: RunsOption = RUNS,
    quiet: QuietOption = False,
) -> None:
    """Create avatars of photographs.

    For each face: the vector as JSON, the avatar as PNG, and both side by side. A
    folder, or several photographs, also give a CSV and a contact sheet. A photograph
    that cannot be used is reported and skipped; the exit status is then 1. Repeat the
    command to continue after an interruption.
    """
    with no_collection():
        from benchmark.commands.create_photos import create_from_photos

    status = create_from_photos(
        photos,
        engine_name=engine,
        method=method,
        model=model,
        out=out,
        size=size,
        every=every,
        runs=runs,
        quiet=quiet,
    )
    raise typer.Exit(status)


@create_app.command(
    "score",
    epilog="Example: avatarbench create score photos truth.csv --engine avataaars",
)
def create_score(
    photos: Annotated[Path, typer.Argument(help="Folder of photographs.")],
    truth: Annotated[
        Path,
        typer.Argument(help="Ground truth of the engine (see docs/bring-faces.md)."),
    ],
    engine: EngineOption,
    method: MethodOption = None,
    model: ModelOption = None,
    runs: RunsOption = RUNS,
    quiet: QuietOption = False,
) -> None:
    """Measure a model on photographs with ground truth, such as those for validation.

    For each parameter: the share of right options (for scalars 1 minus the mean error),
    the share within two steps of a palette, and what a constant answer would reach.
    """
    from benchmark.commands.create_score import score_photos

    score_photos(
        photos,
        truth,
        engine_name=engine,
        method=method,
        model=model,
        runs=runs,
        quiet=quiet,
    )


@create_app.command(
    "serve", epilog="Example: avatarbench create serve --engine toon-tiktok"
)
def create_serve(
    engine: EngineOption = "toon-tiktok",
    method: MethodOption = None,
    model: ModelOption = None,
    runs: RunsOption = RUNS,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8050,
    public_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Address that other machines use, such as http://192.168.1.20:8050.",
            show_default="this machine only",
        ),
    ] = None,
    root_path: RootPathOption = None,
) -> None:
    """Serve a page that turns a picture into an avatar, to adjust and download.

    Pictures are not stored. Phones can use the page with --host 0.0.0.0 and
    --public-url. The camera inside the page needs https or this machine; elsewhere the
    phone's own camera app takes the picture.
    """
    from benchmark.commands.create_serve import serve_creation

    serve_creation(
        engine,
        method=method,
        model=model,
        runs=runs,
        host=host,
        port=port,
        public_url=public_url,
        root_path=root_path,
    )
