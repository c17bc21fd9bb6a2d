"""`avatarbench store`: the options of its commands."""

from __future__ import annotations

from typing import Annotated

import typer

from benchmark.commands.options import (
    RUNS,
    CachedStagesOption,
    OutOption,
    QuietOption,
    StoreOption,
)

store_app = typer.Typer(
    help="List, verify, clean up, export and import cached stages.",
    epilog="Example: avatarbench store list",
    no_args_is_help=True,
)

RunsArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[RUN]...",
        help="Run folders, or names of suites for their latest runs.",
        show_default=False,
    ),
]


@store_app.command("list", epilog="Example: avatarbench store list fit")
def list_command(
    stage: Annotated[
        str | None,
        typer.Argument(
            metavar="[STAGE]",
            help="Name of a stage, such as fit, to list its entries.",
            show_default=False,
        ),
    ] = None,
    store: CachedStagesOption = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print each entry as JSON.")
    ] = False,
) -> None:
    """List cached stages: number of entries, size, and time that they took to build.

    Unfinished builds and damaged entries that were moved aside are listed, too.
    """
    from benchmark.commands.store_actions import list_stages

    list_stages(store or RUNS / "store", stage, as_json=as_json)


@store_app.command("verify", epilog="Example: avatarbench store verify")
def verify_command(
    store: CachedStagesOption = None,
    move: Annotated[
        bool,
        typer.Option(
            "--quarantine",
            help="Move damaged entries aside, so that the next run builds them again.",
        ),
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Compare every file of the store with its recorded size and digest.

    The exit status is 1 if an entry is damaged. Stages of earlier versions have no
    digests; only their sizes are compared.
    """
    from benchmark.commands.store_actions import verify_stages

    raise typer.Exit(verify_stages(store or RUNS / "store", move=move, quiet=quiet))


@store_app.command(
    "gc", epilog="Example: avatarbench store gc quick standard --older-than 30"
)
def gc_command(
    runs: RunsArgument = None,
    older_than: Annotated[
        float | None,
        typer.Option(
            min=0,
            metavar="DAYS",
            help="Remove only what was built more than this number of days ago.",
            show_default="any age",
        ),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Remove it, instead of only listing it.")
    ] = False,
    out: OutOption = RUNS,
    store: StoreOption = None,
) -> None:
    """List what can be removed from the store; with --yes, remove it.

    With runs, these are the stages that no trial of these runs uses. With --older-than
    and no runs, these are all stages of that age. With neither, these are damaged
    entries and what killed builds left behind, but not their checkpoints. A run builds
    a removed stage again when it needs it.
    """
    from benchmark.commands.store_actions import collect_garbage

    collect_garbage(store or out / "store", runs or (), out, older_than, yes=yes)


@store_app.command("export", epilog="Example: avatarbench store export quick.tar quick")
def export_command(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE.tar|URL",
            help="File to write, or its URL in an object store, such as "
            "s3://bucket/quick.tar.",
        ),
    ],
    runs: RunsArgument = None,
    out: OutOption = RUNS,
    store: StoreOption = None,
    quiet: QuietOption = False,
) -> None:
    """Write cached stages to a tar file, with the digest of every file.

    With runs, only what their trials use. An existing file is not replaced.
    """
    from benchmark.commands.store_actions import export_stages

    export_stages(store or out / "store", file, runs or (), out, quiet=quiet)


@store_app.command("import", epilog="Example: avatarbench store import quick.tar")
def import_command(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE.tar|URL",
            help="File that `avatarbench store export` wrote, or its URL.",
        ),
    ],
    store: CachedStagesOption = None,
    keep_existing: Annotated[
        bool,
        typer.Option(
            "--keep-existing",
            help="Keep stages that the store has with another content, instead of "
            "refusing the file.",
        ),
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Add the stages of a tar file to the store and verify their digests.

    Stages that the store has are not replaced. Import only files from people you trust,
    because runs use these stages as if they had been built here.
    """
    from benchmark.commands.store_actions import import_stages

    import_stages(store or RUNS / "store", file, keep=keep_existing, quiet=quiet)
