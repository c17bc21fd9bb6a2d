"""The command line `avatarbench`. Commands import their modules when they run."""

from __future__ import annotations

import runpy
import sys
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.main

from benchmark.commands.create import create_app
from benchmark.commands.engines import engines_app
from benchmark.commands.faces import faces_app
from benchmark.commands.generator import generator_app
from benchmark.commands.methods import methods_app
from benchmark.commands.options import (
    RUNS,
    AddressOption,
    CachedStagesOption,
    ExecutorOption,
    ExistingStoreOption,
    GpusPerWorkerOption,
    LpipsBackboneOption,
    NoMlflowOption,
    OnlyEnginesOption,
    OutOption,
    QuietOption,
    RunArgument,
    SetOption,
    StoreOption,
    SuiteArgument,
    WorkersOption,
)
from benchmark.commands.path_arguments import expand_path
from benchmark.commands.store import store_app
from benchmark.commands.studio import studio_app
from benchmark.commands.study import study_app
from benchmark.commands.train import train_app
from benchmark.commands.trials import trials_app
from benchmark.commands.weights import weights_app
from benchmark.system.error_sentences import describe_error, describe_exit
from benchmark.system.garbage_collection import skip_final_collection
from benchmark.system.memory import use_huge_pages
from benchmark.system.openmp import limit_spinning
from benchmark.system.output_streams import (
    describe_lost_output,
    prepare_output_streams,
)
from benchmark.system.passwords import hide_passwords

COMPARE = "Compare methods"
CREATE = "Create avatars"
PEOPLE = "Ask people"
PARTS = "Engines, faces and networks"

app = typer.Typer(
    help="Benchmark of methods that create an avatar from a photo of a face.",
    epilog="Start with `avatarbench run quick`. Add --debug to any command for full "
    "tracebacks, also of failed trials.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from benchmark.system.environment import own_version

        print(f"avatarbench {own_version()}")
        raise typer.Exit


@app.callback()
def root_command(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_print_version,
            is_eager=True,
            help="Print the version of this software and exit. The command version "
            "shows the benchmark version.",
        ),
    ] = False,
) -> None:
    """Options of the command line itself; the texts are those of `app`."""


@app.command(
    "run",
    rich_help_panel=COMPARE,
    epilog="Example: avatarbench run quick --set seeds=[0,1] --dry-run",
)
def run_command(
    context: typer.Context,
    suite: SuiteArgument,
    out: OutOption = RUNS,
    store: StoreOption = None,
    overrides: SetOption = None,
    lpips_backbone: LpipsBackboneOption = None,
    from_scratch: Annotated[
        bool,
        typer.Option(
            "--from-scratch",
            help="Do not use weights and cached stages that are shipped with the "
            "package.",
        ),
    ] = False,
    fresh: Annotated[
        list[str] | None,
        typer.Option(
            "--fresh",
            metavar="NAME",
            help="Build the cached stages of this method, engine or metric again, and "
            "all that depend on them. Shipped stages are kept. Repeatable.",
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Print what would run and about how long it takes; stop."
        ),
    ] = False,
    executor: ExecutorOption = "serial",
    workers: WorkersOption = None,
    address: AddressOption = None,
    gpus_per_worker: GpusPerWorkerOption = None,
    no_mlflow: NoMlflowOption = False,
    quiet: QuietOption = False,
) -> None:
    """Run every trial of a suite, then write its tables, figures and page.

    Finished stages are cached. If the run is interrupted, repeat the command to
    continue. The exit status is 1 if a trial fails.
    """
    from benchmark.commands.run import run_suite
    from benchmark.commands.run_workers import WorkerOptions

    scratch = ("from_scratch=true",) if from_scratch else ()
    status = run_suite(
        suite,
        out=out,
        store_folder=store or out / "store",
        overrides=(*(overrides or ()), *scratch),
        lpips_backbone=lpips_backbone,
        fresh=tuple(fresh or ()),
        dry_run=dry_run,
        track=not no_mlflow,
        quiet=quiet,
        debug=bool(context.obj),
        worker_options=WorkerOptions(executor, workers, address, gpus_per_worker),
    )
    raise typer.Exit(status)


