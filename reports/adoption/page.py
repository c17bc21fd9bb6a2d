"""The page of an adopted engine: one HTML file that makes no requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from markupsafe import Markup

from benchmark.storage.store import atomic_write
from reports.page.html import page_css, page_template, picture_uri
from reports.tables.html import to_html
from reports.tables.table import EMPTY, Cell, Column, Row, Section, Table

PIXELS = 160
"""Side of a portrait and of an avatar."""
SHEET_PIXELS = 1600


@dataclass(frozen=True)
class Command:
    """A command to type, and what it is for."""

    purpose: str
    text: str


@dataclass(frozen=True)
class AdoptionPage:
    """The content of the page.

    Attributes:
        title: of the engine.
        lead: one sentence about what was done.
        pairs: side-by-side pictures by face, of the first faces.
        faces: number of all faces with an avatar.
        variety: rows of texts: parameter, answers, usual answer, its share, remark.
        steps: rows of texts: stage, work, time, memory.
        sheets: contact sheets of the steps by title.
        use: commands that use the model.
        score: commands that lead to scores.
        provenance: what the model was made of, by name.
    """

    title: str
    lead: str
    pairs: Mapping[str, Path]
    faces: int
    variety: Sequence[Sequence[str]]
    steps: Sequence[Sequence[str]]
    sheets: Mapping[str, Path]
    use: Sequence[Command]
    score: Sequence[Command]
    provenance: Mapping[str, str]


def write_adoption_page(page: AdoptionPage, path: Path) -> None:
    """Write the page with all its pictures."""
    style = files("reports.adoption").joinpath("adoption.css").read_text("utf-8")
    html = page_template("adoption/adoption.html.jinja").render(
        page=page,
        css=page_css() + Markup(style),
        pairs={face: picture_uri(at, 2 * PIXELS) for face, at in page.pairs.items()},
        variety=to_html(_table("variety", *VARIETY, page.variety)),
        steps=to_html(_table("steps-table", *STEPS, page.steps)),
        sheets={t: picture_uri(at, SHEET_PIXELS) for t, at in page.sheets.items()},
        pixels=PIXELS,
    )
    atomic_write(path, html.encode())


VARIETY = (
    "What the model answers",
    "Parameter",
    ("Answers", "Most frequent or median", "Share", "Remark"),
)
STEPS = ("Stages of the fit", "Stage", ("Work", "Time", "Memory"))


def _table(
    key: str,
    title: str,
    stub: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
) -> Table:
    made = tuple(
        Row(label, tuple(Cell(text or EMPTY) for text in texts))
        for label, *texts in rows
    )
    heads = tuple(Column(column) for column in columns)
    return Table(key, title, stub, heads, (Section("", made),))
