"""The options of `avatarbench study create`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmark.commands.options import RUNS, OnlyEnginesOption, RunArgument


def create_command(
    run: RunArgument,
    runs: Annotated[Path, typer.Option(help="Folder of all runs.")] = RUNS,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder to create.", show_default="RUN/study-SPLIT"),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(help="Name of the study.", show_default="the suite's name"),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Seed of the choice of faces and of all orders.",
            show_default="random",
        ),
    ] = None,
    faces: Annotated[
        int | None,
        typer.Option(
            min=1, help="Number of faces.", show_default="50, or all if fewer"
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(help="Split of the faces.", show_default="the main scored split"),
    ] = None,
    variant: Annotated[
        list[str] | None,
        typer.Option(
            help="Show only this method. Repeatable.",
            show_default="the methods of Table 1",
        ),
    ] = None,
    engine: OnlyEnginesOption = None,
    catches: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Number of catch trials, which have an obvious answer.",
            show_default="1 in 20 ratings, at least 4",
        ),
    ] = None,
    repeats: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Number of ratings that are shown twice.",
            show_default="1 in 10 ratings, at least 2",
        ),
    ] = None,
    tie: Annotated[
        bool, typer.Option("--tie", help='Offer the answer "I cannot tell".')
    ] = False,
    back: Annotated[
        bool, typer.Option(help="Let raters go back and change an answer.")
    ] = True,
    language: Annotated[
        list[str] | None,
        typer.Option(help="Language: en or de. Repeatable.", show_default="both"),
    ] = None,
    texts: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.yaml",
            help="Your own consent text and wording.",
            show_default="the built-in texts",
        ),
    ] = None,
    contact: Annotated[
        str | None,
        typer.Option(help="Name and address of the contact person for raters."),
    ] = None,
    max_failed_catches: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Exclude raters who fail more catch trials than this.",
            show_default="a quarter of the catch trials",
        ),
    ] = None,
    min_median_seconds: Annotated[
        float,
        typer.Option(min=0, help="Exclude raters with a shorter median answer time."),
    ] = 1.0,
    min_finished: Annotated[
        float,
        typer.Option(
            min=0, max=1, help="Exclude raters who answer a smaller share than this."
        ),
    ] = 0.5,
    share_ties: Annotated[
        bool,
        typer.Option(
            "--share-ties",
            help="Divide a tie among all methods, instead of leaving it out.",
        ),
    ] = False,
) -> None:
    """Create a rating study from the avatars of a run.

    Everything is fixed before the first answer: faces, orders, texts and the rule that
    excludes raters.
    """
    from benchmark.commands.study_create import create_study_from_run
    from reports.human_study.design.creation import Rule

    ties = "shared" if share_ties else "left out"
    create_study_from_run(
        run,
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
        languages=tuple(language or ()),
        texts=texts,
        contact=contact,
        rule=Rule(max_failed_catches, min_median_seconds, min_finished, ties),
    )
