"""The options of `avatarbench study create`; it imports what it needs when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def create_command(
    run: Annotated[
        str, typer.Argument(help="A run folder, or a suite's name for its latest run.")
    ],
    runs: Annotated[Path, typer.Option(help="Folder that runs lie in.")] = Path("runs"),
    out: Annotated[
        Path | None, typer.Option(help="A new folder.", show_default="RUN/study")
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the study.", show_default="the suite's")
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(min=0, help="Of faces and orders.", show_default="drawn anew"),
    ] = None,
    faces: Annotated[
        int | None, typer.Option(min=1, help="Faces shown.", show_default="50, or all")
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(help="Where faces come from.", show_default="the scored split"),
    ] = None,
    variant: Annotated[
        list[str] | None,
        typer.Option(
            help="A method to show; may be repeated.", show_default="those of Table 1"
        ),
    ] = None,
    engine: Annotated[
        list[str] | None, typer.Option(help="Only this one; may be repeated.")
    ] = None,
    catches: Annotated[
        int | None,
        typer.Option(
            min=0, help="Catch trials.", show_default="1 in 20 judgements, 4 or more"
        ),
    ] = None,
    repeats: Annotated[
        int | None,
        typer.Option(
            min=0, help="Judgements shown twice.", show_default="1 in 10, 2 or more"
        ),
    ] = None,
    tie: Annotated[
        bool, typer.Option("--tie", help='Offer the answer "I cannot tell".')
    ] = False,
    back: Annotated[
        bool, typer.Option(help="Whether raters may go back and change an answer.")
    ] = True,
    language: Annotated[
        list[str] | None,
        typer.Option(help="en or de; may be repeated.", show_default="both"),
    ] = None,
    texts: Annotated[
        Path | None, typer.Option(help="YAML with a consent or words of your own.")
    ] = None,
    contact: Annotated[
        str | None, typer.Option(help="Whom raters can ask: a name and an address.")
    ] = None,
    max_failed_catches: Annotated[
        int | None,
        typer.Option(
            min=0, help="More leave a rater out.", show_default="a quarter of them"
        ),
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
    from reports.human_study.wording import LANGUAGES

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
