"""The HTML page of a run: one self-contained file that makes no requests."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from benchmark.avatars.counting import counted
from reports.figures.scores import Drawing
from reports.page.grid import Grid, Picture, grid_note
from reports.tables import wording
from reports.tables.formats import to_html
from reports.tables.table import Table
from reports.trials import Run

PIXELS_PER_INCH = 92


@dataclass(frozen=True)
class Embedded:
    """A picture as a data URI; without a file `uri` is "" and `alt` says why."""

    uri: str
    alt: str


@dataclass(frozen=True)
class EmbeddedGrid:
    """A grid of faces with embedded pictures."""

    engine: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Embedded, ...], ...]


@dataclass(frozen=True)
class Detail:
    """A table in a `details` element, closed unless `open`."""

    title: str
    table: Markup
    open: bool = False


@dataclass(frozen=True)
class StudySection:
    """The content of `section.html.jinja`: Table 2 and its details."""

    headline: Markup
    published: Markup
    figures: Sequence[Mapping[str, str | int]]
    details: Sequence[Detail]


@dataclass(frozen=True)
class Content:
    """The tables, figures and faces of the page."""

    headline: Table
    ablation: Sequence[Table]
    all_scores: Table
    published: Sequence[Table]
    details: Sequence[Table]
    drawings: Sequence[Drawing]
    grids: Sequence[Grid]


def render_page(run: Run, content: Content, study: StudySection | None = None) -> str:
    """The page's HTML, with all pictures and figures embedded.

    `study` is the section of a rating study, if there was one.
    """
    suite = run.first["suite"]
    return page_template("page/page.html.jinja").render(
        title=f"avatarbench: the {suite} suite",
        css=page_css(),
        lead=_lead(run),
        stand_in=" ".join(wording.stand_in_notes(run)),
        headline=to_html(content.headline),
        ablation=[to_html(table) for table in content.ablation],
        all_scores=to_html(content.all_scores),
        published=[to_html(table) for table in content.published],
        grids=[_embed_grid(grid) for grid in content.grids],
        grid_note=grid_note(run),
        study=study,
        figures=[embedded_figure(drawing) for drawing in content.drawings],
        details=[Detail(t.title, to_html(t)) for t in content.details],
        provenance=provenance(run),
    )


def page_template(name: str) -> Template:
    """A template of this package; an undefined name in it raises an error."""
    environment = Environment(
        loader=PackageLoader("reports", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def page_css() -> Markup:
    """The style sheet of all pages."""
    return Markup(
        files("reports.page").joinpath("page.css").read_text(encoding="utf-8")
    )


def _embed_grid(grid: Grid) -> EmbeddedGrid:
    return EmbeddedGrid(
        grid.engine,
        grid.heads,
        tuple(tuple(map(_embed_picture, row)) for row in grid.rows),
    )


def _embed_picture(picture: Picture) -> Embedded:
    if picture.path is None:
        return Embedded("", picture.alt)
    buffer = io.BytesIO()
    picture.small().save(buffer, "webp", quality=80, method=4)
    return Embedded(_data_uri(buffer.getvalue(), "image/webp"), picture.alt)


def embedded_figure(drawing: Drawing) -> dict[str, str | int]:
    """A figure as an SVG data URI, with its title, alt text and size in pixels."""
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
    rows, engines = len(run.variants), len(run.engines)
    split = wording.split_title(run.main_split)
    return (
        f"{counted(rows, 'row')} (methods, controls and oracles) on "
        f"{counted(engines, 'avatar engine')}. Each turns a portrait into the "
        "parameters of an avatar. The scores say how close this avatar is to the one "
        "that a designer made for the same portrait, over "
        f"{counted(run.splits[run.main_split], f'{split} face')}."
    )


def provenance(run: Run) -> list[tuple[str, str]]:
    """(name, value) pairs: suite, faces, code, machine, packages, metrics, weights."""
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
        *(("Metric", wording.metric_note(metric)) for metric in run.metrics),
        *(("Weights", text) for text in _weights(run)),
    ]


def _weights(run: Run) -> list[str]:
    weights = {
        f"{name}: SHA-256 {digest}"
        for record in (*run.metrics, *(t.record for t in run.trials))
        for name, digest in record.get("weights", {}).items()
    }
    return sorted(weights)
