"""`avatarbench report`: write the tables, figures and page of a run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.config.suite import SuiteError
from benchmark.storage.latest import LATEST, follow_latest
from benchmark.storage.trial_folder import other_folders

if TYPE_CHECKING:
    from reports.human_study.analysis.answers import Answers
    from reports.write import ReportFiles


def report_run(run: str, out: Path, faces: int, study: Path | None = None) -> None:
    """Write the report of a run and print its main tables.

    `run` is a run folder, or a suite for its latest run below `out`. With a `study` of
    the run's avatars, Table 2 is added.
    """
    from reports.human_study.analysis.answers import read_answers
    from reports.write import write_reports

    folder = find_run(run, out)
    answers = None if study is None else read_answers(study)
    files = write_reports(folder, faces, answers)
    print_main_tables(folder)
    if answers is not None:
        print_study_table(answers)
    print_report_paths(files)


def find_run(run: str, out: Path) -> Path:
    """The run folder at a path, or the latest run of a suite below `out`.

    Raises SuiteError if there is neither.
    """
    for place in (Path(run), out / run / LATEST, out / run):
        folder = follow_latest(place)
        if (folder / "resolved.yaml").is_file():
            return folder.resolve()
    raise SuiteError([f"{run} is neither a run folder nor a suite with a run in {out}"])


def print_main_tables(folder: Path) -> None:
    """Print Tables 1 and 3 and all scores of a run."""
    from rich.console import Console

    from reports.write import terminal_table

    terminal_table(folder, Console(highlight=False))
    report_other_folders(folder)


def report_other_folders(run: Path) -> None:
    """Print to standard error which folders among a run's trials are not counted."""
    others = [repr(folder.name) for folder in other_folders(run)]
    if others:
        print(
            f"{run / 'trials'}: not counted as trials: {', '.join(others)}; their "
            "trial.json is missing or names another folder; delete them if they are "
            "copies",
            file=sys.stderr,
        )


def print_study_table(answers: Answers) -> None:
    """Print Table 2 of a rating study."""
    from rich.console import Console

    from reports.human_study.analysis.findings import findings
    from reports.human_study.analysis.tables import table_two
    from reports.tables.terminal import print_table

    print_table(table_two(answers, findings(answers)), Console(highlight=False))


def print_report_paths(files: ReportFiles) -> None:
    """Print where the page and the tables are."""
    print(f"page:   {files.page}")
    print(f"tables: {files.folder}")
