"""`avatarbench study`: the command group; each command imports what it needs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
    str | None, typer.Option(help="One of the study's languages [its first].")
]


@study_app.command("create")
def create_command(
    run: Annotated[
        str, typer.Argument(help="A run folder, or a suite's name for its latest run.")
    ],
    runs: Annotated[Path, typer.Option(help="Folder that runs lie in.")] = Path("runs"),
    out: Annotated[Path | None, typer.Option(help="New folder [RUN/study].")] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the study [the suite's].")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Of faces and orders [drawn anew].")
    ] = None,
    faces: Annotated[
        int | None, typer.Option(min=1, help="[50, or all where there are fewer]")
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="Split that faces come from [the scored one].")
    ] = None,
    variant: Annotated[
        list[str] | None,
        typer.Option(help="A method to show; repeat it [those of Table 1]."),
    ] = None,
    engine: Annotated[
        list[str] | None, typer.Option(help="Only this one; may be repeated.")
    ] = None,
    catches: Annotated[
        int | None,
        typer.Option(min=0, help="Catch trials [1 in 20 judgements, 4 or more]."),
    ] = None,
    repeats: Annotated[
        int | None,
        typer.Option(min=0, help="Judgements shown twice [1 in 10, 2 or more]."),
    ] = None,
    tie: Annotated[
        bool, typer.Option("--tie", help='Offer the answer "I cannot tell".')
    ] = False,
    back: Annotated[
        bool, typer.Option(help="Whether raters may go back and change an answer.")
    ] = True,
    language: Annotated[
        list[str] | None, typer.Option(help="en or de; may be repeated [both].")
    ] = None,
    texts: Annotated[
        Path | None, typer.Option(help="YAML with a consent or words of your own.")
    ] = None,
    contact: Annotated[
        str | None, typer.Option(help="Whom raters can ask: a name and an address.")
    ] = None,
    max_failed_catches: Annotated[
        int | None,
        typer.Option(min=0, help="More than these leave a rater out [a quarter]."),
    ] = None,
    min_median_seconds: Annotated[
        float, typer.Option(min=0, help="Faster raters are left out.")
    ] = 1.0,
    min_finished: Annotated[
        float, typer.Option(min=0, max=1, help="Share of a paper to be answered.")
    ] = 0.5,
    share_ties: Annotated[
        bool, typer.Option("--share-ties", help="Share a tie among all methods.")
    ] = False,
) -> None:
    """Freeze a study: which of a run's avatars matches a face best?

    What is fixed here stays fixed: faces, orders, texts, and who is left out.
    """
    from benchmark.commands.study_create import Request, Rule, create
    from reports.forms.wording import LANGUAGES

    ties = "shared" if share_ties else "left out"
    request = Request(
        run=run,
        runs=runs,
        out=out,
        name=name,
        seed=seed,
        faces=faces,
        split=split,
        variants=tuple(variant or ()),
        engines=tuple(engine or ()),
        catches=catches,
        repeats=repeats,
        tie=tie,
        back="allowed" if back else "no",
        languages=tuple(language or LANGUAGES),
        texts=texts,
        contact=contact,
        rule=Rule(max_failed_catches, min_median_seconds, min_finished, ties),
    )
    create(request)


@study_app.command("preview")
def preview_command(
    study: StudyFolder,
    paper: Annotated[int, typer.Option(min=0, help="Number of the paper.")] = 0,
    language: Language = None,
    out: Annotated[
        Path | None, typer.Option(help="HTML to write [STUDY/preview.html].")
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
            "repeated [html and pdf].",
        ),
    ] = None,
    first: Annotated[int, typer.Option(min=0, help="Number of the first paper.")] = 0,
    count: Annotated[int, typer.Option(min=1, help="Papers: one a rater.")] = 1,
    language: Language = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the forms [STUDY/forms].")
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
        Path | None, typer.Option(help="[STUDY/judgements/offline.csv]")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Take papers anew that are there.")
    ] = False,
) -> None:
    """Add the answers of filled sheets to the judgements; all sheets or none."""
    from benchmark.commands.study_forms import import_filled

    import_filled(study, sheets, out, replace)


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
    ] = 0.1,
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
