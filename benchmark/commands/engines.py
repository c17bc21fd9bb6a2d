"""`avatarbench engines`: list, show, check and add engines."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from benchmark.commands.options import PngOption, SheetOption

engines_app = typer.Typer(
    help="List, show, check and add avatar engines.",
    epilog="Example: avatarbench engines show toon-tiktok --sheet sheet.png",
    invoke_without_command=True,
)


@engines_app.callback()
def list_engines(context: typer.Context) -> None:
    """List, show, check and add avatar engines."""
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


@engines_app.command(
    "init",
    epilog='Example: avatarbench engines init heads --command "node heads.mjs"',
)
def init_engine_command(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Name of the new engine.")
    ],
    command: Annotated[
        str | None,
        typer.Option(
            metavar="COMMAND",
            help="Program that draws avatars and speaks the engine protocol. It runs "
            "in the current folder.",
        ),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Instead: address of a service that speaks it."
        ),
    ] = None,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Ask the program again and replace the engine file."
        ),
    ] = False,
) -> None:
    """Make an engine of a program: write NAME.engine.yaml and a suite.

    Both are written to the current folder. The program is asked for its parameters. If
    it does not answer, the file has placeholders. With --force and without a command,
    the command and the settings of the existing file are used.
    """
    from benchmark.commands.engines_new import init_engine

    init_engine(name, command, url, force=force)


@engines_app.command("install")
def install_engine(
    name: Annotated[
        str, typer.Argument(metavar="ENGINE", help="facesjs is the only one so far.")
    ],
) -> None:
    """Fetch what a built-in engine needs and this package does not contain.

    `facesjs` needs Node.js and an npm package. npm fetches the package into the cache
    folder and checks its digest.
    """
    from benchmark.commands.engines_new import install_facesjs

    install_facesjs(name)


@engines_app.command("check")
def check_engine_command(
    name: Annotated[str, typer.Argument(metavar="ENGINE", help="Name of the engine.")],
    sheet: PngOption = Path("findings.png"),
) -> None:
    """Check that an engine keeps the contract, and say in plain words what is wrong.

    The faults that a picture can show are drawn: both pictures and where they differ.
    The exit status is 1 if the engine does not conform.
    """
    from benchmark.commands.engines_new import check_one_engine

    raise typer.Exit(check_one_engine(name, sheet))
