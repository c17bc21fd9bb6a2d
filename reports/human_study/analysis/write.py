"""Everything people read about a study, written into its folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.storage.store import atomic_write
from benchmark.storage.trial_folder import publish
from reports.human_study.analysis.answers import Answers
from reports.human_study.analysis.figures import draw_study
from reports.human_study.analysis.findings import Findings
from reports.human_study.analysis.page import StudyContent, render_study_page
from reports.human_study.analysis.tables import study_tables, table_two
from reports.human_study.analysis.tidy import tidy
from reports.tables import published as paper
from reports.tables.formats import to_latex, to_markdown
from reports.tables.table import Table, published
from reports.trials import ReportError

FOLDER = "report"


@dataclass(frozen=True)
class StudyFiles:
    """What `write_study_report` wrote: page, Table 2, tidy judgements."""

    folder: Path
    page: Path
    table: Path
    judgements: Path


def study_content(answers: Answers, found: Sequence[Findings]) -> StudyContent:
    """The tables and figures of a study."""
    tables = study_tables(answers, found)
    return StudyContent(table_two(answers, found), tables, draw_study(answers, found))


def write_study_report(
    answers: Answers, found: Sequence[Findings], code: str
) -> StudyFiles:
    """Write STUDY/report, whole or not at all: page, tables, figures, tidy CSV.

    `code` names the commit. Raises ReportError where it cannot be written.
    """
    content = study_content(answers, found)
    folder = answers.study.folder / FOLDER
    if folder.is_file():
        raise ReportError(f"cannot write to {folder}: it is a file; move it away")

    def fill(place: Path) -> None:
        (place / "figures").mkdir()
        for name, text in table_files([content.headline, *content.details]).items():
            atomic_write(place / name, text.encode())
        for drawing in content.drawings:
            drawing.write(place / "figures")
        rows = tidy(answers).to_csv(index=False, lineterminator="\n")
        atomic_write(place / "judgements.csv", rows.encode())
        page = render_study_page(answers, content, code)
        atomic_write(place / "page.html", page.encode())

    try:
        publish(folder, fill)
    except OSError as error:
        raise ReportError(
            f"cannot write to {folder}: {error.strerror}; make it writable or free "
            "some space"
        ) from error
    return StudyFiles(
        folder,
        folder / "page.html",
        folder / f"{content.headline.key}.md",
        folder / "judgements.csv",
    )


def table_files(measured: Sequence[Table]) -> dict[str, str]:
    """Each table as Markdown and LaTeX by file name, and all of them in tables.md."""
    printed = published(paper.TABLE_2)
    files = {}
    for table in (*measured, printed):
        files[f"{table.key}.md"] = to_markdown(table)
        files[f"{table.key}.tex"] = to_latex(table)
    files["tables.md"] = "\n".join(
        [
            "# Measured\n",
            *map(to_markdown, measured),
            "# Published, not measured here\n",
            to_markdown(printed),
        ]
    )
    return files
