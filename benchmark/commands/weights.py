"""`avatarbench weights`: published files fetched, checkpoints imported and shown."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from methods.f2p.parser_weights import ParserCard
    from methods.generator.pretrained import WeightsCard

weights_app = typer.Typer(
    help="Fetch published weight files; import and show networks.",
    no_args_is_help=True,
)


@weights_app.command("list")
def list_weights() -> None:
    """Every weight file, generator and face parser: where it lies, or that it lacks."""
    from benchmark import weights
    from benchmark.weights.folders import known_weights

    for name in weights.names():
        entry = weights.describe(name)
        place = weights.find(name)
        print(f"{name:<24}{entry.megabytes:>7.1f} MB  {entry.licence:<14} ", end="")
        print(place if place is not None else "not fetched")
    for name, folder in known_weights().items():
        size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
        licence = _read_card(folder).licence
        print(f"{name:<24}{size:>7.1f} MB  {licence:<14.40} {folder}")


@weights_app.command("fetch")
def fetch_weights(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Which ones [all but VGG-16 and those that people bring]."),
    ] = None,
) -> None:
    """Fetch weight files. Without names, one that cannot be had is only reported."""
    from benchmark import weights

    for name in names or weights.usual_names():
        try:
            print(f"{name}: {weights.fetch(name)}")
        except weights.WeightsError as error:
            if names:
                raise
            print(error, file=sys.stderr)


# Paths that cannot be read are answered by the reader (readable=False), in a sentence.
@weights_app.command("import")
def import_weights(
    file: Annotated[
        Path,
        typer.Argument(
            help="An official SemanticStyleGAN checkpoint (.pt).", readable=False
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="Folder to make [NAME beside the fetched weight files]."),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="What to call the weights [FILE's name].")
    ] = None,
    licence: Annotated[
        str | None, typer.Option(help="Licence [CC BY-NC-SA 4.0, as released].")
    ] = None,
) -> None:
    """Convert an official checkpoint into a folder of safetensors with a card."""
    from benchmark.weights import cache_folder
    from methods.generator.official import LICENCE, import_official

    title = _folder_name(name or file.stem)
    folder = out or cache_folder() / title
    card = import_official(file, folder, title, licence or LICENCE)
    _print_card(card)
    print(f"weights: {folder}")


@weights_app.command("import-parser")
def import_parser(
    file: Annotated[
        Path,
        typer.Argument(
            help="BiSeNet's public face-parsing weights (79999_iter.pth).",
            readable=False,
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="Folder to make [NAME beside the fetched weight files]."),
    ] = None,
    name: Annotated[
        str, typer.Option(help="What the option similarity.parser calls it.")
    ] = "bisenet",
    licence: Annotated[
        str | None, typer.Option(help="Licence [not stated, as released].")
    ] = None,
) -> None:
    """Convert a BiSeNet checkpoint into a face parser that F2P can look through."""
    from benchmark.weights import cache_folder
    from methods.f2p.bisenet_weights import import_bisenet

    title = _folder_name(name)
    folder = out or cache_folder() / title
    _print_card(import_bisenet(file, folder, title, licence))
    print(f"weights: {folder}")


@weights_app.command("show")
def show_weights(
    folder: Annotated[
        Path,
        typer.Argument(
            help="A folder that import or train made, or a name.", readable=False
        ),
    ],
) -> None:
    """Check the digests of a generator's or parser's weights and print their card."""
    from benchmark.weights.folders import PARSER, check_member, find_weights
    from methods.generator.pretrained import verify

    found = find_weights(folder)
    if (found / PARSER).is_file():
        check_member(found / PARSER)
        _print_card(_read_card(found))
    else:
        _print_card(verify(found))
    print("digests: every file is as it was written")


def _read_card(folder: Path) -> WeightsCard | ParserCard:
    """The card of a generator's or of a parser's folder."""
    from benchmark.weights.folders import PARSER
    from methods.f2p.parser_weights import read_parser_card
    from methods.generator.pretrained import read_card

    if (folder / PARSER).is_file():
        return read_parser_card(folder)
    return read_card(folder)


def _folder_name(name: str) -> str:
    """The name, if a folder can have it."""
    from benchmark.weights import WeightsError

    if name in ("", ".", "..") or "/" in name or "\\" in name:
        raise WeightsError(
            f"{name!r} cannot name a folder; give --name letters and digits"
        )
    return name


def _print_card(card: WeightsCard | ParserCard) -> None:
    """One line a field; fields that were left open are left out."""
    for field, value in card.model_dump(exclude={"parameters", "digests"}).items():
        if value in (None, "", {}):
            continue
        print(f"{field + ':':<15}{_in_one_line(value)}")
    counts = {str(file): count for file, count in card.parameters.items()}
    for file, digest in card.digests.items():
        count = counts.get(file, 0)
        print(f"{file}: {count:,} parameters, SHA-256 {digest[:16]}…")


def _in_one_line(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {each}" for key, each in value.items())
    return str(value)
