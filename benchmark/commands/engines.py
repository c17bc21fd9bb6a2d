"""`avatarbench engines`: list engines, show parameters, draw contact sheets."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from benchmark.commands.options import SheetOption

engines_app = typer.Typer(
    help="List the avatar engines; show the parameters and a contact sheet of one.",
    epilog="Example: avatarbench engines show toon-tiktok --sheet sheet.png",
    invoke_without_command=True,
)


@engines_app.callback()
def list_engines(context: typer.Context) -> None:
    """List the avatar engines; show the parameters and a contact sheet of one."""
    if context.invoked_subcommand is not None:
        return
    from benchmark.engines.sheet import summary
    from benchmark.registry import ENGINES

    for item in ENGINES.listing():
        if item.problem is not None:
            print(f"{item.name:<14}{item.problem}")
        else:
            meta = item.entry.meta
            version = f"version {meta.version}, {meta.licence}"
            print(f"{item.name:<14}{meta.title} ({version})")
            print(f"{'':<14}{summary(item.entry.spec)}")
        if item.conflict is not None:
            print(f"{'':<14}{item.conflict}")
    for problem in ENGINES.unreadable():
        print(problem)


@engines_app.command("show")
def show_engine(
    name: Annotated[str, typer.Argument(metavar="ENGINE", help="Name of the engine.")],
    sheet: SheetOption = None,
) -> None:
    """Print the parameters of an engine.

    The contact sheet shows every option of each discrete parameter and a sweep of each
    continuous one.
    """
    from benchmark.engines.sheet import describe, draw_sheet, summary
    from benchmark.registry import ENGINES
    from benchmark.system.console import print_table

    engine = ENGINES.create(name)
    if (conflict := ENGINES.conflict(name)) is not None:
        print(conflict, file=sys.stderr)
    meta = engine.meta
    print(f"{meta.title} (version {meta.version}, {meta.licence}), {meta.source}")
    print(summary(engine.spec))
    print_table(("parameter", "component", "values", "active"), describe(engine))
    if sheet is not None:
        draw_sheet(engine, sheet)
        print(f"contact sheet: {sheet}")
