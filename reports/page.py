"""The HTML page of a run: one file, no request to anywhere, readable on a phone."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from PIL import Image

from reports import wording
from reports.figures import Drawing
from reports.formats import to_html
from reports.table import Table
from reports.trials import Contestant, Run

GRID_FACES = 8
GRID_PIXELS = 128
PIXELS_PER_INCH = 92
SPLIT = "validation"
"""Pictures show validation faces alone: nobody looks at held-out ones."""


@dataclass(frozen=True)
class Picture:
    """One picture of the grid; without a file `uri` is empty and `alt` says why."""

    uri: str
    alt: str


@dataclass(frozen=True)
class Grid:
    """Faces × (face, designer's avatar, each row's avatar) on one engine."""

    engine: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Picture, ...], ...]


@dataclass(frozen=True)
class Detail:
    """A table behind a summary, folded away unless `open`."""

    title: str
    table: Markup
    open: bool = False


@dataclass(frozen=True)
class Content:
    """The tables and figures that the page lays out."""

    headline: Table
    ablation: Sequence[Table]
    all_scores: Table
    published: Sequence[Table]
    details: Sequence[Table]
    drawings: Sequence[Drawing]


def render_page(run: Run, content: Content) -> str:
    """The page's HTML; pictures and figures are embedded as data."""
    environment = Environment(
        loader=PackageLoader("reports", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template("page.html.jinja")
    suite = run.first["suite"]
    return template.render(
        title=f"avatarbench: the {suite} suite",
        css=Markup(files("reports").joinpath("page.css").read_text(encoding="utf-8")),
        lead=_lead(run),
        stand_in=wording.STAND_IN if run.stand_in else "",
        headline=to_html(content.headline),
        ablation=[to_html(table) for table in content.ablation],
        all_scores=to_html(content.all_scores),
        published=[to_html(table) for table in content.published],
        grids=grids(run),
        grid_note=_grid_note(run),
        figures=[_figure(drawing) for drawing in content.drawings],
        details=[Detail(t.title, to_html(t)) for t in content.details],
        provenance=provenance(run),
    )


def grid_faces(run: Run) -> list[str]:
    """Up to GRID_FACES validation faces, drawn by the digest of their names."""
    done = next((t for t in run.trials if t.error is None), None)
    if SPLIT not in run.splits or done is None:
        return []
    names = sorted(set(map(str, done.scores(SPLIT, run.designers[0])["face"])))
    drawn = sorted(names, key=lambda name: hashlib.sha256(name.encode()).hexdigest())
    return drawn[:GRID_FACES]


def grids(run: Run) -> list[Grid]:
    """A grid an engine; none where no validation face was predicted."""
    faces = grid_faces(run)
    return [_grid(run, engine, faces) for engine in run.engines if faces]


def _grid(run: Run, engine: str, faces: Iterable[str]) -> Grid:
    heads = ("Input", "Designer's avatar", *(c.label for c in run.main_contestants))
    return Grid(engine, heads, tuple(_grid_row(run, engine, face) for face in faces))


def _grid_row(run: Run, engine: str, face: str) -> tuple[Picture, ...]:
    truth = run.folder / "truths" / engine / run.designers[0] / SPLIT / f"{face}.webp"
    portrait = next(
        (t.folder / "pictures" / SPLIT / f"{face}.face.webp")
        for t in run.trials
        if t.error is None
    )
    return (
        _picture(portrait, f"face {face}"),
        _picture(truth, f"designer's avatar of face {face} on {engine}"),
        *(_prediction(run, c, engine, face) for c in run.main_contestants),
    )


def _prediction(run: Run, contestant: Contestant, engine: str, face: str) -> Picture:
    done = run.done(contestant.name, engine)
    if not done:
        return Picture("", "failed")
    path = done[0].folder / "pictures" / SPLIT / f"{face}.prediction.webp"
    return _picture(path, f"avatar of face {face} by {contestant.title} on {engine}")


def _picture(path: Path, alt: str) -> Picture:
    if not path.is_file():
        return Picture("", "no picture")
    with Image.open(path) as opened:
        small = opened.convert("RGB")
        small.thumbnail((GRID_PIXELS, GRID_PIXELS), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "webp", quality=80, method=4)
    return Picture(_data_uri(buffer.getvalue(), "image/webp"), alt)


def _figure(drawing: Drawing) -> dict[str, str | int]:
    width, height = drawing.figure.get_size_inches() * PIXELS_PER_INCH
    return {
        "uri": _data_uri(drawing.svg(), "image/svg+xml"),
        "alt": drawing.description,
        "title": drawing.title,
        "width": round(width),
        "height": round(height),
    }


def _data_uri(content: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _lead(run: Run) -> str:
    rows, engines = len(run.contestants), len(run.engines)
    split = wording.SPLITS.get(run.main_split, run.main_split)
    return (
        f"{rows} rows on {engines} avatar engine{'s' if engines > 1 else ''}: each "
        "turns a portrait into the parameters of an avatar, and is judged by how close "
        f"that avatar comes to the one a designer made for the same portrait, on "
        f"{run.splits[run.main_split]} {split} faces."
    )


def _grid_note(run: Run) -> str:
    seed = min(t.record["seed"] for t in run.trials)
    return (
        f"Validation faces, drawn by the hash of their names before anything was "
        f"measured; held-out faces are shown nowhere. Avatars of seed {seed}."
    )


def provenance(run: Run) -> list[tuple[str, str]]:
    """Where the figures come from: suite, code, faces, machine, packages, metrics."""
    faces, environment = run.first["faces"], run.environment
    git: dict[str, Any] = environment.get("git") or {}
    commit = git.get("sha") or "not a checkout"
    machine = environment.get("hardware") or {}
    packages = environment.get("packages") or {}
    named = ("torch", "torchvision", "lpips", "numpy", "scikit-learn", "scipy")
    return [
        ("Suite", str(run.first["suite"])),
        ("Configuration", run.folder.resolve().name),
        ("Faces", f"{faces['name']} {faces['version']}, SHA-256 {faces['digest']}"),
        ("Licence of the faces", str(faces["licence"])),
        ("Splits", ", ".join(f"{n} {k}" for k, n in run.splits.items())),
        ("Designers", ", ".join(run.designers)),
        ("Code", f"{commit}{' with local changes' if git.get('dirty') else ''}"),
        ("Machine", str(machine.get("name", "unknown"))),
        ("System", str(environment.get("system", "unknown"))),
        ("Python", str(environment.get("python", "unknown"))),
        ("Packages", ", ".join(f"{n} {packages[n]}" for n in named if n in packages)),
        *(("Metric", wording.identity(metric)) for metric in run.metrics),
        *(("Weights", text) for text in _weights(run)),
    ]


def _weights(run: Run) -> list[str]:
    found = {
        f"{name}: SHA-256 {digest}"
        for record in (*run.metrics, *(t.record for t in run.trials))
        for name, digest in record.get("weights", {}).items()
    }
    return sorted(found)
