"""`avatarbench faces`: show, render and label face sets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.avatars.counting import counted
from benchmark.commands.faces_synthetic import render_crowd, render_faces, write_truth
from benchmark.commands.options import QuietOption, SheetOption

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

faces_app = typer.Typer(
    help="List and fetch face sets; render synthetic faces and their ground truth.",
    epilog="Without a command, it lists the face sets. "
    "Example: avatarbench faces show portraits --sheet faces.png",
    invoke_without_command=True,
)


@faces_app.callback()
def list_faces(context: typer.Context) -> None:
    """List and fetch face sets; render synthetic faces and their ground truth."""
    if context.invoked_subcommand is not None:
        return
    from benchmark.commands.faces_fetch import describe_fetched
    from benchmark.faces.faceset import embedded_portraits

    faces = embedded_portraits()
    splits = ", ".join(f"{len(split)} {name}" for name, split in faces.splits.items())
    kind = "synthetic stand-ins for photographs"
    print(f"{faces.name} (version {faces.version}, {faces.licence}): {kind}; {splits}")
    print("\n".join(describe_fetched()))


@faces_app.command(
    "fetch", epilog="Example: avatarbench faces fetch photos --from assets"
)
def fetch_faces(
    name: Annotated[
        str,
        typer.Argument(metavar="SET", help="The name photos or portraits-iid."),
    ],
    source: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="photos: copy of the repository faker-js/assets-person-portrait.",
            show_default="download them",
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs",
            min=1,
            help="Number of pictures that are downloaded or drawn at a time.",
            show_default="4 downloads, 2 drawings",
        ),
    ] = None,
) -> None:
    """Fetch the pictures of a face set that do not come with the package.

    Photographs are downloaded and aligned. People of portraits-iid are drawn, which
    needs the extra `portraits`. Pictures that are there already are kept.
    """
    from benchmark.commands.faces_fetch import fetch_pictures

    fetch_pictures(name, source, jobs)


@faces_app.command(
    "looks", epilog="Example: avatarbench faces looks anna.looks.csv --out truths"
)
def write_looks(
    looks: Annotated[
        Path,
        typer.Argument(
            metavar="TABLE",
            help="Table of looks, named LABELLER.looks.csv (docs/photographs.md).",
            readable=False,
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder to write.")],
) -> None:
    """Write the ground truth of each built-in engine that a table of looks means."""
    from benchmark.faces.photos.truths import write_truths

    for path in write_truths(looks, out):
        print(f"ground truth: {path}")


@faces_app.command(
    "classes",
    epilog="Example: avatarbench faces classes avatars.csv --engine avataaars",
)
def print_classes(
    avatars: Annotated[
        Path,
        typer.Argument(
            metavar="AVATARS",
            help="CSV with the avatar of each photograph, like a ground-truth file.",
            readable=False,
        ),
    ],
    engine: Annotated[str, typer.Option("--engine", help="Engine of the avatars.")],
    split: Annotated[
        str, typer.Option(help="Split of the face set photos that is judged.")
    ] = "validation",
) -> None:
    """Print how often avatars of the photographs show the right glasses, hair and skin.

    The looks of the face set photos are the truth.
    """
    from benchmark.faces.photos.classes import SKIN_STEPS, class_rates
    from benchmark.faces.photos.face_set import split_looks
    from benchmark.faces.truth_csv import TruthFile
    from benchmark.registry import ENGINES

    spec = ENGINES.create(engine).spec
    looks = split_looks(split)
    vectors = TruthFile(avatars).read(spec, tuple(looks))
    print(f"{len(looks)} {split} photographs on {engine}:")
    for rate in class_rates(engine, spec, vectors, list(looks.values())):
        share = f"{rate.right} of {rate.faces} right" if rate.faces else "not drawn"
        steps = f" (within {SKIN_STEPS} depths)" if rate.name == "skin" else ""
        print(f"  {rate.name:<12} {share}{steps}")


@faces_app.command("show")
def show_faces(
    name: Annotated[
        str,
        typer.Argument(
            metavar="SET",
            help="The name portraits, portraits-iid or photos, a folder with a "
            "manifest, a folder of pictures, or an FFHQ tree.",
        ),
    ],
    sheet: SheetOption = None,
    split: Annotated[
        str | None,
        typer.Option(
            help="Split on the contact sheet.",
            show_default="validation, or the first one",
        ),
    ] = None,
    count: Annotated[
        int, typer.Option(min=1, help="Number of faces on the contact sheet.")
    ] = 64,
) -> None:
    """Verify a face set, or every picture of a folder, and print its splits."""
    from benchmark.commands.face_sources import open_source
    from benchmark.faces.selection import licence_lines, read_selection
    from benchmark.system.home_paths import expand_home

    faces, _ = open_source(name)
    # Not held-out faces, which nobody should look at.
    default = "validation" if "validation" in faces.splits else next(iter(faces.splits))
    chosen = faces.split(split or default)
    faces.verify()
    selection = None if name == "portraits" else read_selection(Path(expand_home(name)))
    print(f"{faces.name} version {faces.version}, digest {faces.digest[:16]}")
    for each in faces.splits.values():
        print(
            f"  {each.name:<12}{counted(len(each), 'face')}, digest {each.digest[:16]}"
        )
    for engine in faces.truths:
        print(f"  ground truth for {engine}: {', '.join(faces.designers(engine))}")
    if selection is not None:
        print(f"  selected from {selection.source}, every picture is unchanged:")
        print("\n".join(licence_lines(selection)))
    if sheet is not None:
        _draw_grid(chosen.subset(min(count, len(chosen))).pictures(128), sheet)
        print(f"sheet: {sheet}")


@faces_app.command("export")
def export_command(
    name: Annotated[
        str,
        typer.Argument(
            metavar="SET",
            help="The name portraits, portraits-iid or photos, a folder with a "
            "manifest, a folder of pictures, or an FFHQ tree.",
        ),
    ],
    split: Annotated[str, typer.Option("--split", help="Split to export.")],
    out: Annotated[Path, typer.Option("--out", help="Folder to write.")],
    count: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Export only the faces that a suite with this count uses.",
            show_default="all",
        ),
    ] = None,
) -> None:
    """Write the pictures of a split, so that people can make ground truth of them.

    Designers need held-out faces; nobody else should look at them.
    """
    from benchmark.commands.face_sources import open_source
    from benchmark.commands.faces_export import export_faces

    faces, source = open_source(name)
    export_faces(faces, split, out, count, source)


@faces_app.command(
    "align", epilog="Example: avatarbench faces align photos --out aligned"
)
def align_command(
    folder: Annotated[Path, typer.Argument(help="Folder of photographs.")],
    out: Annotated[Path, typer.Option("--out", help="Folder to write.")],
    size: Annotated[
        int, typer.Option(min=64, max=2048, help="Side of a picture in pixels.")
    ] = 512,
    every_face: Annotated[
        bool,
        typer.Option("--all", help="Write every face of a photograph."),
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Find the faces in photographs and cut them out upright, as FFHQ does.

    Each photograph gives a square PNG of its largest face. What cannot be used is
    reported, and the others are written. Repeat the command to continue after an
    interruption. The exit status is 1 if no photograph could be aligned.
    """
    from benchmark.commands.faces_align import align_photographs

    raise typer.Exit(align_photographs(folder, out, size, every_face, quiet))


