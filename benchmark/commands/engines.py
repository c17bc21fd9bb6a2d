"""`avatarbench engines`: list, show, check, add and adopt engines."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from benchmark.commands.options import (
    RUNS,
    PngOption,
    QuietOption,
    SetOption,
    SheetOption,
)

engines_app = typer.Typer(
    help="List, show, check, add and adopt avatar engines.",
    epilog="Without a command, it lists the engines. "
    "Example: avatarbench engines show toon-tiktok --sheet sheet.png",
    invoke_without_command=True,
)


@engines_app.callback()
def list_engines(context: typer.Context) -> None:
    """List, show, check, add and adopt avatar engines."""
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
    print(f"{meta.title} (version {meta.version})")
    print(f"source: {meta.source}; licence: {meta.licence}")
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


@engines_app.command(
    "adopt", epilog="Example: avatarbench engines adopt heads --dry-run"
)
def adopt_engine_command(
    name: Annotated[str, typer.Argument(metavar="ENGINE", help="Name of the engine.")],
    method: Annotated[
        str, typer.Option("--method", help="The method that learns the engine.")
    ] = "swiftavatar",
    suite: Annotated[
        str,
        typer.Option(
            "--suite", help="Suite whose options and faces are used, or a YAML file."
        ),
    ] = "quick",
    overrides: SetOption = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            help="Folder for the results.",
            show_default="adopted/ENGINE",
        ),
    ] = None,
    runs: Annotated[Path, typer.Option("--runs", help="Folder of all runs.")] = RUNS,
    store: Annotated[
        Path | None,
        typer.Option(
            "--store",
            file_okay=False,
            help="Folder of cached stages, shared with all suites.",
            show_default="RUNS/store",
        ),
    ] = None,
    fresh: Annotated[
        bool,
        typer.Option("--fresh", help="Build all cached stages of the engine again."),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Print the plan and what it costs; stop."),
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Begin without asking.")
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Fit a method to a new engine, from nothing to avatars of portraits.

    Renders, trains and predicts; it needs no ground truth. The plan and its cost are
    printed first. If the command is interrupted, repeat it to continue. It writes a
    page with examples, the model for `create`, and a suite for scores.
    """
    from benchmark.commands.engines_adopt import adopt_engine

    status = adopt_engine(
        name,
        method=method,
        suite=suite,
        overrides=tuple(overrides or ()),
        out=out,
        store_folder=store or runs / "store",
        fresh=fresh,
        dry_run=dry_run,
        yes=yes,
        quiet=quiet,
    )
    raise typer.Exit(status)
