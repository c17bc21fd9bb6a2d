"""`avatarbench studio`: the options of its commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmark.commands.options import (
    RUNS,
    EngineOption,
    HostOption,
    PortOption,
    RootPathOption,
)

studio_app = typer.Typer(
    help="Let human designers make ground-truth avatars for faces in the browser.",
    epilog="Example: avatarbench studio serve --faces photos --engine toon-tiktok",
    no_args_is_help=True,
)


@studio_app.command("serve")
def serve_command(
    faces: Annotated[
        Path,
        typer.Option(help="Folder of square pictures, one per face; names are ids."),
    ],
    engine: EngineOption,
    folder: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the designers' work.", show_default="runs/studio/ENGINE"
        ),
    ] = None,
    ffhq: Annotated[
        bool, typer.Option("--ffhq", help="The folder of faces is an FFHQ tree.")
    ] = False,
    only: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Text file with the ids of the faces to use, one per line.",
            show_default="all faces",
        ),
    ] = None,
    designer: Annotated[
        list[str] | None,
        typer.Option(
            help="Admit only this designer, by a personal link. Repeatable.",
            show_default="anyone on this machine",
        ),
    ] = None,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8040,
    public_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Address that designers use. Required unless --host is this machine.",
        ),
    ] = None,
    root_path: RootPathOption = None,
) -> None:
    """Serve the studio until Ctrl-C. Every change is saved at once."""
    from benchmark.commands.studio_serve import serve_studio

    serve_studio(
        faces=faces,
        engine_name=engine,
        folder=folder or RUNS / "studio" / engine,
        ffhq=ffhq,
        only=only,
        designers=tuple(designer or ()),
        host=host,
        port=port,
        public_url=public_url,
        root_path=root_path,
    )


@studio_app.command("export")
def export_command(
    folder: Annotated[
        Path, typer.Argument(metavar="STUDIO", help="Folder of the designers' work.")
    ],
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="Folder for the ground-truth files.")
    ],
    common: Annotated[
        bool,
        typer.Option("--common", help="Only faces that every designer has finished."),
    ] = False,
) -> None:
    """Write the ground truth of each designer as a sealed CSV file for suites."""
    from benchmark.commands.studio_export import export_truths

    export_truths(folder, out, common)


@studio_app.command("agreement")
def agreement_command(
    one: Annotated[
        Path, typer.Argument(metavar="FILE", help="Ground-truth CSV of a designer.")
    ],
    other: Annotated[
        Path,
        typer.Argument(
            metavar="OTHER", help="CSV of another designer for the same engine."
        ),
    ],
    engine: EngineOption,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            help="Metric with one score per face. Repeatable.",
            show_default="the main metrics",
        ),
    ] = None,
    size: Annotated[
        int, typer.Option(min=64, max=1024, help="Side of the renders in pixels.")
    ] = 256,
) -> None:
    """Print how well two designers agree: a human upper bound for Table 1."""
    from benchmark.commands.studio_agreement import MAIN_METRICS, print_agreement

    print_agreement(one, other, engine, tuple(metric or MAIN_METRICS), size)