@app.command("validate", rich_help_panel=COMPARE)
def validate_command(
    suite: SuiteArgument,
    overrides: SetOption = None,
    lpips_backbone: LpipsBackboneOption = None,
    store: ExistingStoreOption = None,
) -> None:
    """Check a suite and everything that it names, and print all problems at once.

    A plugin whose code changed since it made cached stages gets a warning.
    """
    from benchmark.commands.run import validate_suite

    validate_suite(
        suite, tuple(overrides or ()), lpips_backbone, store or RUNS / "store"
    )


@app.command("list", rich_help_panel=COMPARE)
def list_command() -> None:
    """List all suites, engines, methods and metrics, and why any is unavailable."""
    from benchmark.commands.listing import print_listing

    print_listing()


@app.command(
    "report",
    rich_help_panel=COMPARE,
    epilog="Example: avatarbench report quick",
)
def report_command(
    run: RunArgument,
    out: OutOption = RUNS,
    faces: Annotated[
        int,
        typer.Option(min=1, max=200, help="Number of validation faces on the page."),
    ] = 24,
    study: Annotated[
        Path | None,
        typer.Option(
            metavar="STUDY",
            help="Folder of a rating study of this run's avatars; adds Table 2.",
        ),
    ] = None,
) -> None:
    """Write the tables, figures and page of a run again, and print Tables 1 and 3."""
    from benchmark.commands.report import report_run

    report_run(run, out, faces, study)


@app.command(
    "compare",
    rich_help_panel=COMPARE,
    epilog="Example: avatarbench compare docs/results/quick quick --tolerance 0.01",
)
def compare_command(
    before: Annotated[
        str,
        typer.Argument(
            metavar="BEFORE",
            help="The reference: a run folder, or the name of a suite for its latest "
            "run.",
        ),
    ],
    after: Annotated[
        str, typer.Argument(metavar="AFTER", help="The run that is judged.")
    ],
    out: OutOption = RUNS,
    variant: Annotated[
        list[str] | None,
        typer.Option(
            help="Compare only this variant. Repeatable.", show_default="all methods"
        ),
    ] = None,
    engine: OnlyEnginesOption = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            help="Compare only this metric. Repeatable.", show_default="all metrics"
        ),
    ] = None,
    tolerance: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[METRIC=]VALUE",
            help="Worsening that is no regression, in the metric's unit. Repeatable.",
            show_default="0",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON instead of a table.")
    ] = False,
) -> None:
    """Compare two runs face by face, for instance to find regressions.

    Both runs must have the same faces, ground truth, metrics and benchmark version. The
    exit status is 1 if a score is significantly worse than before by more than is
    tolerated, or if a trial no longer finishes. It is 2 if the runs cannot be compared.
    """
    from benchmark.commands.compare import compare_two_runs

    status = compare_two_runs(
        before,
        after,
        out,
        variants=variant or (),
        engines=engine or (),
        metrics=metric or (),
        tolerated=tolerance or (),
        as_json=as_json,
    )
    raise typer.Exit(status)


@app.command(
    "leaderboard",
    rich_help_panel=COMPARE,
    epilog="Example: avatarbench leaderboard docs/results/standard standard",
)
def leaderboard_command(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN...",
            help="Run folders, or names of suites for their latest runs.",
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE.html", help="Page to write.")
    ] = RUNS / "leaderboard.html",
) -> None:
    """Write one page over many runs, with results over time.

    Only runs with the same faces, ground truth, engines, metrics and benchmark version
    share a board. The newest benchmark version comes first; older ones are grey.
    """
    from benchmark.commands.leaderboard import write_page

    write_page(runs, out)


@app.command(
    "rescore",
    rich_help_panel=COMPARE,
    epilog="Example: avatarbench rescore quick",
)
def rescore_command(
    context: typer.Context,
    run: RunArgument,
    suite: Annotated[
        str | None,
        typer.Option(
            metavar="SUITE",
            help="The suite whose metrics are used.",
            show_default="the suite of the run",
        ),
    ] = None,
    out: OutOption = RUNS,
    overrides: SetOption = None,
    lpips_backbone: LpipsBackboneOption = None,
    quiet: QuietOption = False,
) -> None:
    """Score the predictions of a finished run with the current metrics of its suite.

    Every score is computed again; nothing is trained or timed. Afterwards `avatarbench
    run` treats the trials as finished. The exit status is 1 if a trial fails.
    """
    from benchmark.commands.rescore import rescore_run

    status = rescore_run(
        run,
        suite,
        out=out,
        overrides=tuple(overrides or ()),
        lpips_backbone=lpips_backbone,
        quiet=quiet,
        debug=bool(context.obj),
    )
    raise typer.Exit(status)


