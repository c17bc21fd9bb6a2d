"""Answer sheets: the CSV that offline forms save and people fill in, and its import."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pydantic import Field, ValidationError

from benchmark.storage.store import atomic_write
from reports.human_study.design.ratings_table import (
    Judgement,
    parse_judgements,
    write_judgements,
)
from reports.human_study.design.study import Paper, Part, Study, StudyError

TIE = "tie"
YES = "yes"


class Answer(Part):
    """One line of a sheet: what a rater said to the n-th face of a paper.

    `answer` is a letter, the number of a slot, "tie", or nothing where the rater left
    the face out. Sheets of paper have no times. Faces go by their position and not by
    their ids, as spreadsheets take some ids for numbers.
    """

    study: str
    paper: int = Field(ge=0)
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
    """A slot (from 1) as raters see it: a capital letter."""
    return chr(ord("A") + slot - 1)


def blank_sheet(study: Study, index: int, language: str) -> str:
    """An answer sheet to fill in by hand, as CSV text: `consent` and `answer`."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for shown in study.paper(index).shown:
        head = (study.id, index, language, "", study.consent.version)
        writer.writerow((*head, shown.position, "", "", "", "", 0))
    return text.getvalue()


def import_sheets(
    study: Study, sheets: Sequence[Path], out: Path, replace: bool = False
) -> list[Judgement]:
    """Add filled sheets to the judgements in `out`, all of them or none.

    Gives what was added. Raises StudyError for a sheet that does not fit the study or
    lacks the consent, for a paper that was imported before unless `replace`, for one
    whose rater has withdrawn, and where no sheet holds an answer.
    """
    added: dict[int, list[Judgement]] = {}
    for path in sheets:
        found = read_sheet(path, study)
        if found and found[0].paper in added:
            raise StudyError(
                f"{path} is a second sheet of paper {found[0].paper}; give one of them"
            )
        if found:
            added[found[0].paper] = found
    if not added:
        raise StudyError(
            f"{', '.join(map(str, sheets))}: no answer in it; type a letter a face "
            "into the column answer"
        )
    gone = sorted(_withdrawn(out) & set(added))
    if gone:
        raise StudyError(
            f"the rater of paper {', '.join(map(str, gone))} has withdrawn, so its "
            "sheet must not be imported: destroy it"
        )
    before = parse_judgements(out, study) if out.exists() else ()
    again = sorted({row.paper for row in before} & set(added))
    if again and not replace:
        raise StudyError(
            f"{out} holds answers to paper {', '.join(map(str, again))} already; give "
            "--replace to take the new ones, or hand each rater a paper of their own"
        )
    kept = [row for row in before if row.paper not in added]
    new = [row for rows in added.values() for row in rows]
    _write(out, [*kept, *new])
    return new


def withdraw_paper(study: Study, index: int, out: Path) -> int:
    """Take a paper's answers out of `out` for good; how many there were.

    The paper is noted beside `out`, so that its sheet cannot be imported again.
    """
    before = parse_judgements(out, study) if out.exists() else ()
    kept = [row for row in before if row.paper != index]
    _write(out, kept)
    papers = sorted(_withdrawn(out) | {index})
    atomic_write(_note(out), "".join(f"{paper}\n" for paper in papers).encode())
    return len(before) - len(kept)


def _note(out: Path) -> Path:
    """Where the papers of those stand who withdrew: a number a line."""
    return out.with_suffix(".withdrawn")


def _withdrawn(out: Path) -> set[int]:
    note = _note(out)
    return set(map(int, note.read_text().split())) if note.exists() else set()


def _write(out: Path, rows: Sequence[Judgement]) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_judgements(rows, out)
    except OSError as error:
        raise StudyError(f"cannot write to {out}: {error.strerror}") from error


def read_sheet(path: Path, study: Study) -> list[Judgement]:
    """A filled sheet as judgements; faces without an answer are left out.

    Columns may be divided by commas or semicolons. Raises StudyError naming file and
    line.
    """
    answers = _answers(path)
    if not answers:
        raise StudyError(f"{path} holds no answers; fill a sheet of `study forms` in")
    first = answers[0][1]
    if first.study != study.id:
        raise StudyError(f"{path} is of the study {first.study}, this is {study.id}")
    if first.consent.strip().lower() != YES:
        raise StudyError(
            f"{path}: the consent is not given (expected {YES} in the first line), so "
            "its answers cannot be used"
        )
    if first.language not in study.languages:
        raise StudyError(f"{path}: the study has no language {first.language}")
    return _judged(path, study, answers)


def _judged(
    path: Path, study: Study, answers: Iterable[tuple[int, Answer]]
) -> list[Judgement]:
    """Every answer that was given; the sheet is of one paper, each face once."""
    found: dict[int, Judgement | None] = {}
    paper: Paper | None = None
    for line, answer in answers:
        paper = paper or study.paper(answer.paper)
        try:
            if answer.paper != paper.index:
                raise ValueError(f"is of paper {answer.paper}, not {paper.index}")
            if answer.position in found:
                raise ValueError(f"answers face {answer.position} a second time")
            found[answer.position] = _judgement(study, paper, answer)
        except ValueError as error:
            raise StudyError(f"{path} line {line}: {error}") from None
    return [row for row in found.values() if row is not None]


def _judgement(study: Study, paper: Paper, answer: Answer) -> Judgement | None:
    """An answer with all that the paper says about its face; None where left out."""
    if answer.position > len(paper.shown):
        raise ValueError(f"paper {paper.index} has {len(paper.shown)} faces")
    if answer.consent_version != study.consent.version:
        raise ValueError(
            f"consent_version must be {study.consent.version}, as in the study"
        )
    shown = paper.shown[answer.position - 1]
    slot = _slot(answer.answer, study)
    if slot is None:
        return None
    try:
        return Judgement(
            study=study.id,
            participant=f"offline-{paper.index}",
            paper=paper.index,
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
        raise ValueError(_first(error)) from None


def _times(answer: Answer) -> dict:
    """The times of an answer, where the form took them."""
    names = ("rt_ms", "shown_at", "answered_at")
    return {name: getattr(answer, name).strip() or None for name in names}


def _slot(text: str, study: Study) -> int | None:
    """A slot from 1, 0 for a tie, None for no answer."""
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
            f"answer must be one letter of A to {letter(study.slots)}{also}, or "
            f"nothing; got {word}"
        )
    return names[word.upper()]


def _answers(path: Path) -> list[tuple[int, Answer]]:
    """The lines of a sheet with their numbers."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise StudyError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise StudyError(f"{path} is not UTF-8 text; save it as CSV (UTF-8)") from None
    divider = ";" if ";" in text.partition("\n")[0] else ","
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=divider)
    try:
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise ValueError(f"the columns must be {','.join(COLUMNS)}")
        return [(reader.line_num, _answer(fields)) for fields in reader]
    except (ValueError, csv.Error) as error:
        raise StudyError(f"{path} line {reader.line_num}: {error}") from None


def _answer(fields: Mapping[str | None, str | None]) -> Answer:
    if None in fields or None in fields.values():
        raise ValueError(f"expected {len(COLUMNS)} fields")
    try:
        return Answer.model_validate(fields)
    except ValidationError as error:
        raise ValueError(_first(error)) from None


def _first(error: ValidationError) -> str:
    """The first thing that is wrong, in one phrase."""
    item = error.errors()[0]
    return f"{'.'.join(map(str, item['loc']))}: {item['msg']}"
