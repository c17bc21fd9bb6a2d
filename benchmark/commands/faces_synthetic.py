"""`avatarbench faces render`, `crowd` and `truth`: synthetic people."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from benchmark.commands.options import JobsOption, SheetOption

SeedOption = Annotated[int, typer.Option("--seed", help="Seed of the people.")]


def render_faces(
    folder: Annotated[
        Path | None,
        typer.Argument(
            help="Folder to write.", show_default="the embedded face set's folder"
        ),
    ] = None,
    splits: Annotated[
        list[str] | None,
        typer.Option("--split", help="Render only this split. Repeatable."),
    ] = None,
    count: Annotated[
        int | None,
        typer.Option(
            min=1, help="Maximum number of faces per batch.", show_default="all"
        ),
    ] = None,
    seed: SeedOption = 1,
    jobs: JobsOption = 2,
) -> None:
    """Render the embedded face set again (needs the extra `portraits`)."""
    from benchmark.faces.faceset import PORTRAITS
    from benchmark.faces.portraits.splits import SPLITS, render_splits
    from benchmark.system.console import open_progress

    target = folder or PORTRAITS
    chosen = tuple(splits or SPLITS)
    render_splits(target, seed, jobs, open_progress(), chosen, count)
    print(f"faces: {target}")
    command = f"avatarbench faces truth {shlex.quote(str(target))}"
    print(f"Next, write their ground truth: {command}")


def render_crowd(
    folder: Annotated[
        Path,
        typer.Argument(help="Folder to write. Existing shards are kept."),
    ],
    count: Annotated[
        int,
        typer.Option(min=1, help="Number of faces, rounded up to whole shards of 250."),
    ] = 20_000,
    size: Annotated[
        int, typer.Option(min=64, max=512, help="Side of a picture in pixels.")
    ] = 64,
    seed: SeedOption = 1,
    jobs: JobsOption = 2,
    sheet: SheetOption = None,
) -> None:
    """Render synthetic faces with part maps, to train networks on.

    Faces of 64 px are drawn at 128 px and reduced, so that they look like the portraits
    of the benchmark at that size. Repeat the command to continue after an interruption.
    The sheet shows 64 faces with their part maps.
    """
    import time

    from benchmark.faces.portraits.training_set import (
        open_training_set,
        render_training_set,
    )
    from benchmark.faces.sheet import draw_parsed
    from benchmark.system.console import duration, open_progress

    started = time.monotonic()
    rendered = render_training_set(folder, count, size, seed, jobs, open_progress())
    seconds = time.monotonic() - started
    faces = open_training_set(folder)
    print(f"crowd: {folder}: {len(faces)} faces, digest {faces.digest[:16]}")
    if rendered:
        rate = rendered / seconds
        print(f"{rendered} rendered in {duration(seconds)}, {rate:.2f} faces/s")
    if sheet is not None:
        draw_parsed(faces, sheet)
        print(f"sheet: {sheet}")


def write_truth(
    folder: Annotated[
        Path | None,
        typer.Argument(
            help="Folder of a face set.", show_default="the embedded face set's folder"
        ),
    ] = None,
    sheet: SheetOption = None,
) -> None:
    """Write and seal the ground truth of both rule-based designers for a face set.

    The sheet shows twelve faces with their ground truth.
    """
    from benchmark.faces.faceset import PORTRAITS
    from benchmark.faces.portraits.designer.sheet import draw_truths
    from benchmark.faces.portraits.designer.truths import write_truths

    target = folder or PORTRAITS
    write_truths(target)
    print(f"ground truth: {target}")
    if sheet is not None:
        draw_truths(sheet, target)
        print(f"sheet: {sheet}")