@app.command(
    "trace",
    rich_help_panel=COMPARE,
    epilog="Example: avatarbench trace quick --variant swiftavatar",
)
def trace_command(
    suite: SuiteArgument,
    engine: OnlyEnginesOption = None,
    variant: Annotated[
        list[str] | None, typer.Option(help="Use only this variant. Repeatable.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for figures and sheets.")] = (
        RUNS / "trace"
    ),
    overrides: SetOption = None,
    store: CachedStagesOption = None,
    read: Annotated[
        int,
        typer.Option(min=4, help="Number of training pairs that the oracle predicts."),
    ] = 400,
    faces: Annotated[
        int,
        typer.Option(min=1, help="Number of validation faces to compare avatars with."),
    ] = 20,
    quiet: QuietOption = False,
) -> None:
    """Show what each step of SwiftAvatar, F2P or F2P v2 achieves and costs.

    Stages that are not cached are built first, including the oracle row of the suite.
    """
    from benchmark.commands.trace import trace_methods

    trace_methods(
        suite,
        overrides=tuple(overrides or ()),
        engines=tuple(engine or ()),
        variants=tuple(variant or ()),
        store_folder=store or RUNS / "store",
        out=out,
        pairs=read,
        faces=faces,
        quiet=quiet,
    )


@app.command("world", hidden=True, deprecated=True)
@app.command("version", rich_help_panel=COMPARE)
def version_command(
    freeze: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Freeze the current state as the next version: v1, v2, …",
        ),
    ] = None,
) -> None:
    """Show the benchmark version, and which of its parts changed since it was frozen.

    Scores on the embedded portraits can be compared within one benchmark version only.
    It covers the scored faces, their ground truth, the engines, the metrics and the
    Baseline. `avatarbench --version` prints the version of the software.
    """
    from benchmark.commands.version import freeze_version, show_version

    if freeze is None:
        show_version()
    else:
        freeze_version(freeze)


app.add_typer(trials_app, name="trials", rich_help_panel=COMPARE)
app.add_typer(store_app, name="store", rich_help_panel=COMPARE)
app.add_typer(create_app, name="create", rich_help_panel=CREATE)
app.add_typer(study_app, name="study", rich_help_panel=PEOPLE)
app.add_typer(studio_app, name="studio", rich_help_panel=PEOPLE)
app.add_typer(engines_app, name="engines", rich_help_panel=PARTS)
app.add_typer(methods_app, name="methods", rich_help_panel=PARTS)
app.add_typer(faces_app, name="faces", rich_help_panel=PARTS)
app.add_typer(weights_app, name="weights", rich_help_panel=PARTS)
app.add_typer(generator_app, name="generator", rich_help_panel=PARTS)
app.add_typer(train_app, name="train", rich_help_panel=PARTS)


@cache
def command_line() -> Any:
    """`avatarbench` with all its commands, built once for a process."""
    return typer.main.get_command(app)


def main() -> None:
    """Run the command line.

    A mistake of the user ends with one sentence and exit status 2.
    """
    limit_spinning()
    use_huge_pages()
    skip_final_collection()
    prepare_output_streams()
    debug = "--debug" in sys.argv
    words = (expand_path(word) for word in sys.argv[1:] if word != "--debug")
    sys.argv[1:] = words
    try:
        command_line()(prog_name="avatarbench", obj=debug)
    except SystemExit as end:
        if (lost := describe_lost_output()) is not None and not end.code:
            print(f"avatarbench: {lost}", file=sys.stderr)
            sys.exit(1)
        if (sentence := describe_exit(end)) is not None and not debug:
            print(hide_passwords(f"avatarbench: {sentence}"), file=sys.stderr)
            sys.exit(1)
        raise
    except Exception as error:
        if debug:
            raise
        sentence, status = describe_error(error)
        print(hide_passwords(f"avatarbench: {sentence}"), file=sys.stderr)
        sys.exit(status)


if __name__ == "__main__":
    # The launcher first checks that no foreign package hides one of ours.
    runpy.run_module("avatarbench_launcher", run_name="__main__")
