"""`avatarbench faces`: face sets shown, rendered and given truths."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.commands.sheets import png_path

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

faces_app = typer.Typer(
    help="Show face sets; make the embedded one.", invoke_without_command=True
)


@faces_app.callback()
def list_faces(context: typer.Context) -> None:
    """List the embedded face sets."""
    if context.invoked_subcommand is not None:
        return
    from benchmark.faces.faceset import embedded_portraits

    faces = embedded_portraits()
    splits = ", ".join(f"{len(split)} {name}" for name, split in faces.splits.items())
    kind = "a stand-in for photographs" if faces.stand_in else "photographs"
    print(f"{faces.name} (version {faces.version}, {faces.licence}): {kind}; {splits}")


@faces_app.command("show")
def show_faces(
    name: Annotated[str, typer.Argument(help="portraits, or a packed folder.")],
    sheet: Annotated[
        Path | None,
        typer.Option(help="PNG to draw a sheet of faces into.", callback=png_path),
    ] = None,
    split: Annotated[str, typer.Option(help="Which split.")] = "validation",
    count: Annotated[int, typer.Option(min=1, help="How many faces.")] = 64,
) -> None:
    """Check a face set's digests, print its splits, draw a sheet with --sheet."""
    from benchmark.faces.faceset import embedded_portraits, open_packed

    faces = embedded_portraits() if name == "portraits" else open_packed(Path(name))
    faces.verify()
    print(f"{faces.name} version {faces.version}, digest {faces.digest[:16]}")
    for each in faces.splits.values():
        print(f"  {each.name:<12}{len(each)} faces, digest {each.digest[:16]}")
    for engine in faces.truths:
        print(f"  truths for {engine}: {', '.join(faces.designers(engine))}")
    if sheet is not None:
        chosen = faces.split(split)
        _draw(chosen.subset(min(count, len(chosen))).pictures(128), sheet)
        print(f"sheet: {sheet}")


@faces_app.command("render")
def render_faces(
    folder: Annotated[
        Path | None, typer.Argument(help="Where to [the embedded set's folder].")
    ] = None,
    splits: Annotated[
        list[str] | None, typer.Option("--split", help="Only this split; repeatable.")
    ] = None,
    count: Annotated[
        int | None, typer.Option(min=1, help="At most so many faces a batch.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the people.")] = 1,
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
) -> None:
    """Render the synthetic people again (needs the extra `portraits`)."""
    from benchmark.faces.faceset import PORTRAITS
    from benchmark.faces.portraits.splits import SPLITS, render_splits
    from benchmark.system.console import open_progress

    place = folder or PORTRAITS
    chosen = tuple(splits or SPLITS)
    render_splits(place, seed, jobs, open_progress(), chosen, count)
    print(f"faces: {place}; write their truths with `avatarbench faces truth {place}`")


@faces_app.command("crowd")
def render_crowd_faces(
    folder: Annotated[
        Path, typer.Argument(help="Where to; what lies there is continued.")
    ],
    count: Annotated[
        int, typer.Option(min=1, help="People, rounded up to whole shards of 250.")
    ] = 20_000,
    size: Annotated[int, typer.Option(min=64, max=512, help="Edge in px.")] = 64,
    seed: Annotated[int, typer.Option(help="Of the people.")] = 1,
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
    sheet: Annotated[
        Path | None,
        typer.Option(
            help="PNG for 64 people beside their part maps.", callback=png_path
        ),
    ] = None,
) -> None:
    """Render many train-world people to train on, or the rest of them after a kill."""
    import time

    from benchmark.faces.portraits.training_set import open_crowd, render_crowd
    from benchmark.faces.sheet import draw_parsed
    from benchmark.system.console import duration, open_progress

    started = time.monotonic()
    rendered = render_crowd(folder, count, size, seed, jobs, open_progress())
    seconds = time.monotonic() - started
    faces = open_crowd(folder)
    print(f"crowd: {folder}: {len(faces)} people, digest {faces.digest[:16]}")
    if rendered:
        rate = rendered / seconds
        print(f"{rendered} rendered in {duration(seconds)}, {rate:.2f} people/s")
    if sheet is not None:
        draw_parsed(faces, sheet)
        print(f"sheet: {sheet}")


@faces_app.command("truth")
def write_faces_truths(
    folder: Annotated[
        Path | None, typer.Argument(help="A packed face set [the embedded one].")
    ] = None,
    sheet: Annotated[
        Path | None,
        typer.Option(
            help="PNG for twelve faces beside their truths.", callback=png_path
        ),
    ] = None,
) -> None:
    """Let both designers make the truths of a packed face set, and seal them."""
    from benchmark.faces.faceset import PORTRAITS
    from benchmark.faces.portraits.designer.sheet import draw_truths
    from benchmark.faces.portraits.designer.truths import write_truths

    place = folder or PORTRAITS
    write_truths(place)
    print(f"truths: {place}")
    if sheet is not None:
        draw_truths(sheet, place)
        print(f"sheet: {sheet}")


def _draw(pictures: NDArray[np.uint8], path: Path) -> None:
    """(n, S, S, 3) pictures in rows of eight."""
    from PIL import Image

    side, columns = pictures.shape[1], 8
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * side, rows * side), "white")
    for index, picture in enumerate(pictures):
        place = (index % columns * side, index // columns * side)
        sheet.paste(Image.fromarray(picture), place)
    sheet.save(path)
