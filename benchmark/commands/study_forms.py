"""`avatarbench study` preview, forms, import and withdraw."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmark.avatars.counting import counted
from benchmark.avatars.spec import did_you_mean
from benchmark.commands.study_create import FORMS_FOLDER
from reports.human_study.design.ratings_table import offline_ratings
from reports.human_study.design.study import StudyError, read_study
from reports.human_study.forms.answers import import_sheets, withdraw_assignment
from reports.human_study.forms.handouts import (
    Format,
    describe,
    write_forms,
    write_preview,
)

FORMATS: tuple[Format, ...] = ("html", "pdf", "csv")


def preview_study(
    folder: Path, assignment: int, language: str | None, out: Path | None
) -> None:
    """Describe a study, and write what the rater of an assignment sees."""
    study = read_study(folder)
    path = out or folder / "preview.html"
    write_preview(study, path, assignment, language)
    print("\n".join(describe(study)))
    print(f"assignment {assignment} as a rater sees it: {path}")


def check_formats(names: Sequence[str] | None) -> list[Format]:
    """The requested formats, html and pdf by default; StudyError for an unknown one."""
    requested = names or ("html", "pdf")
    for name in requested:
        if name not in FORMATS:
            raise StudyError(
                f"--format {name}: no such format{did_you_mean(name, FORMATS)}; the "
                f"formats are {', '.join(FORMATS)}"
            )
    return [name for name in FORMATS if name in requested]


def write_study_forms(
    folder: Path,
    formats: Sequence[Format],
    assignments: range,
    language: str | None,
    out: Path | None,
) -> None:
    """Write forms and print their paths."""
    study, target = read_study(folder), out or folder / FORMS_FOLDER
    for path in write_forms(study, target, assignments, formats, language):
        print(path)


def import_answer_sheets(
    folder: Path, sheets: Sequence[Path], out: Path | None, replace: bool
) -> None:
    """Import filled sheets and print how many answers were added."""
    study = read_study(folder)
    target = out or offline_ratings(folder)
    added = import_sheets(study, sheets, target, replace)
    count = len({row.assignment for row in added})
    answers = counted(len(added), "answer")
    print(f"{answers} of {counted(count, 'assignment')} added: {target}")


def withdraw_rater(folder: Path, assignment: int, out: Path | None) -> None:
    """Delete the answers of an assignment and print how many there were."""
    target = out or offline_ratings(folder)
    count = withdraw_assignment(read_study(folder), assignment, target)
    print(
        f"{counted(count, 'answer')} of assignment {assignment} deleted from {target}; "
        "destroy its sheet"
    )
