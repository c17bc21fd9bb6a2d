"""Arguments and options that several commands share, each declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

RUNS = Path("runs")
"""The default of `OutOption`."""


def _check_png(path: Path | None) -> Path | None:
    """Refuse a path that no PNG can be written to, before anything is drawn."""
    if path is None:
        return None
    if path.suffix.lower() != ".png":
        raise typer.BadParameter(f"{path} must end in .png")
    if path.is_dir() or not path.parent.is_dir():
        raise typer.BadParameter(f"{path} must be a file in a folder that exists")
    return path


def _check_folder(path: Path | None) -> Path | None:
    """Refuse a URL, which would become a folder of this machine."""
    from benchmark.storage.remote_files import is_url

    url = str(path).replace(":/", "://", 1)  # a Path has single slashes only
    if is_url(url):
        raise typer.BadParameter(
            f"{url} is a URL, but a run needs a folder with file locks; to exchange "
            "stages through an object store, use `avatarbench store export URL` and "
            "`avatarbench store import URL`"
        )
    return path


SuiteArgument = Annotated[
    str,
    typer.Argument(
        metavar="SUITE",
        help="Name of a built-in suite (see `avatarbench list`) or a YAML file.",
    ),
]
RunArgument = Annotated[
    str,
    typer.Argument(
        metavar="RUN", help="A run folder, or the name of a suite for its latest run."
    ),
]
StudyArgument = Annotated[
    Path,
    typer.Argument(
        metavar="STUDY", help="Folder written by `avatarbench study create`."
    ),
]
OutOption = Annotated[
    Path, typer.Option("--out", help="Folder for all runs.", callback=_check_folder)
]
StoreOption = Annotated[
    Path | None,
    typer.Option(
        "--store",
        file_okay=False,
        callback=_check_folder,
        help="Folder of cached stages, shared by all suites.",
        show_default="OUT/store",
    ),
]
CachedStagesOption = Annotated[
    Path | None,
    typer.Option(
        "--store",
        file_okay=False,
        callback=_check_folder,
        help="Folder of cached stages.",
        show_default="runs/store",
    ),
]
ExistingStoreOption = Annotated[
    Path | None,
    typer.Option(
        "--store",
        exists=True,
        file_okay=False,
        help="Folder of cached stages, to compare their code with.",
        show_default="runs/store",
    ),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Override a key of the suite, such as seeds=[0,1] or options.steps=50. "
        "Repeatable.",
    ),
]
LpipsBackboneOption = Annotated[
    Path | None,
    typer.Option(
        "--lpips-backbone",
        metavar="FILE",
        help="AlexNet weights for LPIPS: torchvision's .pth file, or the file that "
        "`avatarbench weights fetch` keeps.",
        show_default="the fetched file",
    ),
]
QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print results only, no progress.")
]
NoMlflowOption = Annotated[
    bool, typer.Option("--no-mlflow", help="Do not log to MLflow.")
]
ExecutorOption = Annotated[
    Literal["serial", "local", "ray"],
    typer.Option(
        help="Where trials run: in this process, in processes of this machine, or on "
        "a Ray cluster.",
    ),
]
WorkersOption = Annotated[
    int | None,
    typer.Option(
        "--workers",
        min=1,
        help="Number of workers of --executor local or ray.",
        show_default="as many as there are cores or GPUs for",
    ),
]
AddressOption = Annotated[
    str | None,
    typer.Option(
        "--address",
        metavar="HOST:PORT",
        help="A running Ray cluster.",
        show_default="a new one on this machine",
    ),
]
GpusPerWorkerOption = Annotated[
    float | None,
    typer.Option(
        "--gpus-per-worker",
        min=0,
        help="GPUs that each Ray worker reserves, such as 0.5.",
        show_default="1 if the suite uses a GPU",
    ),
]
EngineOption = Annotated[
    str, typer.Option("--engine", help="Name of the engine (see `avatarbench list`).")
]
OnlyEnginesOption = Annotated[
    list[str] | None,
    typer.Option("--engine", help="Use only this engine. Repeatable."),
]
HostOption = Annotated[str, typer.Option("--host", help="Address to listen on.")]
PortOption = Annotated[
    int,
    typer.Option("--port", min=0, max=65535, help="Port; 0 picks a free one."),
]
RootPathOption = Annotated[
    str | None,
    typer.Option(
        "--root-path",
        metavar="PATH",
        help="Path prefix behind a reverse proxy, such as /study.",
        show_default="the path of --public-url",
    ),
]
JobsOption = Annotated[
    int, typer.Option("--jobs", min=1, help="Number of parallel processes.")
]
SheetOption = Annotated[
    Path | None,
    typer.Option(
        "--sheet",
        metavar="FILE.png",
        help="Also draw a contact sheet to this PNG.",
        callback=_check_png,
    ),
]
PngOption = Annotated[
    Path,
    typer.Option("--out", metavar="FILE.png", help="PNG to draw.", callback=_check_png),
]
ParsedFacesArgument = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="Faces with part maps to train on: a folder made by `avatarbench faces "
        "crowd`, a CelebAMask-HQ folder, or the name portraits.",
    ),
]
ParsedFacesOption = Annotated[
    str,
    typer.Option(
        "--data",
        help="Real faces with part maps to compare with: a folder made by `avatarbench "
        "faces crowd`, a CelebAMask-HQ folder, or the name portraits.",
    ),
]
