"""The first screen of the page: who leads, three faces and a plot for each engine."""

from __future__ import annotations

import re
from dataclasses import dataclass

from benchmark.avatars.counting import counted
from reports.figures.palette import css_colour, variant_colours
from reports.page.dot_plot import DotPlot, dot_plots
from reports.page.grid import Picture, grids
from reports.page.html import Section, picture_uri
from reports.tables import wording
from reports.trials import Run
from reports.verdict import Verdict, verdict

FACES, PIXELS = 3, 96


@dataclass(frozen=True)
class Head:
    """A column heading of the strip; `colour` is "" for face and ground truth."""

    title: str
    colour: str


@dataclass(frozen=True)
class Shown:
    """A picture as a data URI; without a file `uri` is "" and `alt` says why."""

    uri: str
    alt: str


@dataclass(frozen=True)
class Card:
    """One engine: its strip of faces and its plot; each may be missing."""

    engine: str
    heads: tuple[Head, ...]
    rows: tuple[tuple[Shown, ...], ...]
    plot: DotPlot | None


@dataclass(frozen=True)
class Summary:
    """The content of `summary.html.jinja`."""

    verdict: Verdict
    stand_in: tuple[str, ...]
    cards: tuple[Card, ...]
    notes: str


def summary_section(run: Run) -> Section:
    """The first screen. Its faces are those that the page may show."""
    strips = {
        grid.engine: grid.rows
        for grid in grids(run, FACES)
        if any(picture.path for row in grid.rows for picture in row)
    }
    plots = {plot.engine: plot for plot in dot_plots(run)}
    cards = tuple(
        _card(run, engine, strips.get(engine, ()), plots.get(engine))
        for engine in run.engines
        if engine in strips or engine in plots
    )
    notes = [_basis(run)]
    if any(dot.low is not None for plot in plots.values() for dot in plot.dots):
        notes.append("Dots are means with 95 % intervals over faces.")
    if strips:
        notes.append("The faces shown are validation faces, not chosen by scores.")
    data = Summary(verdict(run), wording.stand_in_notes(run), cards, " ".join(notes))
    return Section("summary", "Summary", "page/summary.html.jinja", data)


def _card(
    run: Run, engine: str, rows: tuple[tuple[Picture, ...], ...], plot: DotPlot | None
) -> Card:
    colours = variant_colours(run)
    shown = [i for i, v in enumerate(run.main_variants) if v.role == "method"]
    methods = [run.main_variants[index] for index in shown]
    heads = (
        Head("Face", ""),
        Head("Ground truth", ""),
        *(Head(_breakable(v.title), css_colour(colours[v.name])) for v in methods),
    )
    columns = (0, 1, *(2 + index for index in shown))
    pictures = tuple(tuple(_embed(row[c]) for c in columns) for row in rows)
    return Card(engine, heads, pictures, plot)


def _breakable(title: str) -> str:
    """The title; a narrow column may break it before a capital inside a word."""
    return re.sub("(?<=[a-z])(?=[A-Z])", "\N{ZERO WIDTH SPACE}", title)


def _embed(picture: Picture) -> Shown:
    if picture.path is None:
        return Shown("", picture.alt)
    return Shown(picture_uri(picture.path, PIXELS), picture.alt)


def _basis(run: Run) -> str:
    """What the scores are, in one sentence."""
    split = wording.split_title(run.main_split)
    faces = counted(run.splits[run.main_split], f"{split} face")
    engines = counted(len(run.engines), "avatar engine")
    return (
        "Each method turns a portrait into the parameters of an avatar. The scores "
        "compare it with the avatar that a designer made for the same portrait: "
        f"{faces}, {engines}, {counted(len(run.seeds), 'training seed')}."
    )
