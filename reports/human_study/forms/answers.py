"""Answer sheets: the CSV that offline forms save, and its import as ratings."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import Field, ValidationError

from benchmark.avatars.counting import counted
from benchmark.storage.store import atomic_write
from benchmark.storage.unwritable import cannot_write
from reports.human_study.design.ratings_table import (
    Rating,
    parse_ratings,
    read_table,
    write_ratings,
)
from reports.human_study.design.study import (
    Assignment,
    FrozenModel,
    Study,
    StudyError,
)

TIE = "tie"
YES = "yes"


class Answer(FrozenModel):
    """One line of a sheet: a rater's answer to the n-th face of an assignment.

    `answer` is a letter, a slot number, "tie", or empty if the face has no answer.
    Printed sheets have no times. Faces are given by position, because spreadsheets
    convert some ids to numbers.
    """

    study: str
    assignment: int = Field(ge=0)
    language: str
    consent: str
    consent_version: str
    position: int = Field(ge=1)
    answer: str
    rt_ms: str
    shown_at: str
    answered_at: str
    revisions: int = Field(ge=0)


COLUMNS = tuple(Answer.model_fields)


def letter(slot: int) -> str:
    """A slot (from 1) as raters see it: 1 is A, 2 is B."""
    return chr(ord("A") + slot - 1)


def blank_sheet(study: Study, index: int, language: str) -> str:
    """A blank answer sheet as CSV text. Raters fill in `consent` and `answer`."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for shown in study.assignment(index).shown:
        head = (study.id, index, language, "", study.consent.version)
        writer.writerow((*head, shown.position, "", "", "", "", 0))
    return text.getvalue()


def import_sheets(
    study: Study, sheets: Sequence[Path], out: Path, replace: bool = False
) -> list[Rating]:
    """Add filled sheets to the ratings in `out`, all of them or none.

    Returns the added ratings. Raises StudyError if a sheet contradicts the study or
    lacks the consent, if its assignment was imported before (unless `replace`), if its
    rater has withdrawn, or if no sheet holds an answer.
    """
    added: dict[int, list[Rating]] = {}
    for path in sheets:
        rows = read_sheet(path, study)
        if rows and rows[0].assignment in added:
            raise StudyError(
                f"{path} is a second sheet of assignment {rows[0].assignment}; import "
                "only one of them"
            )
        if rows:
            added[rows[0].assignment] = rows
    if not added:
        raise StudyError(
            f"{', '.join(map(str, sheets))}: no answers; fill in one letter per face "
            "in the column answer"
        )
    gone = sorted(_withdrawn(out) & set(added))
    if gone:
        raise StudyError(
            f"the rater of assignment {', '.join(map(str, gone))} has withdrawn; do "
            "not import the sheet, destroy it"
        )
    before = parse_ratings(out, study) if out.exists() else ()
    again = sorted({row.assignment for row in before} & set(added))
    if again and not replace:
        raise StudyError(
            f"{out} already holds answers to assignment {', '.join(map(str, again))}; "
            "use --replace to replace them, or give each rater a different assignment"
        )
    kept = [row for row in before if row.assignment not in added]
    new = [row for rows in added.values() for row in rows]
    _write(out, [*kept, *new])
    return new


def withdraw_assignment(study: Study, index: int, out: Path) -> int:
    """Delete the answers of an assignment from `out` and return how many there were.

    The assignment is listed next to `out`, so that its sheet is not imported again.
    """
    before = parse_ratings(out, study) if out.exists() else ()
    kept = [row for row in before if row.assignment != index]
    _write(out, kept)
    numbers = sorted(_withdrawn(out) | {index})
    text = "".join(f"{number}\n" for number in numbers)
    atomic_write(_withdrawn_file(out), text.encode())
    return len(before) - len(kept)


def _withdrawn_file(out: Path) -> Path:
    """The file that lists the assignments of withdrawn raters, one number a line."""
    return out.with_suffix(".withdrawn")


def _withdrawn(out: Path) -> set[int]:
    path = _withdrawn_file(out)
    return set(map(int, path.read_text().split())) if path.exists() else set()


def _write(out: Path, rows: Sequence[Rating]) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_ratings(rows, out)
    except OSError as error:
        raise StudyError(
            cannot_write(out, error, "choose another file with --out")
        ) from error


