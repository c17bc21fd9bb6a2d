"""The HTML page of a run: one self-contained file that makes no requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from reports.figures.scores import Drawing
from reports.page.breakdowns import breakdowns_section
from reports.page.cases import cases_section
from reports.page.grid import grid_faces
from reports.page.html import (
    Detail,
    Section,
    embedded_figure,
    page_css,
    page_script,
    page_template,
)
from reports.page.provenance import provenance
from reports.page.results import PageTables
from reports.page.summary import summary_section
from reports.page.trials import trials_section
from reports.tables.html import to_html
from reports.tables.table import Table
from reports.trials import Run


@dataclass(frozen=True)
class StudySection:
    """The content of `human_study/analysis/section.html.jinja`.

    `tables` and `drawn` hold the file name and the title of each table and figure.
    `simulated` says that no person rated anything.
    """

    headline: Markup
    published: Markup
    figures: Sequence[Mapping[str, str | int]]
    details: Sequence[Detail]
    tables: Sequence[tuple[str, str]]
    drawn: Sequence[tuple[str, str]]
    simulated: bool = False


@dataclass(frozen=True)
class Content:
    """The tables and figures of the page, and the number of faces that it shows.

    `files` are tables that the page shows in another form.
    """

    headline: Table
    ablation: Sequence[Table]
    all_scores: Table
    published: Sequence[Table]
    details: Sequence[Table]
    files: Sequence[Table]
    drawings: Sequence[Drawing]
    faces: int


def render_page(run: Run, content: Content, study: StudySection | None = None) -> str:
    """The page's HTML, with all pictures and figures embedded.

    `study` is the section of a rating study, if there was one.
    """
    return page_template("page/page.html.jinja").render(
        title=f"avatarbench: the {run.first['suite']} suite",
        css=page_css(),
        script=page_script(),
        sections=list(run_sections(run, content, study)),
    )


def run_sections(
    run: Run, content: Content, study: StudySection | None
) -> Iterator[Section]:
    """The sections of the page in order; `reports/page/html.py` says how to add one."""
    yield summary_section(run)
    measured = [content.headline, content.all_scores, *content.ablation]
    tables = PageTables(run, [*measured, *content.details])
    yield _results_section(content, tables)
    if study is not None:
        template = "human_study/analysis/section.html.jinja"
        yield Section("rating", "Human rating", template, study)
    if content.ablation:
        yield _ablation_section(content, tables)
    further = (cases_section(run, content.faces), breakdowns_section(run))
    yield from (section for section in further if section is not None)
    figures = [embedded_figure(drawing) for drawing in content.drawings]
    yield Section("figures", "Figures", "page/figures.html.jinja", figures)
    details = [Detail(t.title, tables.html(t)) for t in content.details]
    yield Section("more", "Checks and details", "page/details.html.jinja", details)
    yield _published_section(content, study)
    yield trials_section(run)
    yield _downloads_section(run, content, study)
    yield Section(
        "provenance", "Provenance", "page/provenance.html.jinja", provenance(run)
    )


def _results_section(content: Content, tables: PageTables) -> Section:
    data = {
        "headline": tables.html(content.headline),
        "all_scores": tables.html(content.all_scores),
        "legend": tables.legend,
    }
    return Section("results", "Results", "page/results.html.jinja", data)


def _ablation_section(content: Content, tables: PageTables) -> Section:
    data = [tables.html(table) for table in content.ablation]
    return Section("ablation", "Ablation", "page/ablation.html.jinja", data)


def _published_section(content: Content, study: StudySection | None) -> Section:
    """The paper's tables; Table 2 is in the section of the rating study, if any."""
    tables = [content.published[0], *([] if study else content.published[1:2])]
    tables += content.published[2:]
    shared = [note for note in tables[0].notes if all(note in t.notes for t in tables)]
    shown = [
        to_html(replace(t, notes=tuple(n for n in t.notes if n not in shared)))
        for t in tables
    ]
    data = {"tables": shown, "notes": shared, "study": study is not None}
    return Section("published", "Published", "page/published.html.jinja", data)


def _downloads_section(
    run: Run, content: Content, study: StudySection | None
) -> Section:
    measured = [content.headline, *content.ablation, content.all_scores]
    tables = [(t.key, t.title) for t in (*measured, *content.details, *content.files)]
    data = {
        "tables": tables + ([] if study is None else list(study.tables)),
        "published": [(table.key, table.title) for table in content.published],
        "figures": [
            *((drawing.name, drawing.title) for drawing in content.drawings),
            *(() if study is None else study.drawn),
        ],
        "engines": run.engines if grid_faces(run, 1) else [],
    }
    return Section("downloads", "Downloads", "page/downloads.html.jinja", data)
