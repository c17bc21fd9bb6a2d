"""The options of `avatarbench study simulate` and `study power`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmark.commands.options import QuietOption, StudyArgument

RaterSpreadOption = Annotated[
    float,
    typer.Option(min=0, help="Standard deviation between raters, in log-strength."),
]
FaceSpreadOption = Annotated[
    float,
    typer.Option(min=0, help="Standard deviation between faces, in log-strength."),
]


def simulate_command(
    study: StudyArgument,
    raters: Annotated[int, typer.Option(min=1, help="Number of raters.")] = 20,
    careless: Annotated[
        int,
        typer.Option(min=0, help="So many of the raters pick any avatar, quickly."),
    ] = 0,
    shares: Annotated[
        str | None,
        typer.Option(
            metavar="S,S,…",
            help="Shares of picks of the methods, in the order of Table 2.",
            show_default="the same for all",
        ),
    ] = None,
    rater_spread: RaterSpreadOption = 0.5,
    face_spread: FaceSpreadOption = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the simulation.")] = 0,
) -> None:
    """Answer a study by simulated raters, to try its report before people do.

    The ratings go to STUDY/simulated. Only `study report --simulated` reads them.
    """
    from benchmark.commands.study_power import parse_numbers
    from benchmark.commands.study_simulate import simulate_study

    simulate_study(
        study,
        raters=raters,
        careless=careless,
        shares=parse_numbers("--shares", shares, float) if shares else (),
        rater_spread=rater_spread,
        face_spread=face_spread,
        seed=seed,
    )


def power_command(
    methods: Annotated[int, typer.Option(min=2, help="Number of methods.")] = 4,
    difference: Annotated[
        float,
        typer.Option(
            help="Difference to detect: the share of picks of the first method minus "
            "that of each other method."
        ),
    ] = 0.2,
    shares: Annotated[
        str | None,
        typer.Option(
            metavar="S,S,…",
            help="Shares of picks of all methods, in place of --methods and "
            "--difference. The first is compared with the second.",
        ),
    ] = None,
    raters: Annotated[
        str, typer.Option(metavar="N,N,…", help="Numbers of raters to try.")
    ] = "10,20,30,50",
    faces: Annotated[
        str, typer.Option(metavar="N,N,…", help="Numbers of faces to try.")
    ] = "10,20,30,50",
    rater_spread: RaterSpreadOption = 0.5,
    face_spread: FaceSpreadOption = 1.0,
    target: Annotated[float, typer.Option(min=0, max=1, help="Desired power.")] = 0.8,
    studies: Annotated[
        int, typer.Option(min=20, help="Number of simulated studies for each size.")
    ] = 300,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the simulation.")] = 0,
    csv: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write the results to this CSV file."),
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """Simulate how many raters and faces a study needs.

    A simulated study detects the difference if the 95 % confidence interval of `study
    report` lies above 0. The power is the share of studies that detect it.
    """
    from benchmark.commands.study_power import parse_numbers, simulate_power
    from evaluation.ratings import Simulations

    simulate_power(
        methods=methods,
        difference=difference,
        shares=parse_numbers("--shares", shares, float) if shares else (),
        raters=parse_numbers("--raters", raters, int),
        faces=parse_numbers("--faces", faces, int),
        rater_spread=rater_spread,
        face_spread=face_spread,
        target=target,
        simulations=Simulations(studies, seed),
        csv=csv,
        quiet=quiet,
    )
