"""`avatarbench generator`: draw samples of a generator and measure it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.avatars.counting import counted
from benchmark.commands.options import ParsedFacesOption, PngOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from methods.generator.control import PartControl
    from methods.networks.semantic_stylegan import SemanticGenerator

generator_app = typer.Typer(
    help="Draw samples of a face generator; measure their quality and part control.",
    epilog="Example: avatarbench generator sample portraits64 --out samples.png",
    no_args_is_help=True,
)


def _check_device(name: str) -> str:
    """Refuse a device that is not available."""
    if name != "cpu":
        import torch

        if name != "cuda" or not torch.cuda.is_available():
            raise typer.BadParameter(f"{name} is not available here: use cpu")
    return name


WeightsArgument = Annotated[
    Path,
    typer.Argument(
        metavar="WEIGHTS",
        help="Folder or name of the weights (see `avatarbench weights list`).",
    ),
]
FolderOption = Annotated[
    Path, typer.Option("--out", help="Folder for the figure and its CSV file.")
]
SeedOption = Annotated[int, typer.Option("--seed", help="Seed of the latent codes.")]
CountOption = Annotated[int, typer.Option("--count", min=1, help="Number of faces.")]
TruncationOption = Annotated[
    float,
    typer.Option(
        "--truncation", min=0, max=1, help="0 is the mean face, 1 is no truncation."
    ),
]
DeviceOption = Annotated[
    str, typer.Option("--device", help="cpu or cuda.", callback=_check_device)
]


@generator_app.command("sample")
def draw_samples(
    folder: WeightsArgument,
    out: PngOption,
    count: CountOption = 64,
    truncation: TruncationOption = 1.0,
    seed: SeedOption = 0,
    device: DeviceOption = "cpu",
) -> None:
    """Draw samples, each with its segmentation."""
    from methods.generator.sheets import sample_sheet

    generator = _load(folder, device)
    _write_png(sample_sheet(generator, count, truncation, seed), out)


@generator_app.command("sheet")
def draw_comparison(
    folder: WeightsArgument,
    data: ParsedFacesOption,
    out: PngOption,
    count: CountOption = 64,
    seed: SeedOption = 0,
    device: DeviceOption = "cpu",
) -> None:
    """Draw samples at truncation 1 and 0.7 next to real faces."""
    import numpy as np

    from benchmark.commands.parsed_faces import open_parsed
    from methods.generator.sampling import Samples
    from methods.generator.sheets import comparison_sheet

    generator = _load(folder, device)
    faces = open_parsed(data, generator.config.size)
    rows = np.random.default_rng(seed).permutation(len(faces))[:count]
    kind = ", synthetic people" if faces.stand_in else ""
    name = f"{counted(len(rows), 'face')} of {faces.name}{kind}"
    real = Samples(*faces.batch(rows))
    _write_png(comparison_sheet(generator, real, name, seed), out)


@generator_app.command("truncation")
def draw_truncation(
    folder: WeightsArgument,
    out: PngOption,
    count: CountOption = 8,
    seed: SeedOption = 0,
    device: DeviceOption = "cpu",
) -> None:
    """Draw a few latent codes at truncations from 0 (the mean face) to 1."""
    from methods.generator.sheets import truncation_sheet

    _write_png(truncation_sheet(_load(folder, device), count, seed), out)


@generator_app.command("redraw")
def draw_redrawn(
    folder: WeightsArgument,
    out: PngOption,
    count: CountOption = 6,
    truncation: TruncationOption = 1.0,
    seed: SeedOption = 0,
    device: DeviceOption = "cpu",
) -> None:
    """Draw faces with the latent code of one part at a time resampled.

    Below each face is a map of the changed pixels.
    """
    from methods.generator.sheets import redraw_sheet

    _write_png(redraw_sheet(_load(folder, device), count, seed, truncation), out)


@generator_app.command("control")
def control(
    folder: WeightsArgument,
    out: FolderOption,
    count: CountOption = 256,
    truncation: TruncationOption = 1.0,
    seed: SeedOption = 0,
    device: DeviceOption = "cpu",
) -> None:
    """Measure how much a change of one part's latent code stays within that part."""
    from dataclasses import asdict

    import pandas as pd

    from benchmark.system.console import open_progress
    from methods.generator.control import measure_control, missed_targets
    from reports.figures.generator import draw_control

    generator = _load(folder, device)
    _create_folder(out)
    controls = measure_control(
        generator, count, seed, truncation, progress=open_progress()
    )
    _print_control(controls)
    missed = missed_targets(controls)
    print("\n".join(missed) if missed else "every visible part meets its target")
    data = pd.DataFrame([asdict(control) for control in controls])
    for path in draw_control(data, count).write(out):
        print(path)


@generator_app.command("quality")
def quality(
    folder: WeightsArgument,
    data: ParsedFacesOption,
    count: CountOption = 2000,
    truncation: TruncationOption = 1.0,
    seed: SeedOption = 0,
    device: DeviceOption = "cpu",
) -> None:
    """Measure the distance between samples and real faces.

    A second sample of real faces gives the distance that perfect samples would have.
    """
    from benchmark.commands.parsed_faces import open_parsed
    from benchmark.system.console import print_table
    from methods.generator.quality import SampleQuality, feature_weights, two_samples
    from methods.generator.sampling import sample

    file = feature_weights()
    generator = _load(folder, device)
    faces = open_parsed(data, generator.config.size)
    real, second = two_samples(faces, count, seed)
    bound = SampleQuality(real, file, device)
    floor = bound.floor(second)
    found = bound.score(sample(generator, count, seed, truncation).pictures)
    rows = [(name, f"{found[name]:.2f}", f"{floor[name]:.2f}") for name in found]
    print_table(("", f"samples (truncation {truncation:g})", "second real"), rows)
    print(f"{faces.name}: {bound.identity(count)}")


@generator_app.command("curve")
def draw_curve(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="TRAINING", help="Folder of a training by `avatarbench train`."
        ),
    ],
    out: FolderOption,
) -> None:
    """Draw the quality and the losses of a training over the pictures it has seen."""
    from benchmark.faces.pictures import FaceSetError
    from methods.generator.curves import CURVES, read_curves
    from reports.figures.generator import draw_curves

    records = read_curves(folder)
    if not records:
        raise FaceSetError(
            f"{folder / CURVES} holds no record: give the folder of a training that "
            "has started"
        )
    _create_folder(out)
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


def _create_folder(folder: Path) -> None:
    """Create an output folder before any long work, so that errors show early."""
    folder.mkdir(parents=True, exist_ok=True)


def _write_png(sheet: NDArray[np.uint8], path: Path) -> None:
    from PIL import Image

    Image.fromarray(sheet).save(path)
    print(f"sheet: {path}, {sheet.shape[1]} x {sheet.shape[0]} px")
