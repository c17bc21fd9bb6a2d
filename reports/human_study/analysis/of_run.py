"""A study's part in the report of the run whose avatars it showed."""

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
class Rating:
    """Table 2 and what stands behind it; all empty without a study."""

    tables: tuple[Table, ...] = ()
    drawings: tuple[Drawing, ...] = ()
    section: StudySection | None = None


def rating_of_run(run: Run, answers: Answers | None) -> Rating:
    """The human rating of a run; raises ReportError for a study of another run."""
    if answers is None:
        return Rating()
    study, shown = answers.study.folder, answers.key.run
    if shown != run.folder.resolve().name:
        raise ReportError(
            f"{study}: raters saw avatars of the run {shown}, and this is "
            f"{run.folder.resolve().name}; its Table 2 belongs to the other one"
        )
    content = study_content(answers, findings(answers))
    return Rating(
        (content.headline, *content.details),
        tuple(content.drawings),
        study_section(content),
    )
