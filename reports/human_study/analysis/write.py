"""Writes the report of a study into its folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.storage.store import atomic_write
from reports.human_study.analysis.answers import Answers
from reports.human_study.analysis.figures import draw_study
from reports.human_study.analysis.findings import Findings
from reports.human_study.analysis.page import StudyContent, render_study_page
from reports.human_study.analysis.tables import study_tables, table_two
from reports.human_study.analysis.tidy import tidy
from reports.human_study.simulation import simulated_file
from reports.publishing import publish_report, write_tables
from reports.tables import published as paper
from reports.tables.table import published

FOLDER = "report"


@dataclass(frozen=True)
class StudyFiles:
    """The files of `write_study_report`: page, Table 2 and tidy ratings."""

    folder: Path
    page: Path
    table: Path
    ratings: Path


def study_content(answers: Answers, results: Sequence[Findings]) -> StudyContent:
    """The tables and figures of a study."""
    tables = study_tables(answers, results)
    return StudyContent(
        table_two(answers, results), tables, draw_study(answers, results)
    )


def write_study_report(
    answers: Answers, results: Sequence[Findings], code: str
) -> StudyFiles:
    """Write STUDY/report atomically: page, tables, figures and tidy CSV.

    The report of simulated ratings goes to STUDY/simulated/report. `code` names the
    commit. Raises ReportError if the folder cannot be written.
    """
    content = study_content(answers, results)
    study = answers.study.folder
    folder = (simulated_file(study).parent if answers.simulated else study) / FOLDER

    def fill(place: Path) -> None:
        (place / "figures").mkdir()
        measured = [content.headline, *content.details]
        write_tables(place, measured, [published(paper.TABLE_2)])
        for drawing in content.drawings:
            drawing.write(place / "figures")
        rows = tidy(answers).to_csv(index=False, lineterminator="\n")
        atomic_write(place / "ratings.csv", rows.encode())
        page = render_study_page(answers, content, code)
        atomic_write(place / "page.html", page.encode())

    publish_report(folder, fill)
    return StudyFiles(
        folder,
        folder / "page.html",
        folder / f"{content.headline.key}.md",
        folder / "ratings.csv",
    )
