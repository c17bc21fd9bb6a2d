"""The command line: `avatarbench`. Commands import what they need when they run."""

from __future__ import annotations

import sys
import traceback
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer

from benchmark.commands.engines import engines_app
from benchmark.commands.faces import faces_app
from benchmark.commands.generator import generator_app
from benchmark.commands.studio import studio_app
from benchmark.commands.study import study_app
from benchmark.commands.train import train_app
from benchmark.commands.weights import weights_app
from benchmark.system.openmp import limit_spinning

OURS = frozenset({"benchmark", "methods", "evaluation", "reports"})

app = typer.Typer(
    help="The referee of avatar auto-creation: any method on any avatar engine.",
    epilog="Start with: avatarbench run quick. Add --debug to see a full traceback.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(engines_app, name="engines")
app.add_typer(faces_app, name="faces")
app.add_typer(generator_app, name="generator")
app.add_typer(studio_app, name="studio")
app.add_typer(study_app, name="study")
app.add_typer(train_app, name="train")
app.add_typer(weights_app, name="weights")

SuiteName = Annotated[
    str, typer.Argument(help="A built-in suite (see `list`) or a YAML file.")
]
Out = Annotated[Path, typer.Option(help="Folder that runs are written to.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change one key, as seeds=[0,1]."),
]
Backbone = Annotated[
    Path | None,
    typer.Option(
        help="AlexNet for LPIPS: torchvision's .pth, or what `weights fetch` keeps."
    ),
]


@app.command("run")
def run_command(
    suite: SuiteName,
    out: Out = Path("runs"),
    store: Annotated[
        Path | None, typer.Option(help="Folder of finished stages [OUT/store].")
    ] = None,
    overrides: Overrides = None,
    lpips_backbone: Backbone = None,
    from_scratch: Annotated[
        bool,
        typer.Option(
            "--from-scratch", help="Take no weights and no stages that ship with this."
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the plan and its cost; do nothing.")
    ] = False,
    no_mlflow: Annotated[
        bool, typer.Option("--no-mlflow", help="Do not track in MLflow.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress; results only.")
    ] = False,
) -> None:
    """Run a suite, or what is left of it; then print and write its tables."""
    from benchmark.commands.run import Request, carry_out

    request = Request(
        suite=suite,
        out=out,
        store=store or out / "store",
        overrides=(*(overrides or ()), *(["from_scratch=true"] * from_scratch)),
        lpips_backbone=lpips_backbone,
        dry_run=dry_run,
        track=not no_mlflow,
        quiet=quiet,
    )
    raise typer.Exit(carry_out(request))


@app.command("rescore")
def rescore_command(
    run: Annotated[
        str, typer.Argument(help="A run folder, or a suite's name for its latest run.")
    ],
    suite: Annotated[
        str | None, typer.Option(help="The suite that it was run as. [its name]")
    ] = None,
    out: Out = Path("runs"),
    store: Annotated[
        Path | None, typer.Option(help="Folder of finished stages [OUT/store].")
    ] = None,
    overrides: Overrides = None,
    lpips_backbone: Backbone = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress; results only.")
    ] = False,
) -> None:
    """Score a finished run's predictions with the suite's metrics as they are now.

    Nothing is trained or timed again. `run` finds the trials afterwards.
    """
    from benchmark.commands.rescore import rescore_run

    status = rescore_run(
        run,
        suite,
        out,
        store or out / "store",
        tuple(overrides or ()),
        lpips_backbone,
        quiet,
    )
    raise typer.Exit(status)


@app.command("validate")
def validate_command(
    suite: SuiteName, overrides: Overrides = None, lpips_backbone: Backbone = None
) -> None:
    """Check a suite and everything it names; all problems at once."""
    from benchmark.commands.run import validate

    validate(suite, tuple(overrides or ()), lpips_backbone)


@app.command("list")
def list_command() -> None:
    """List suites, engines, methods and metrics, and what disables any of them."""
    from benchmark.commands.listing import print_listing

    print_listing()


@app.command("world")
def world_command(
    freeze: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Write the world down as v1, v2, …"),
    ] = None,
) -> None:
    """Show the embedded world, and what of it changed since it was frozen."""
    from benchmark.commands.version import freeze_world, show_world

    if freeze is None:
        show_world()
    else:
        freeze_world(freeze)


@app.command("trace")
def trace_command(
    suite: SuiteName,
    engine: Annotated[
        list[str] | None, typer.Option(help="Only this one; may be repeated.")
    ] = None,
    variant: Annotated[
        list[str] | None, typer.Option(help="Only this one; may be repeated.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for figures and sheets.")] = Path(
        "runs/trace"
    ),
    overrides: Overrides = None,
    store: Annotated[
        Path | None, typer.Option(help="Of finished stages [runs/store].")
    ] = None,
    read: Annotated[
        int, typer.Option(min=4, help="Pairs that the oracle reads, where there are.")
    ] = 400,
    faces: Annotated[
        int, typer.Option(min=1, help="Validation faces that F2P compares.")
    ] = 20,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress; results only.")
    ] = False,
) -> None:
    """Show what each step of SwiftAvatar, F2P or F2P v2 reached, and what it cost.

    Steps that the store lacks are made first, the oracle row of the suite too.
    """
    from benchmark.commands.trace import Request, carry_out

    request = Request(
        suite=suite,
        overrides=tuple(overrides or ()),
        engines=tuple(engine or ()),
        variants=tuple(variant or ()),
        store=store or Path("runs/store"),
        out=out,
        read=read,
        faces=faces,
        quiet=quiet,
    )
    raise typer.Exit(carry_out(request))


@app.command("report")
def report_command(
    run: Annotated[
        str, typer.Argument(help="A run folder, or a suite's name for its latest run.")
    ],
    out: Out = Path("runs"),
    faces: Annotated[
        int, typer.Option(min=1, max=24, help="Validation faces that are shown.")
    ] = 8,
    study: Annotated[
        Path | None, typer.Option(help="A study of this run's avatars, for Table 2.")
    ] = None,
) -> None:
    """Write a run's tables and page again, and print Tables 1 and 3."""
    from benchmark.commands.report import report

    report(run, out, faces, study)


def main() -> None:
    """Run the command line; a mistake ends in one sentence and exit status 2."""
    limit_spinning()
    _print_anywhere()
    debug = "--debug" in sys.argv
    sys.argv = [argument for argument in sys.argv if argument != "--debug"]
    try:
        app(prog_name="avatarbench")
    except Exception as error:
        if debug:
            raise
        sys.exit(_tell(error))


def _print_anywhere() -> None:
    """Let a terminal or pipe that cannot show a character show `?` instead."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def _tell(error: Exception) -> int:
    """Say what went wrong; the exit status, 2 for a mistake and 1 for a defect."""
    known = type(error).__module__.partition(".")[0] in OURS
    if not known and isinstance(error, OSError) and error.filename:
        print(
            f"avatarbench: {error.filename}: {error.strerror}; check the path and "
            "its permissions",
            file=sys.stderr,
        )
        return 2
    if known or isinstance(error, OSError):
        print(f"avatarbench: {error}", file=sys.stderr)
        return 2
    last = traceback.extract_tb(error.__traceback__)[-1]
    print(
        f"avatarbench: unexpected {type(error).__name__} at {last.filename}:"
        f"{last.lineno}: {error}; run again with --debug for the full traceback",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    main()