@faces_app.command(
    "select",
    epilog="Example: avatarbench faces select --from ffhq --count 116 --out heldout",
)
def select_command(
    source: Annotated[
        Path,
        typer.Option(
            "--from", help="An FFHQ tree, or a folder of pictures aligned like FFHQ."
        ),
    ],
    count: Annotated[int, typer.Option(min=2, help="Number of faces to select.")] = 116,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the clustering.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder to write.")] = Path("heldout"),
    quiet: QuietOption = False,
) -> None:
    """Select a diverse set of faces to hold out, with their digests and licences.

    A network embeds every face, the embeddings are clustered, and the face nearest to
    the centre of each cluster is selected.
    """
    from benchmark.commands.faces_select import select_faces

    select_faces(source, count, seed, out, quiet)


faces_app.command("render")(render_faces)
faces_app.command(
    "crowd", epilog="Example: avatarbench faces crowd crowd --count 20000 --jobs 8"
)(render_crowd)
faces_app.command("truth")(write_truth)


def _draw_grid(pictures: NDArray[np.uint8], path: Path) -> None:
    """Write (n, S, S, 3) pictures to a PNG, eight per row."""
    from PIL import Image

    side, columns = pictures.shape[1], 8
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * side, rows * side), "white")
    for index, picture in enumerate(pictures):
        corner = (index % columns * side, index // columns * side)
        sheet.paste(Image.fromarray(picture), corner)
    sheet.save(path)
