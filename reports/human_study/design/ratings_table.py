"""The ratings of a study as a tidy CSV with one row per answer."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import AwareDatetime, Field, ValidationError, model_validator

from benchmark.storage.csv_reader import CsvError, read_csv
from benchmark.storage.store import atomic_write
from reports.human_study.design.study import (
    Assignment,
    FrozenModel,
    Kind,
    Study,
    StudyError,
)

if TYPE_CHECKING:
    import pandas as pd

Source = Literal["site", "offline", "simulated"]
RATINGS_FOLDER = "ratings"
OLD_RATINGS_FOLDER = "judgements"
"""Deprecated name of the ratings folder. It is still read."""
OLD_COLUMNS = {"paper": "assignment"}
"""Deprecated column names. They are still read."""


class Rating(FrozenModel):
    """One participant's answer to one trial.

    `participant` is a random id and `assignment` the index for `Study.assignment`.
    `position` and `slot` count from 1. `order` holds the picture ids as shown. A tie
    has neither `chosen` nor `slot`. Times are in UTC; printed sheets have none.
    """

    study: str
    participant: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    assignment: int = Field(ge=0)
    position: int = Field(ge=1)
    trial: str
    kind: Kind
    face: str
    engine: str
    order: tuple[str, ...]
    chosen: str | None
    slot: int | None
    tie: bool
    rt_ms: int | None = Field(ge=0)
    shown_at: AwareDatetime | None
    answered_at: AwareDatetime | None
    revisions: int = Field(ge=0)
    language: str
    consent_version: str
    source: Source

    @model_validator(mode="after")
    def _check_answer(self) -> Rating:
        if self.tie != (self.chosen is None) or self.tie != (self.slot is None):
            raise ValueError("only a tie has no chosen picture and no slot")
        if self.slot is not None and self.order[self.slot - 1 : self.slot] != (
            self.chosen,
        ):
            raise ValueError(f"{self.chosen} is not in slot {self.slot}")
        timed = None not in (self.rt_ms, self.shown_at, self.answered_at)
        if not timed and self.source != "offline":
            raise ValueError("only offline answers may have no times")
        return self

    def to_row(self) -> dict[str, str]:
        """The CSV row, with every value as text."""
        times = {name: _time(getattr(self, name)) for name in TIMES}
        plain = {name: getattr(self, name) for name in COLUMNS if name not in times}
        row = {name: "" if v is None else str(v) for name, v in plain.items()}
        order = {"order": " ".join(self.order), "tie": str(self.tie).lower()}
        return {name: {**row, **times, **order}[name] for name in COLUMNS}


COLUMNS = tuple(Rating.model_fields)
TIMES = ("shown_at", "answered_at")
_MAY_BE_EMPTY = ("chosen", "slot", "rt_ms", *TIMES)


def _time(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat(timespec="milliseconds")


def rating_files(study: Path) -> tuple[Path, ...]:
    """The rating files (CSV) in a study's folder by path. Hidden files are ignored."""
    folders = (RATINGS_FOLDER, OLD_RATINGS_FOLDER)
    found = (path for name in folders for path in (study / name).glob("*.csv"))
    return tuple(sorted(path for path in found if not path.name.startswith(".")))


def offline_ratings(study: Path) -> Path:
    """Where ratings from filled sheets are stored in a study's folder."""
    old = study / OLD_RATINGS_FOLDER
    return (old if old.is_dir() else study / RATINGS_FOLDER) / "offline.csv"


