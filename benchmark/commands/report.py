"""`avatarbench report`: tables and page from a run's folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.config.suite import SuiteError

if TYPE_CHECKING:
    from reports.human_study.analysis.answers import Answers
    from reports.write import ReportFiles


def report(run: str, out: Path, faces: int, study: Path | None = None) -> None:
    """Write a run's reports again and print its main tables; `run`: folder or suite.

    Table 2 is among them where a study of the run's avatars is named.
    """
    from reports.human_study.analysis.answers import read_answers
    from reports.write import write_reports

    folder = find_run(run, out)
    answers = None if study is None else read_answers(study)
    files = write_reports(folder, faces, answers)
    print_table_one(folder)
    if answers is not None:
        print_table_two(answers)
    print_places(files)


def find_run(run: str, out: Path) -> Path:
    """A run folder by its path, or a suite's latest; raises SuiteError for neither."""
    for folder in (Path(run), out / run / "latest", out / run):
        if (folder / "resolved.yaml").is_file():
            return folder.resolve()
    raise SuiteError(
        [f"{run} is neither a run folder nor a suite that was run in {out}"]
    )


def write(folder: Path) -> ReportFiles:
    """Write tables, figures and page of a run."""
    from reports.write import write_reports

    return write_reports(folder)


def print_table_one(folder: Path) -> None:
    """Print the measured Tables 1 and 3 and all scores of a run to the terminal."""
    from rich.console import Console

    from reports.write import terminal_table

    terminal_table(folder, Console(highlight=False))


def print_table_two(answers: Answers) -> None:
    """Print the measured Table 2 to the terminal."""
    from rich.console import Console

    from reports.human_study.analysis.findings import findings
    from reports.human_study.analysis.tables import table_two
    from reports.write import print_table

    print_table(table_two(answers, findings(answers)), Console(highlight=False))


def print_places(files: ReportFiles) -> None:
    """Say where a reader finds page and tables."""
    print(f"page:   {files.page}")
    print(f"tables: {files.folder}")
