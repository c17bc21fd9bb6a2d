"""The results of a study for the report of the run whose avatars it showed."""

from __future__ import annotations

from dataclasses import dataclass

from reports.figures.scores import Drawing
from reports.human_study.analysis.answers import Answers
from reports.human_study.analysis.findings import findings
from reports.human_study.analysis.page import study_section
from reports.human_study.analysis.write import study_content
from reports.page.page import StudySection
from reports.tables.table import Table
from reports.trials import ReportError, Run


@dataclass(frozen=True)
class StudyResults:
    """Table 2 with its details. All fields are empty without a study."""

    tables: tuple[Table, ...] = ()
    drawings: tuple[Drawing, ...] = ()
    section: StudySection | None = None


def study_of_run(run: Run, answers: Answers | None) -> StudyResults:
    """The results of a run's rating study; ReportError if it is of another run."""
    if answers is None:
        return StudyResults()
    study, shown = answers.study.folder, answers.key.run
    if shown != run.folder.resolve().name:
        raise ReportError(
            f"{study}: the study shows avatars of run {shown}, not of "
            f"{run.folder.resolve().name}; report it with its own run"
        )
    content = study_content(answers, findings(answers))
    return StudyResults(
        (content.headline, *content.details),
        tuple(content.drawings),
        study_section(answers, content),
    )
