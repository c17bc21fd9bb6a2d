"""`avatarbench study`: the command group; each command imports what it needs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmark.commands.study_making import create_command

study_app = typer.Typer(
    help="Ask people which avatar matches best: make a study, ask, analyse.",
    no_args_is_help=True,
)


@study_app.callback()
def study() -> None:
    """Keep `study` a group, however many commands it has."""


StudyFolder = Annotated[
    Path, typer.Argument(help="A folder that `study create` wrote.")
]
Language = Annotated[
    str | None,
    typer.Option(help="One of the study's languages.", show_default="its first"),
]


study_app.command("create")(create_command)


@study_app.command("preview")
def preview_command(
    study: StudyFolder,
    paper: Annotated[int, typer.Option(min=0, help="Number of the paper.")] = 0,
    language: Language = None,
    out: Annotated[
        Path | None,
        typer.Option(help="HTML to write.", show_default="STUDY/preview.html"),
    ] = None,
) -> None:
    """Say what a study asks, and write what a rater sees, its faces included."""
    from benchmark.commands.study_forms import preview

    preview(study, paper, language, out)


@study_app.command("forms")
def forms_command(
    study: StudyFolder,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            help="html (offline), pdf (printed) or csv (to type answers into); may be "
            "repeated.",
            show_default="html and pdf",
        ),
    ] = None,
    first: Annotated[int, typer.Option(min=0, help="Number of the first paper.")] = 0,
    count: Annotated[int, typer.Option(min=1, help="Papers: one a rater.")] = 1,
    language: Language = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the forms.", show_default="STUDY/forms"),
    ] = None,
) -> None:
    """Write papers for raters without network: to open offline, or to print."""
    from benchmark.commands.study_forms import check_formats, forms

    papers = range(first, first + count)
    forms(study, check_formats(kind), papers, language, out)


@study_app.command("import")
def import_command(
    study: StudyFolder,
    sheets: Annotated[
        list[Path], typer.Argument(help="Saved or filled answer sheets (CSV).")
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="CSV.", show_default="STUDY/judgements/offline.csv"),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Take papers anew that are there.")
    ] = False,
) -> None:
    """Add the answers of filled sheets to the judgements; all sheets or none."""
    from benchmark.commands.study_forms import import_filled

    import_filled(study, sheets, out, replace)


@study_app.command("withdraw")
def withdraw_command(
    study: StudyFolder,
    paper: Annotated[int, typer.Argument(min=0, help="Last number of the code.")],
    out: Annotated[
        Path | None,
        typer.Option(help="CSV.", show_default="STUDY/judgements/offline.csv"),
    ] = None,
) -> None:
    """Take a rater's offline answers out for good; the site has a page for its own."""
    from benchmark.commands.study_forms import withdraw

    withdraw(study, paper, out)


@study_app.command("serve")
def serve_command(
    study: Annotated[Path, typer.Argument(help="A folder that `study create` wrote.")],
    database: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            envvar="AVATARBENCH_DATABASE",
            help="sqlite:///PATH or postgresql://… [STUDY/ratings.sqlite].",
        ),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")
    ] = 8000,
    public_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="What people type, behind a proxy or --host."),
    ] = None,
    patience_hours: Annotated[
        float,
        typer.Option(
            min=0.1, help="After this long away, somebody else gets the paper."
        ),
    ] = 24,
    prolific_code: Annotated[
        str | None, typer.Option(help="The completion code that Prolific gave you.")
    ] = None,
    requests_per_second: Annotated[
        float, typer.Option(min=1, help="Most requests from one network address.")
    ] = 200,
) -> None:
    """Serve the rating site: every acknowledged answer is stored exactly once.

    The admin page asks for a token, which is printed, or which you set as
    AVATARBENCH_ADMIN_TOKEN (16 characters or more).
    """
    from benchmark.commands.study_serve import Request, carry_out

    carry_out(
        Request(
            study=study,
            database=database,
            host=host,
            port=port,
            public_url=public_url,
            patience_hours=patience_hours,
            prolific_code=prolific_code,
            requests_per_second=requests_per_second,
        )
    )


@study_app.command("report")
def report_command(
    study: Annotated[Path, typer.Argument(help="A folder that `study create` wrote.")],
    judgements: Annotated[
        list[Path] | None,
        typer.Option(help="A CSV of judgements; repeatable [STUDY/judgements/*.csv]."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder of MLflow's file.")] = Path("runs"),
    no_mlflow: Annotated[
        bool, typer.Option("--no-mlflow", help="Do not track in MLflow.")
    ] = False,
) -> None:
    """Print Table 2; write it with figures, page and tidy judgements to STUDY/report.

    `avatarbench report RUN --study STUDY` puts the same into the page of the run.
    """
    from benchmark.commands.study_report import Request, carry_out

    carry_out(Request(study, tuple(judgements or ()), out, not no_mlflow))


@study_app.command("power")
def power_command(
    methods: Annotated[int, typer.Option(min=2, help="Methods to choose from.")] = 4,
    difference: Annotated[
        float,
        typer.Option(help="How far the first method's share is above all others'."),
    ] = 0.2,
    shares: Annotated[
        str | None,
        typer.Option(
            metavar="S,S,…",
            help="Shares of the picks of all methods, for the two above: the first is "
            "held against the second.",
        ),
    ] = None,
    raters: Annotated[
        str, typer.Option(metavar="N,N,…", help="Numbers of raters.")
    ] = "10,20,30,50",
    faces: Annotated[
        str, typer.Option(metavar="N,N,…", help="Numbers of faces.")
    ] = "10,20,30,50",
    rater_spread: Annotated[
        float, typer.Option(min=0, help="How far tastes differ, in log-strength.")
    ] = 0.5,
    face_spread: Annotated[
        float, typer.Option(min=0, help="How far faces differ, in log-strength.")
    ] = 1.0,
    target: Annotated[
        float, typer.Option(min=0, max=1, help="Power that is wanted.")
    ] = 0.8,
    studies: Annotated[
        int, typer.Option(min=20, help="Simulated studies of each size.")
    ] = 300,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the figures there too.")
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress; results only.")
    ] = False,
) -> None:
    """Say how many raters and faces a study needs, by simulation.

    A simulated study counts as having seen the difference where the 95 % interval that
    `study report` would print lies above 0.
    """
    from benchmark.commands.study_power import Request, carry_out, numbers
    from evaluation.ratings import Simulations

    carry_out(
        Request(
            methods=methods,
            difference=difference,
            shares=numbers("--shares", shares, float) if shares else (),
            raters=numbers("--raters", raters, int),
            faces=numbers("--faces", faces, int),
            rater_spread=rater_spread,
            face_spread=face_spread,
            target=target,
            simulations=Simulations(studies, seed),
            csv=csv,
            quiet=quiet,
        )
    )
