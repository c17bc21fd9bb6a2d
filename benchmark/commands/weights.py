"""`avatarbench weights`: published weight files, listed and fetched."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

weights_app = typer.Typer(
    help="List and fetch published weight files.", no_args_is_help=True
)


@weights_app.command("list")
def list_weights() -> None:
    """Every weight file: where it lies, or that it is missing."""
    from benchmark import weights

    for name in weights.names():
        entry = weights.describe(name)
        place = weights.find(name)
        print(f"{name:<24}{entry.megabytes:>7.1f} MB  {entry.licence:<14}", end="")
        print(place if place is not None else "not fetched")


@weights_app.command("fetch")
def fetch_weights(
    names: Annotated[
        list[str] | None, typer.Argument(help="Which ones [all of them].")
    ] = None,
) -> None:
    """Fetch weight files. Without names, one that cannot be had is only reported."""
    from benchmark import weights

    for name in names or weights.names():
        try:
            print(f"{name}: {weights.fetch(name)}")
        except weights.WeightsError as error:
            if names:
                raise
            print(error, file=sys.stderr)
