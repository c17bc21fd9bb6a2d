"""`avatarbench train`: the options of its commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmark.commands.options import (
    RUNS,
    NoMlflowOption,
    OutOption,
    ParsedFacesArgument,
    QuietOption,
)

train_app = typer.Typer(
    help="Train networks: a face generator or face parser, which methods build on, or "
    "the estimator of `avatarbench create`.",
    epilog="All need faces with part maps: see `avatarbench faces crowd`.",
    no_args_is_help=True,
)

DeviceOption = Annotated[str, typer.Option("--device", help="cpu, cuda or mps.")]
WeightsOption = Annotated[
    Path | None,
    typer.Option(
        "--export",
        metavar="FOLDER",
        help="Folder for the weights.",
        show_default="weights/ in the folder of the training",
    ),
]
ScoredFacesHelp = "Faces with part maps to measure the parser on."


@train_app.command("recipes")
def list_recipes() -> None:
    """List the built-in recipes of `train generator`."""
    from methods.generator.recipe import read_recipe, recipe_names

    width = max(map(len, recipe_names())) + 2
    for name in recipe_names():
        recipe = read_recipe(name)
        print(
            f"{name:<{width}}{recipe.config.size} px, {recipe.images:,} pictures in "
            f"batches of {recipe.batch}, {recipe.precision}"
        )


@train_app.command(
    "generator",
    epilog="Example: avatarbench train generator crowd --minutes 60 --export weights",
)
def generator_command(
    data: ParsedFacesArgument,
    recipe: Annotated[
        str,
        typer.Option(
            help="Name of a recipe (see `avatarbench train recipes`) or a YAML file."
        ),
    ] = "portraits64",
    out: OutOption = RUNS,
    folder: Annotated[
        Path | None,
        typer.Option(
            help="Folder of this training.", show_default="OUT/generators/RECIPE"
        ),
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(min=0, help="Stop after this time.", show_default="no limit"),
    ] = None,
    images: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Number of pictures to train on.",
            show_default="the recipe's number",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(help="Seed of the training.", show_default="the recipe's seed"),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    devices: Annotated[
        int, typer.Option(min=1, help="Number of devices, each with its own process.")
    ] = 1,
    start: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="WEIGHTS",
            help="Start from these weights.",
            show_default="random weights",
        ),
    ] = None,
    export: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Export the weights to this folder at the end.",
            show_default="no export",
        ),
    ] = None,
    half: Annotated[
        bool, typer.Option("--half", help="Export in half precision (half the size).")
    ] = False,
    quality_count: Annotated[
        int,
        typer.Option(
            min=0, help="Number of samples for the quality score; 0 turns it off."
        ),
    ] = 500,
    no_mlflow: NoMlflowOption = False,
    quiet: QuietOption = False,
) -> None:
    """Train a SemanticStyleGAN on faces with part maps.

    A checkpoint is written every ten minutes and at the end. If the training is
    interrupted, repeat the command to continue; the result is the same.
    """
    from benchmark.commands.train_generator import run_generator_training

    changes = {"images": images, "seed": seed}
    status = run_generator_training(
        data,
        recipe_name=recipe,
        changes={key: value for key, value in changes.items() if value is not None},
        out=out,
        folder=folder,
        minutes=minutes,
        device=device,
        devices=devices,
        start=start,
        export=export,
        half=half,
        quality_count=quality_count,
        track=not no_mlflow,
        quiet=quiet,
    )
    raise typer.Exit(status)


@train_app.command(
    "parser", epilog="Example: avatarbench train parser portraits --export myparser"
)
def parser_command(
    data: ParsedFacesArgument = "portraits",
    validation: Annotated[
        str, typer.Option(help=ScoredFacesHelp)
    ] = "portraits-validation",
    size: Annotated[
        int,
        typer.Option(help="Side of a picture in pixels: 64 to 512, a multiple of 16."),
    ] = 128,
    steps: Annotated[
        int, typer.Option(min=1, help="Number of optimiser steps.")
    ] = 2000,
    batch: Annotated[int, typer.Option(min=1, help="Number of faces per step.")] = 16,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the training.")] = 0,
    out: OutOption = RUNS,
    export: WeightsOption = None,
    device: DeviceOption = "cpu",
    quiet: QuietOption = False,
) -> None:
    """Train a face parser, measure it and write its weights.

    If the training is interrupted, repeat the command to continue; the result is
    identical.
    """
    from pydantic import ValidationError

    from benchmark.commands.train_parser import run_parser_training
    from methods.f2p.parsing import ParserRecipe

    try:
        recipe = ParserRecipe(size=size, steps=steps, batch=batch, seed=seed)
    except ValidationError as error:
        first = error.errors()[0]
        raise typer.BadParameter(f"--{first['loc'][0]}: {first['msg']}") from error
    status = run_parser_training(
        data, validation, recipe, out=out, export=export, device=device, quiet=quiet
    )
    raise typer.Exit(status)


@train_app.command("parser-score")
def parser_score_command(
    parser: Annotated[
        str,
        typer.Argument(
            metavar="PARSER",
            help="Folder or name of the weights (see `avatarbench weights list`).",
        ),
    ] = "parser128",
    data: Annotated[str, typer.Option(help=ScoredFacesHelp)] = "portraits-validation",
    device: DeviceOption = "cpu",
    quiet: QuietOption = False,
) -> None:
    """Measure a face parser: mIoU, accuracy, and the IoU of each class."""
    from benchmark.commands.train_parser import measure_parser

    measure_parser(parser, data, device, quiet)


@train_app.command(
    "estimator", epilog="Example: avatarbench train estimator crowd128 --export mine"
)
def estimator_command(
    crowd: Annotated[
        Path,
        typer.Argument(
            metavar="CROWD", help="Folder made by `avatarbench faces crowd`."
        ),
    ],
    network_size: Annotated[
        int,
        typer.Option(
            help="Side in pixels to which the network enlarges smaller faces: 64 to "
            "512. The time of a step grows with its square.",
        ),
    ] = 128,
    steps: Annotated[
        int, typer.Option(min=1, help="Number of optimiser steps.")
    ] = 15_000,
    batch: Annotated[int, typer.Option(min=2, help="Number of faces per step.")] = 32,
    learning_rate: Annotated[
        float, typer.Option(help="The largest learning rate.")
    ] = 1e-3,
    strength: Annotated[
        float,
        typer.Option(
            min=0, max=2, help="Factor of the randomisation of the training faces."
        ),
    ] = 1.0,
    logit_adjustment: Annotated[
        float,
        typer.Option(min=0, help="Favour rare options; 1 makes all equally likely."),
    ] = 0.0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the training.")] = 0,
    start: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="WEIGHTS",
            help="Start from these weights of an estimator.",
            show_default="an ImageNet backbone and random heads",
        ),
    ] = None,
    out: OutOption = RUNS,
    export: WeightsOption = None,
    device: DeviceOption = "cpu",
    quiet: QuietOption = False,
) -> None:
    """Train the estimator that `avatarbench create` uses for the built-in engines.

    It learns from synthetic people and the rules of a designer, and is no contestant of
    the benchmark: suites never read it. A checkpoint is written every ten minutes. If
    the training is interrupted, repeat the command to continue.
    """
    from pydantic import ValidationError

    from benchmark.commands.train_estimator import run_estimator_training
    from methods.product.training import ProductRecipe

    try:
        recipe = ProductRecipe(
            network_size=network_size,
            steps=steps,
            batch=batch,
            learning_rate=learning_rate,
            strength=strength,
            logit_adjustment=logit_adjustment,
            seed=seed,
        )
    except ValidationError as error:
        first = error.errors()[0]
        option = str(first["loc"][0]).replace("_", "-")
        raise typer.BadParameter(f"--{option}: {first['msg']}") from error
    status = run_estimator_training(
        crowd,
        recipe,
        start=start,
        out=out,
        export=export,
        device=device,
        quiet=quiet,
    )
    raise typer.Exit(status)
