"""`avatarbench weights`: fetch published files, import and show networks."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.avatars.counting import counted

if TYPE_CHECKING:
    from methods.f2p.parser_weights import ParserCard
    from methods.generator.pretrained import WeightsCard
    from methods.product.weights import ProductCard

weights_app = typer.Typer(
    help="Fetch published weight files; import and show generators and face parsers.",
    epilog="Example: avatarbench weights fetch",
    no_args_is_help=True,
)


@weights_app.command("list")
def list_weights() -> None:
    """List every weight file and trained network, and where each is stored."""
    from benchmark import weights
    from benchmark.weights.folders import known_weights

    for name in weights.names():
        entry = weights.describe(name)
        path = weights.find(name)
        print(f"{name:<24}{entry.megabytes:>7.1f} MB  {entry.licence:<14} ", end="")
        print(path if path is not None else "not fetched")
    for name, folder in known_weights().items():
        size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
        licence = _read_card(folder).licence
        print(f"{name:<24}{size:>7.1f} MB  {licence:<14.40} {folder}")


@weights_app.command("fetch")
def fetch_weights(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Names of weight files (see `avatarbench weights list`).",
            show_default="all that suites need by default",
        ),
    ] = None,
) -> None:
    """Download published weight files and verify their digests.

    Without names, a file that cannot be fetched is reported and skipped.
    """
    from benchmark import weights

    for name in names or weights.default_names():
        try:
            print(f"{name}: {weights.fetch(name)}")
        except weights.WeightsError as error:
            if names:
                raise
            print(error, file=sys.stderr)


# With readable=False, the function itself reports unreadable paths in one sentence.
@weights_app.command("import")
def import_weights(
    file: Annotated[
        Path,
        typer.Argument(
            help="Official SemanticStyleGAN checkpoint (.pt).", readable=False
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder to write.", show_default="NAME in the folder of fetched files"
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(help="Name of the weights.", show_default="the name of FILE"),
    ] = None,
    licence: Annotated[
        str | None,
        typer.Option(
            help="Licence of the weights.", show_default="CC BY-NC-SA 4.0, as released"
        ),
    ] = None,
) -> None:
    """Convert an official SemanticStyleGAN checkpoint to safetensors with a card."""
    from methods.generator.official import LICENCE, import_official

    title = _folder_name(name or file.stem)
    folder = _import_folder(out, title)
    card = import_official(file, folder, title, licence or LICENCE)
    _print_card(card)
    print(f"weights: {folder}")


@weights_app.command("import-parser")
def import_parser(
    file: Annotated[
        Path,
        typer.Argument(
            help="Public face-parsing weights of BiSeNet (79999_iter.pth).",
            readable=False,
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder to write.", show_default="NAME in the folder of fetched files"
        ),
    ] = None,
    name: Annotated[
        str, typer.Option(help="Name for the option similarity.parser of F2P.")
    ] = "bisenet",
    licence: Annotated[
        str | None,
        typer.Option(
            help="Licence of the weights.", show_default="not stated, as released"
        ),
    ] = None,
) -> None:
    """Convert a BiSeNet checkpoint to a face parser that F2P can use."""
    from methods.f2p.bisenet_weights import import_bisenet

    title = _folder_name(name)
    folder = _import_folder(out, title)
    _print_card(import_bisenet(file, folder, title, licence))
    print(f"weights: {folder}")


@weights_app.command("random")
def random_weights(
    folder: Annotated[Path, typer.Argument(help="Folder to write.")],
    seed: Annotated[int, typer.Option(min=0, help="Seed of the weights.")] = 0,
) -> None:
    """Write an untrained 512-px generator, to try suites that need the published one.

    Its pictures are noise, so scores say nothing.
    """
    from methods.generator.untrained import write_untrained

    _print_card(write_untrained(folder, seed))
    print(f"weights: {folder}")


@weights_app.command("show")
def show_weights(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="WEIGHTS",
            help="Folder or name of the weights (see `avatarbench weights list`).",
            readable=False,
        ),
    ],
) -> None:
    """Verify the digests of weights with a card and print its card."""
    from benchmark.weights.folders import (
        ESTIMATOR,
        PARSER,
        check_member,
        find_weights,
    )
    from methods.generator.pretrained import verify

    found = find_weights(folder)
    networks = [n for n in (PARSER, ESTIMATOR) if (found / n).is_file()]
    if networks:
        check_member(found / networks[0])
        _print_card(_read_card(found))
    else:
        _print_card(verify(found))
    print("digests: verified, every file is unchanged")


def _read_card(folder: Path) -> WeightsCard | ParserCard | ProductCard:
    """The card in the folder of a generator, face parser or product estimator."""
    from benchmark.weights.folders import ESTIMATOR, PARSER
    from methods.f2p.parser_weights import read_parser_card
    from methods.generator.pretrained import read_card
    from methods.product.weights import read_product_card

    if (folder / ESTIMATOR).is_file():
        return read_product_card(folder)
    if (folder / PARSER).is_file():
        return read_parser_card(folder)
    return read_card(folder)


def _folder_name(name: str) -> str:
    """Return the name if it is valid for a folder; raises WeightsError otherwise."""
    from benchmark.avatars.names import check_plain_name
    from benchmark.weights import WeightsError

    try:
        return check_plain_name(name)
    except ValueError as error:
        raise WeightsError(f"{error}; choose one with --name") from error


def _import_folder(out: Path | None, name: str) -> Path:
    """The folder of imported weights.

    Raises WeightsError if other weights would be found by its name.
    """
    from benchmark.weights import WeightsError, cache_folder, names
    from benchmark.weights.folders import is_hidden

    folder = out or cache_folder() / name
    if folder.absolute().parent.resolve() != cache_folder().resolve():
        return folder
    if is_hidden(folder):
        owner = "weights that come with the package"
    elif folder.name in names():
        owner = "a published weight file"
    else:
        return folder
    option = "--name" if out is None else "--out"
    raise WeightsError(
        f"{folder.name} is the name of {owner}; choose another one with {option}"
    )


def _print_card(card: WeightsCard | ParserCard | ProductCard) -> None:
    """Print one line per field; empty fields are left out."""
    for field, value in card.model_dump(exclude={"parameters", "digests"}).items():
        if value in (None, "", {}):
            continue
        print(f"{field + ':':<15}{_format_value(value)}")
    counts = {str(file): count for file, count in card.parameters.items()}
    for file, digest in card.digests.items():
        count = counts.get(file, 0)
        print(f"{file}: {counted(count, 'parameter')}, SHA-256 {digest[:16]}…")


def _format_value(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {each}" for key, each in value.items())
    return str(value)
