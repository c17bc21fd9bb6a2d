"""`avatarbench generator`: a generator's weights looked at and measured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.commands.sheets import png_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from methods.generator.control import PartControl
    from methods.networks.semantic_stylegan import SemanticGenerator

generator_app = typer.Typer(
    help="Look at a generator's faces; measure their quality and part control.",
    no_args_is_help=True,
)


def _device(name: str) -> str:
    """Refuse a device that is not there."""
    if name != "cpu":
        import torch

        if name != "cuda" or not torch.cuda.is_available():
            raise typer.BadParameter(f"{name} is not to be had here: use cpu")
    return name


Weights = Annotated[
    Path, typer.Argument(help="A folder of weights, or a name (`weights list`).")
]
Data = Annotated[
    str,
    typer.Option(help="A crowd, a CelebAMask-HQ folder, or the name portraits."),
]
Out = Annotated[Path, typer.Option(help="PNG to draw into.", callback=png_path)]
Seed = Annotated[int, typer.Option(help="Of the codes.")]
Count = Annotated[int, typer.Option(min=1, help="How many faces.")]
Truncation = Annotated[
    float, typer.Option(min=0, max=1, help="Share of the way from the mean face.")
]
Device = Annotated[
    str, typer.Option(help="cpu, or cuda where there is one.", callback=_device)
]


@generator_app.command("sample")
def draw_samples(
    folder: Weights,
    out: Out,
    count: Count = 64,
    truncation: Truncation = 1.0,
    seed: Seed = 0,
    device: Device = "cpu",
) -> None:
    """Draw seeded samples, each with its segmentation."""
    from methods.generator.sheets import sample_sheet

    generator = _load(folder, device)
    _write(sample_sheet(generator, count, truncation, seed), out)


@generator_app.command("sheet")
def draw_comparison(
    folder: Weights,
    data: Data,
    out: Out,
    count: Count = 64,
    seed: Seed = 0,
    device: Device = "cpu",
) -> None:
    """Draw samples at truncation 1 and 0.7 beside as many faces of the data."""
    import numpy as np

    from benchmark.commands.parsed_faces import open_parsed
    from methods.generator.sampling import Samples
    from methods.generator.sheets import comparison_sheet

    generator = _load(folder, device)
    faces = open_parsed(data, generator.config.size)
    rows = np.random.default_rng(seed).permutation(len(faces))[:count]
    kind = ", synthetic people" if faces.stand_in else ""
    name = f"{len(rows)} faces of {faces.name}{kind}"
    real = Samples(*faces.batch(rows))
    _write(comparison_sheet(generator, real, name, seed), out)


@generator_app.command("truncation")
def draw_truncation(
    folder: Weights,
    out: Out,
    count: Count = 8,
    seed: Seed = 0,
    device: Device = "cpu",
) -> None:
    """Draw a few codes at truncations from 0 (the mean face) to 1."""
    from methods.generator.sheets import truncation_sheet

    _write(truncation_sheet(_load(folder, device), count, seed), out)


@generator_app.command("redraw")
def draw_redrawn(
    folder: Weights,
    out: Out,
    count: Count = 6,
    truncation: Truncation = 1.0,
    seed: Seed = 0,
    device: Device = "cpu",
) -> None:
    """Draw a few codes with each part's code drawn anew, and what that changed."""
    from methods.generator.sheets import redraw_sheet

    _write(redraw_sheet(_load(folder, device), count, seed, truncation), out)


@generator_app.command("control")
def control(
    folder: Weights,
    out: Annotated[Path, typer.Option(help="Folder for the figure and its CSV.")],
    count: Count = 256,
    truncation: Truncation = 1.0,
    seed: Seed = 0,
    device: Device = "cpu",
) -> None:
    """Redraw one part's code at a time; how much of the change stays in that part."""
    from dataclasses import asdict

    import pandas as pd

    from benchmark.system.console import open_progress
    from methods.generator.control import measure_control, missed_targets
    from reports.figures.generator import draw_control

    generator = _load(folder, device)
    _make_folder(out)
    controls = measure_control(
        generator, count, seed, truncation, progress=open_progress()
    )
    _print_control(controls)
    missed = missed_targets(controls)
    print("\n".join(missed) if missed else "every part that is shown meets its target")
    data = pd.DataFrame([asdict(control) for control in controls])
    for path in draw_control(data, count).write(out):
        print(path)


@generator_app.command("quality")
def quality(
    folder: Weights,
    data: Data,
    count: Count = 2000,
    truncation: Truncation = 1.0,
    seed: Seed = 0,
    device: Device = "cpu",
) -> None:
    """Score samples against faces of the data, beside a second sample of the faces."""
    from benchmark.commands.parsed_faces import open_parsed
    from benchmark.system.console import print_table
    from methods.generator.quality import QualityJudge, feature_weights, two_samples
    from methods.generator.sampling import sample

    file = feature_weights()
    generator = _load(folder, device)
    faces = open_parsed(data, generator.config.size)
    real, second = two_samples(faces, count, seed)
    bound = QualityJudge(real, file, device)
    floor = bound.floor(second)
    found = bound.score(sample(generator, count, seed, truncation).pictures)
    rows = [(name, f"{found[name]:.2f}", f"{floor[name]:.2f}") for name in found]
    print_table(("", f"samples (truncation {truncation:g})", "second real"), rows)
    print(f"{faces.name}: {bound.identity(count)}")


@generator_app.command("curve")
def draw_curve(
    folder: Annotated[Path, typer.Argument(help="A training's folder.")],
    out: Annotated[Path, typer.Option(help="Folder for the figure and its CSV.")],
) -> None:
    """Draw quality and losses of a training over the pictures that it has seen."""
    from benchmark.faces.pictures import FaceSetError
    from methods.generator.curves import CURVES, read_curves
    from reports.figures.generator import draw_curves

    records = read_curves(folder)
    if not records:
        raise FaceSetError(
            f"{folder / CURVES} holds no record: give the folder of a training that "
            "has begun"
        )
    _make_folder(out)
    for path in draw_curves(records, f"Training of {folder.resolve().name}").write(out):
        print(path)


def _load(folder: Path, device: str) -> SemanticGenerator:
    from benchmark.weights.folders import find_weights
    from methods.generator.pretrained import load_generator

    return load_generator(find_weights(folder), device)


def _print_control(controls: Sequence[PartControl]) -> None:
    from benchmark.system.console import print_table

    header = ("part", "n", "energy inside", "median", "area", "ratio", "hidden")
    rows = []
    for control in controls:
        figures = ("not shown", "", "", "")
        if control.n:
            figures = (
                f"{control.share_of_energy:.1%}",
                f"{control.median_share:.1%}",
                f"{control.share_of_area:.1%}",
                f"{control.ratio:.2f}",
            )
        rows.append((control.name, str(control.n), *figures, str(control.absent)))
    print_table(header, rows)


def _make_folder(folder: Path) -> None:
    """Make an output folder before any long work, or end with the reason."""
    folder.mkdir(parents=True, exist_ok=True)


def _write(sheet: NDArray[np.uint8], path: Path) -> None:
    from PIL import Image

    Image.fromarray(sheet).save(path)
    print(f"sheet: {path}, {sheet.shape[1]} x {sheet.shape[0]} px")
