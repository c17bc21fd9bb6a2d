"""`avatarbench train`: trains what methods stand on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

train_app = typer.Typer(help="Train a generator.", no_args_is_help=True)


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
