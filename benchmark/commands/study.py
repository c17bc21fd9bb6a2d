"""`avatarbench study`: the options of its commands, except `study create`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmark.commands.options import (
    RUNS,
    HostOption,
    NoMlflowOption,
    OutOption,
    PortOption,
    RootPathOption,
    StudyArgument,
)
from benchmark.commands.study_create_options import create_command
from benchmark.commands.study_simulation_options import (
    power_command,
    simulate_command,
)

study_app = typer.Typer(
    help="Ask people which avatar matches a face best: create, serve and report a "
    "rating study.",
    epilog="A run leaves a pilot on validation faces in its folder. Try `avatarbench "
    "study preview runs/quick/latest/study`.",
    no_args_is_help=True,
)

LanguageOption = Annotated[
    str | None,
    typer.Option(
        "--language",
        help="A language of the study.",
        show_default="the first of the study",
    ),
]
RatingsFileOption = Annotated[
    Path | None,
    typer.Option(
        "--out", help="CSV file of ratings.", show_default="STUDY/ratings/offline.csv"
    ),
]


study_app.command(
    "create", epilog="Example: avatarbench study create quick --out mystudy --faces 20"
)(create_command)


@study_app.command("preview")
def preview_command(
    study: StudyArgument,
    assignment: Annotated[
        int,
        typer.Option(
            "--assignment",
            "--paper",
            min=0,
            help="Number of the assignment (the order of faces for one rater).",
        ),
    ] = 0,
    language: LanguageOption = None,
    out: Annotated[
        Path | None,
        typer.Option(help="HTML file to write.", show_default="STUDY/preview.html"),
    ] = None,
) -> None:
    """Describe a study, and write the page that a rater sees."""
    from benchmark.commands.study_forms import preview_study

    preview_study(study, assignment, language, out)


@study_app.command(
    "forms", epilog="Example: avatarbench study forms mystudy --format pdf --count 20"
)
def forms_command(
    study: StudyArgument,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            help="html (offline page), pdf (to print) or csv (to type answers into). "
            "Repeatable.",
            show_default="html and pdf",
        ),
    ] = None,
    first: Annotated[
        int, typer.Option(min=0, help="Number of the first assignment.")
    ] = 0,
    count: Annotated[
        int, typer.Option(min=1, help="Number of assignments, one per rater.")
    ] = 1,
    language: LanguageOption = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the forms.", show_default="STUDY/forms"),
    ] = None,
) -> None:
    """Write forms for raters without internet access, to open offline or to print."""
    from benchmark.commands.study_forms import check_formats, write_study_forms

    assignments = range(first, first + count)
    write_study_forms(study, check_formats(kind), assignments, language, out)


@study_app.command("import")
def import_command(
    study: StudyArgument,
    sheets: Annotated[
        list[Path],
        typer.Argument(
            metavar="SHEETS", help="Answer sheets (CSV) saved by forms or filled in."
        ),
    ],
    out: RatingsFileOption = None,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace", help="Replace answers to assignments imported before."
        ),
    ] = False,
) -> None:
    """Import answer sheets as ratings; either all sheets or none."""
    from benchmark.commands.study_forms import import_answer_sheets

    import_answer_sheets(study, sheets, out, replace)


@study_app.command("withdraw")
def withdraw_command(
    study: StudyArgument,
    assignment: Annotated[
        int,
        typer.Argument(
            metavar="ASSIGNMENT",
            min=0,
            help="The number at the end of the form's code.",
        ),
    ],
    out: RatingsFileOption = None,
) -> None:
    """Delete the imported answers of a rater who withdraws.

    Raters of the site use its withdrawal page.
    """
    from benchmark.commands.study_forms import withdraw_rater

    withdraw_rater(study, assignment, out)


@study_app.command(
    "serve",
    epilog="Example: avatarbench study serve mystudy --host 0.0.0.0 --public-url "
    "https://rate.example.org",
)
def serve_command(
    study: StudyArgument,
    database: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            envvar="AVATARBENCH_DATABASE",
            help="Database of answers: sqlite:///PATH or postgresql://…",
            show_default="sqlite at STUDY/ratings.sqlite",
        ),
    ] = None,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    public_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Address that raters use. Required unless --host is this machine.",
        ),
    ] = None,
    root_path: RootPathOption = None,
    patience_hours: Annotated[
        float,
        typer.Option(
            min=0.1,
            help="Hours of inactivity after which another rater gets the assignment.",
        ),
    ] = 24,
    prolific_code: Annotated[
        str | None, typer.Option(help="Completion code of a Prolific study.")
    ] = None,
    requests_per_second: Annotated[
        float, typer.Option(min=1, help="Request limit for each network address.")
    ] = 200,
) -> None:
    """Serve the rating site of a study until Ctrl-C.

    Each confirmed answer is stored exactly once. The admin page requires a token. It is
    printed, unless you set AVATARBENCH_ADMIN_TOKEN (at least 16 characters).
    """
    from benchmark.commands.study_serve import serve_study

    serve_study(
        study,
        database=database,
        host=host,
        port=port,
        public_url=public_url,
        root_path=root_path,
        patience_hours=patience_hours,
        prolific_code=prolific_code,
        requests_per_second=requests_per_second,
    )


@study_app.command("report")
def report_command(
    study: StudyArgument,
    ratings: Annotated[
        list[Path] | None,
        typer.Option(
            "--ratings",
            "--judgements",
            help="CSV file of ratings. Repeatable.",
            show_default="STUDY/ratings/*.csv",
        ),
    ] = None,
    out: OutOption = RUNS,
    simulated: Annotated[
        bool,
        typer.Option(
            "--simulated",
            help="Report simulated ratings, by default those of `study simulate`, to "
            "STUDY/simulated/report. Every output is marked as simulated, and nothing "
            "is logged to MLflow.",
        ),
    ] = False,
    no_mlflow: NoMlflowOption = False,
) -> None:
    """Print Table 2 and write the report of a study to STUDY/report.

    To add Table 2 to the report of a run, use `avatarbench report RUN --study STUDY`.
    """
    from benchmark.commands.study_report import report_study

    report_study(
        study, tuple(ratings or ()), out, track=not no_mlflow, simulated=simulated
    )


study_app.command(
    "simulate",
    epilog="Example: avatarbench study simulate mystudy && avatarbench study report "
    "mystudy --simulated",
)(simulate_command)
study_app.command(
    "power", epilog="Example: avatarbench study power --methods 4 --difference 0.1"
)(power_command)
