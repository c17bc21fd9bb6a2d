"""`avatarbench train`: trains what methods stand on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

train_app = typer.Typer(
    help="Train a generator or a face parser.", no_args_is_help=True
)


@train_app.command("recipes")
def list_recipes() -> None:
    """List the recipes that ship."""
    from methods.generator.recipe import read_recipe, recipe_names

    for name in recipe_names():
        recipe = read_recipe(name)
        print(
            f"{name:<20}{recipe.config.size} px, {recipe.images:,} pictures in batches "
            f"of {recipe.batch}, {recipe.precision}"
        )


@train_app.command("generator")
def train_generator_command(
    data: Annotated[
        str, typer.Argument(help="A crowd, a CelebAMask-HQ folder, or portraits.")
    ],
    recipe: Annotated[
        str, typer.Option(help="A recipe (see `train recipes`) or a YAML file.")
    ] = "portraits64",
    out: Annotated[Path, typer.Option(help="Folder that runs are written to.")] = Path(
        "runs"
    ),
    folder: Annotated[
        Path | None, typer.Option(help="Of the training [OUT/generators/RECIPE].")
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(min=0, help="Stop after so long; the same command goes on."),
    ] = None,
    images: Annotated[
        int | None, typer.Option(min=1, help="Pictures to show; else the recipe's.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Of everything; else the recipe's.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    devices: Annotated[
        int, typer.Option(min=1, help="How many, each with a process of its own.")
    ] = 1,
    start: Annotated[
        Path | None, typer.Option("--from", help="A folder of weights to start with.")
    ] = None,
    export: Annotated[
        Path | None, typer.Option(help="Folder of weights, written at the end.")
    ] = None,
    half: Annotated[
        bool, typer.Option("--half", help="Export in half precision, half the size.")
    ] = False,
    quality_count: Annotated[
        int, typer.Option(min=0, help="Samples of the quality score; 0: no score.")
    ] = 500,
    no_mlflow: Annotated[
        bool, typer.Option("--no-mlflow", help="Do not track in MLflow.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress; results only.")
    ] = False,
) -> None:
    """Train a SemanticStyleGAN, or go on with it: it survives any kill.

    A checkpoint is written every ten minutes and at the end of a piece; killed or
    stopped, the same command goes on from there, and draws the same curve.
    """
    from benchmark.commands.train_generator import Request, carry_out

    changes = {"images": images, "seed": seed}
    request = Request(
        data=data,
        recipe=recipe,
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
    raise typer.Exit(carry_out(request))


@train_app.command("parser")
def train_parser_command(
    data: Annotated[
        str, typer.Argument(help="A crowd, a CelebAMask-HQ folder, or portraits.")
    ] = "portraits",
    validation: Annotated[
        str, typer.Option(help="Faces with part maps to measure on.")
    ] = "portraits-validation",
    size: Annotated[int, typer.Option(help="Pixels: 64 to 512, a multiple of 16.")] = (
        128
    ),
    steps: Annotated[int, typer.Option(min=1, help="Of the optimiser.")] = 2000,
    batch: Annotated[int, typer.Option(min=1, help="Faces a step.")] = 16,
    seed: Annotated[int, typer.Option(min=0, help="Of everything.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder that runs are written to.")] = Path(
        "runs"
    ),
    export: Annotated[
        Path | None, typer.Option(help="Folder of weights [in the training's folder].")
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda or mps.")] = "cpu",
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress; results only.")
    ] = False,
) -> None:
    """Train a face parser, measure it, write its weights; it survives any kill.

    The same command goes on from the last checkpoint, to the same bytes.
    """
    from pydantic import ValidationError

    from benchmark.commands.train_parser import Request, carry_out
    from methods.f2p.parsing import ParserRecipe

    try:
        recipe = ParserRecipe(size=size, steps=steps, batch=batch, seed=seed)
    except ValidationError as error:
        first = error.errors()[0]
        raise typer.BadParameter(f"--{first['loc'][0]}: {first['msg']}") from error
    request = Request(data, validation, recipe, out, export, device, quiet)
    raise typer.Exit(carry_out(request))


@train_app.command("parser-score")
def score_parser_command(
    parser: Annotated[
        str, typer.Argument(help="A folder of weights, or a name.")
    ] = "parser128",
    data: Annotated[
        str, typer.Option(help="Faces with part maps to measure on.")
    ] = "portraits-validation",
    device: Annotated[str, typer.Option(help="cpu, cuda or mps.")] = "cpu",
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress; results only.")
    ] = False,
) -> None:
    """Measure a face parser: mIoU, and intersection over union of each class."""
    from benchmark.commands.train_parser import score

    raise typer.Exit(score(parser, data, device, quiet))
