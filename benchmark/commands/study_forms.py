"""`avatarbench study preview`, `forms` and `import`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmark.avatars.spec import nearest
from reports.human_study.design.study import StudyError, read_study
from reports.human_study.forms.answers import import_sheets, withdraw_paper
from reports.human_study.forms.handouts import (
    Format,
    describe,
    write_forms,
    write_preview,
)

PREVIEW = "preview.html"
FORMS = "forms"
FORMATS: tuple[Format, ...] = ("html", "pdf", "csv")
OFFLINE = Path("judgements") / "offline.csv"


def preview(folder: Path, paper: int, language: str | None, out: Path | None) -> None:
    """Say what a study asks, and write what the rater of a paper sees."""
    study = read_study(folder)
    path = out or folder / PREVIEW
    write_preview(study, path, paper, language)
    print("\n".join(describe(study)))
    print(f"paper {paper} as a rater sees it: {path}")


def check_formats(names: Sequence[str] | None) -> list[Format]:
    """The formats that were asked for; StudyError for one that there is not."""
    wanted = names or ("html", "pdf")
    for name in wanted:
        if name not in FORMATS:
            raise StudyError(
                f"--format {name}: there is no such format{nearest(name, FORMATS)}; "
                f"there are {', '.join(FORMATS)}"
            )
    return [name for name in FORMATS if name in wanted]


def forms(
    folder: Path,
    formats: Sequence[Format],
    papers: range,
    language: str | None,
    out: Path | None,
) -> None:
    """Write forms and say where they lie."""
    study = read_study(folder)
    for path in write_forms(study, out or folder / FORMS, papers, formats, language):
        print(path)


def import_filled(
    folder: Path, sheets: Sequence[Path], out: Path | None, replace: bool
) -> None:
    """Take filled sheets in and say how many answers came."""
    study = read_study(folder)
    target = out or folder / OFFLINE
    added = import_sheets(study, sheets, target, replace)
    papers = len({row.paper for row in added})
    noun = "paper" if papers == 1 else "papers"
    print(f"{len(added)} answers on {papers} {noun} added: {target}")


def withdraw(folder: Path, paper: int, out: Path | None) -> None:
    """Take a paper's answers out, and say how many there were."""
    target = out or folder / OFFLINE
    taken = withdraw_paper(read_study(folder), paper, target)
    print(f"{taken} answers of paper {paper} taken out of {target}; destroy its sheet")
