"""`avatarbench engines`: the engines, their parameters, their contact sheets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmark.commands.sheets import png_path

engines_app = typer.Typer(
    help="List engines; show an engine's parameters and contact sheet.",
    invoke_without_command=True,
)


@engines_app.callback()
def list_engines(context: typer.Context) -> None:
    """List every engine that can be named in a suite."""
    if context.invoked_subcommand is not None:
        return
    from benchmark.engines.sheet import summary
    from benchmark.registry import ENGINES

    for item in ENGINES.listing():
        if item.problem is not None:
            print(f"{item.name:<14}{item.problem}")
            continue
        engine = ENGINES.load(item.name)()
        meta = engine.meta
        print(f"{item.name:<14}{meta.title} (version {meta.version}, {meta.licence})")
        print(f"{'':<14}{summary(engine.spec)}")


@engines_app.command("show")
def show_engine(
    name: Annotated[str, typer.Argument(help="The engine's name.")],
    sheet: Annotated[
        Path | None,
        typer.Option(help="PNG to draw the contact sheet into.", callback=png_path),
    ] = None,
) -> None:
    """Print an engine's parameters; draw every option and sweep with --sheet."""
    from benchmark.engines.sheet import describe, draw_sheet, summary
    from benchmark.registry import ENGINES
    from benchmark.system.console import print_table

    engine = ENGINES.load(name)()
    meta = engine.meta
    print(f"{meta.title} (version {meta.version}, {meta.licence}), {meta.source}")
    print(summary(engine.spec))
    print_table(("parameter", "component", "takes", "active"), describe(engine))
    if sheet is not None:
        draw_sheet(engine, sheet)
        print(f"contact sheet: {sheet}")
