"""The HTML page of a run: one file, no request to anywhere, readable on a phone."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from reports.figures.scores import Drawing
from reports.page.grid import Grid, Picture, grid_note
from reports.tables import wording
from reports.tables.formats import to_html
from reports.tables.table import Table
from reports.trials import Run

PIXELS_PER_INCH = 92


@dataclass(frozen=True)
class Embedded:
    """One picture as data; without one `uri` is empty and `alt` says why."""

    uri: str
    alt: str


@dataclass(frozen=True)
class ShownGrid:
    """A grid of faces with its pictures embedded."""

    engine: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Embedded, ...], ...]


@dataclass(frozen=True)
class Detail:
    """A table behind a summary, folded away unless `open`."""

    title: str
    table: Markup
    open: bool = False


@dataclass(frozen=True)
class StudySection:
    """What `section.html.jinja` lays out: Table 2 and what stands behind it."""

    headline: Markup
    published: Markup
    figures: Sequence[Mapping[str, str | int]]
    details: Sequence[Detail]


@dataclass(frozen=True)
class Content:
    """The tables, figures and faces that the page lays out."""

    headline: Table
    ablation: Sequence[Table]
    all_scores: Table
    published: Sequence[Table]
    details: Sequence[Table]
    drawings: Sequence[Drawing]
    grids: Sequence[Grid]


def render_page(run: Run, content: Content, study: StudySection | None = None) -> str:
    """The page's HTML, with a study's section where there is one.

    Pictures and figures are embedded as data.
    """
    suite = run.first["suite"]
    return page_template("page/page.html.jinja").render(
        title=f"avatarbench: the {suite} suite",
        css=page_css(),
        lead=_lead(run),
        stand_in=" ".join(wording.stand_in_note(run)),
        headline=to_html(content.headline),
        ablation=[to_html(table) for table in content.ablation],
        all_scores=to_html(content.all_scores),
        published=[to_html(table) for table in content.published],
        grids=[_shown(grid) for grid in content.grids],
        grid_note=grid_note(run),
        study=study,
        figures=[embedded_figure(drawing) for drawing in content.drawings],
        details=[Detail(t.title, to_html(t)) for t in content.details],
        provenance=provenance(run),
    )


def page_template(name: str) -> Template:
    """A template of this package by its path; an undefined name is an error."""
    environment = Environment(
        loader=PackageLoader("reports", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def page_css() -> Markup:
    """The style sheet that every page carries."""
    return Markup(
        files("reports.page").joinpath("page.css").read_text(encoding="utf-8")
    )


def _shown(grid: Grid) -> ShownGrid:
    return ShownGrid(
        grid.engine, grid.heads, tuple(tuple(map(_embedded, row)) for row in grid.rows)
    )


def _embedded(picture: Picture) -> Embedded:
    if picture.path is None:
        return Embedded("", picture.alt)
    buffer = io.BytesIO()
    picture.small().save(buffer, "webp", quality=80, method=4)
    return Embedded(_data_uri(buffer.getvalue(), "image/webp"), picture.alt)


def embedded_figure(drawing: Drawing) -> dict[str, str | int]:
    """A figure as data, with its title, its size and what to say of it."""
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
