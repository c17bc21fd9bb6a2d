"""`avatarbench studio`: designers make truths; their files, and how far they agree."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

studio_app = typer.Typer(
    help="Let designers make the truth of faces, beside the live avatar.",
    no_args_is_help=True,
)

EngineName = Annotated[str, typer.Option(help="The engine that draws (see `list`).")]


@studio_app.command("serve")
def serve_studio(
    faces: Annotated[Path, typer.Option(help="Folder of square pictures, one a face.")],
    engine: EngineName,
    folder: Annotated[
        Path | None,
        typer.Option(help="Where the work is kept [runs/studio/ENGINE]."),
    ] = None,
    ffhq: Annotated[
        bool, typer.Option("--ffhq", help="The folder is an FFHQ tree.")
    ] = False,
    only: Annotated[
        Path | None, typer.Option(help="Text file of the faces to do, an id a line.")
    ] = None,
    designer: Annotated[
        list[str] | None,
        typer.Option(help="Let in only this one, by a link; may be repeated."),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="0: any free one.")
    ] = 8040,
    public_url: Annotated[
        str | None,
        typer.Option(help="Where designers reach it, if not at HOST:PORT."),
    ] = None,
) -> None:
    """Serve the studio until it is stopped; every change is on disk at once."""
    from benchmark.commands.studio_serve import Request, carry_out

    carry_out(
        Request(
            faces=faces,
            engine=engine,
            folder=folder or Path("runs") / "studio" / engine,
            ffhq=ffhq,
            only=only,
            designers=tuple(designer or ()),
            host=host,
            port=port,
            public_url=public_url,
        )
    )


@studio_app.command("export")
def export_truths(
    folder: Annotated[Path, typer.Argument(help="The studio's folder.")],
    out: Annotated[Path, typer.Argument(help="Folder for the truth files.")],
    common: Annotated[
        bool,
        typer.Option("--common", help="Only faces that every designer has done."),
    ] = False,
) -> None:
    """Write each designer's truth file and its seal, for suites to name."""
    from benchmark.commands.studio_export import export

    export(folder, out, common)


@studio_app.command("agreement")
def show_agreement(
    one: Annotated[Path, typer.Argument(help="A designer's truth file.")],
    other: Annotated[Path, typer.Argument(help="Another's, for the same engine.")],
    engine: EngineName,
    metric: Annotated[
        list[str] | None,
        typer.Option(help="A metric with a score a face; may be repeated."),
    ] = None,
    size: Annotated[int, typer.Option(min=64, max=1024, help="Of renders, px.")] = 256,
) -> None:
    """Print how far two designers agree: a human ceiling for Table 1."""
    from benchmark.commands.studio_agreement import USUAL_METRICS, agreement

    agreement(one, other, engine, tuple(metric or USUAL_METRICS), size)