def read_sheet(path: Path, study: Study) -> list[Rating]:
    """Read a filled sheet as ratings. Faces without an answer are skipped.

    Blank rows, empty columns and other separators of spreadsheets are accepted. Raises
    StudyError with file and line if the sheet is invalid.
    """
    answers = _read_answers(path)
    if not answers:
        raise StudyError(f"{path} holds no answers; fill in a sheet of `study forms`")
    first = answers[0][1]
    if first.study != study.id:
        raise StudyError(
            f"{path} belongs to study {first.study}, but this is {study.id}"
        )
    if first.consent.strip().lower() != YES:
        raise StudyError(
            f"{path}: the consent is missing (expected {YES} in the first line), so "
            "the answers cannot be used"
        )
    if first.language not in study.languages:
        raise StudyError(f"{path}: the study has no language {first.language}")
    return _to_ratings(path, study, answers)


def _to_ratings(
    path: Path, study: Study, answers: Iterable[tuple[int, Answer]]
) -> list[Rating]:
    """The given answers. Checks for one assignment and one line per face."""
    ratings: dict[int, Rating | None] = {}
    assignment: Assignment | None = None
    for line, answer in answers:
        assignment = assignment or study.assignment(answer.assignment)
        try:
            if answer.assignment != assignment.index:
                raise ValueError(
                    f"belongs to assignment {answer.assignment}, not {assignment.index}"
                )
            if answer.position in ratings:
                raise ValueError(f"answers face {answer.position} twice")
            ratings[answer.position] = _rating(study, assignment, answer)
        except ValueError as error:
            raise StudyError(f"{path} line {line}: {error}") from None
    return [row for row in ratings.values() if row is not None]


def _rating(study: Study, assignment: Assignment, answer: Answer) -> Rating | None:
    """The rating of an answer; None if the face has no answer."""
    if answer.position > len(assignment.shown):
        raise ValueError(
            f"assignment {assignment.index} has "
            f"{counted(len(assignment.shown), 'face')}"
        )
    if answer.consent_version != study.consent.version:
        raise ValueError(
            f"consent_version must be {study.consent.version}, as in the study"
        )
    shown = assignment.shown[answer.position - 1]
    slot = _slot(answer.answer, study)
    if slot is None:
        return None
    try:
        return Rating(
            study=study.id,
            participant=f"offline-{assignment.index}",
            assignment=assignment.index,
            position=shown.position,
            trial=shown.trial.id,
            kind=shown.trial.kind,
            face=shown.trial.face,
            engine=shown.trial.engine,
            order=shown.order,
            chosen=shown.order[slot - 1] if slot else None,
            slot=slot or None,
            tie=slot == 0,
            language=answer.language,
            consent_version=answer.consent_version,
            revisions=answer.revisions,
            source="offline",
            **_times(answer),
        )
    except ValidationError as error:
        raise ValueError(_first_problem(error)) from None


def _times(answer: Answer) -> dict:
    """The times of an answer, None where the form did not measure them."""
    names = ("rt_ms", "shown_at", "answered_at")
    return {name: getattr(answer, name).strip() or None for name in names}


def _slot(text: str, study: Study) -> int | None:
    """The slot from 1; 0 for a tie, None for no answer."""
    word = text.strip()
    if not word:
        return None
    if word.lower() == TIE and study.settings.tie:
        return 0
    names = {letter(slot): slot for slot in range(1, study.slots + 1)}
    names |= {str(slot): slot for slot in names.values()}
    if word.upper() not in names:
        also = f", or {TIE}" if study.settings.tie else ""
        raise ValueError(
            f"answer must be a letter from A to {letter(study.slots)}{also}, or empty; "
            f"got {word}"
        )
    return names[word.upper()]


def _read_answers(path: Path) -> list[tuple[int, Answer]]:
    """The lines of a sheet with their line numbers."""
    answers: list[tuple[int, Answer]] = []
    for line, fields in read_table(path, COLUMNS):
        try:
            answers.append((line, Answer.model_validate(fields)))
        except ValidationError as error:
            raise StudyError(f"{path} line {line}: {_first_problem(error)}") from None
    return answers


def _first_problem(error: ValidationError) -> str:
    """The first problem, as one phrase."""
    item = error.errors()[0]
    return f"{'.'.join(map(str, item['loc']))}: {item['msg']}"