def ratings_csv(rows: Iterable[Rating]) -> str:
    """Ratings as CSV text with a header line."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(row.to_row() for row in rows)
    return text.getvalue()


def write_ratings(rows: Iterable[Rating], path: Path) -> None:
    """Write ratings atomically."""
    atomic_write(path, ratings_csv(rows).encode())


def read_ratings(paths: Path | Sequence[Path], study: Study) -> pd.DataFrame:
    """Read one or more rating files as a table and check them against the study.

    The columns are those of the CSV. `order` is a tuple of picture ids, `slot` and
    `rt_ms` are Int64 (missing if empty), and times are UTC timestamps. Raises
    StudyError with file and line if a row contradicts the study, or if a participant
    answers a trial twice.
    """
    import pandas as pd

    rows = parse_ratings(paths, study)
    table = pd.DataFrame([row.model_dump() for row in rows], columns=list(COLUMNS))
    for name in ("slot", "rt_ms"):
        table[name] = table[name].astype("Int64")
    for name in ("assignment", "position", "revisions"):
        table[name] = table[name].astype("int64")
    table["tie"] = table["tie"].astype(bool)
    for name in TIMES:
        table[name] = pd.to_datetime(table[name], utc=True)
    return table


def parse_ratings(paths: Path | Sequence[Path], study: Study) -> tuple[Rating, ...]:
    """Like `read_ratings`, but returns the rows as `Rating` objects."""
    checker = _RowChecker(study)
    several = [paths] if isinstance(paths, Path) else paths
    return tuple(row for path in several for row in _read_rows(path, checker))


def _read_rows(path: Path, checker: _RowChecker) -> Iterator[Rating]:
    for line, fields in read_table(path, COLUMNS):
        try:
            yield checker.check(fields, f"{path} line {line}")
        except ValueError as error:
            raise StudyError(f"{path} line {line}: {error}") from None


def read_table(
    path: Path, columns: Sequence[str]
) -> Iterator[tuple[int, Mapping[str, str]]]:
    """The rows of a CSV with these columns, in any order, with their line numbers.

    Deprecated column names are replaced. Raises StudyError if the file cannot be read
    or has other columns.
    """
    try:
        table = read_csv(path)
    except CsvError as error:
        raise StudyError(str(error)) from None
    names = [OLD_COLUMNS.get(name, name) for name in table.header]
    if sorted(names) != sorted(columns):
        raise StudyError(f"{path}: the columns must be {','.join(columns)}")
    for line, cells in table.rows:
        fields = dict(zip(names, cells.values(), strict=True))
        yield line, {name: fields[name] for name in columns}


class _RowChecker:
    """Parses rows and checks each against the study and the rows before it."""

    def __init__(self, study: Study) -> None:
        self._study = study
        self._assignments: dict[int, Assignment] = {}
        self._assignment_of: dict[str, int] = {}
        self._seen: dict[tuple[str, str], str] = {}

    def check(self, fields: Mapping[str, str], place: str) -> Rating:
        """The checked rating of a row; raises ValueError if it is invalid.

        `place` names the row in the message of a later row with the same answer.
        """
        rating = _parsed(fields)
        self._check_design(rating)
        first = self._assignment_of.setdefault(rating.participant, rating.assignment)
        if first != rating.assignment:
            raise ValueError(
                f"participant {rating.participant} has assignment {first} in earlier "
                f"rows, but {rating.assignment} here"
            )
        answer = (rating.participant, rating.trial)
        first_place = self._seen.setdefault(answer, place)
        if first_place != place:
            raise ValueError(
                f"participant {rating.participant} answers trial {rating.trial}, as in "
                f"{first_place}; keep one of the two rows"
            )
        return rating

    def _check_design(self, row: Rating) -> None:
        study = self._study
        if row.study != study.id:
            raise ValueError(
                f"the row belongs to study {row.study}, but this is {study.id}"
            )
        if row.trial not in study.by_trial:
            raise ValueError(f"the study has no trial {row.trial}")
        number = row.assignment
        if number not in self._assignments:
            self._assignments[number] = study.assignment(number)
        shown = self._assignments[number].by_trial[row.trial]
        trial = shown.trial
        expected = {
            "position": shown.position,
            "kind": trial.kind,
            "face": trial.face,
            "engine": trial.engine,
            "order": shown.order,
            "consent_version": study.consent.version,
        }
        for name, value in expected.items():
            if getattr(row, name) != value:
                wanted = " ".join(value) if isinstance(value, tuple) else value
                raise ValueError(f"{name} must be {wanted}, as in assignment {number}")
        if row.language not in study.languages:
            raise ValueError(f"the study has no language {row.language}")
        if row.tie and not study.settings.tie:
            raise ValueError("the study allows no tie")


def _parsed(fields: Mapping[str, str]) -> Rating:
    data: dict[str, object] = dict(fields)
    data["order"] = tuple(fields["order"].split())
    for name in _MAY_BE_EMPTY:
        data[name] = fields[name] or None
    try:
        return Rating.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        what = str(first["msg"]).removeprefix("Value error, ")
        raise ValueError(f"{where}: {what}" if where else what) from None
