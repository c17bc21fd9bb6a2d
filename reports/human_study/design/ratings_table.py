"""Judgements: one row for each answer of a study, in one tidy CSV, whoever asked."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import AwareDatetime, Field, ValidationError, model_validator

from benchmark.storage.store import atomic_write
from reports.human_study.design.study import Kind, Paper, Part, Study, StudyError

if TYPE_CHECKING:
    import pandas as pd

Source = Literal["site", "offline", "simulated"]


class Judgement(Part):
    """One participant's answer to one trial.

    `participant` is an opaque id, `paper` the index that `Study.paper` takes,
    `position` and `slot` count from 1, `order` holds the pictures as presented. A tie
    has neither `chosen` nor `slot`. Times are in UTC; sheets of paper have none.
    """

    study: str
    participant: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    paper: int = Field(ge=0)
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
    def _one_answer(self) -> Judgement:
        if self.tie != (self.chosen is None) or self.tie != (self.slot is None):
            raise ValueError("a tie, and nothing else, has no chosen picture and slot")
        if self.slot is not None and self.order[self.slot - 1 : self.slot] != (
            self.chosen,
        ):
            raise ValueError(f"{self.chosen} does not stand in slot {self.slot}")
        timed = None not in (self.rt_ms, self.shown_at, self.answered_at)
        if not timed and self.source != "offline":
            raise ValueError("only offline answers may lack times")
        return self

    def to_row(self) -> dict[str, str]:
        """The row of the CSV, every value as text."""
        times = {name: _time(getattr(self, name)) for name in TIMES}
        plain = {name: getattr(self, name) for name in COLUMNS if name not in times}
        row = {name: "" if v is None else str(v) for name, v in plain.items()}
        order = {"order": " ".join(self.order), "tie": str(self.tie).lower()}
        return {name: {**row, **times, **order}[name] for name in COLUMNS}


COLUMNS = tuple(Judgement.model_fields)
TIMES = ("shown_at", "answered_at")
_MAY_BE_EMPTY = ("chosen", "slot", "rt_ms", *TIMES)


def _time(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat(timespec="milliseconds")


def judgements_csv(rows: Iterable[Judgement]) -> str:
    """Judgements as CSV text, with a head."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(row.to_row() for row in rows)
    return text.getvalue()


def write_judgements(rows: Iterable[Judgement], path: Path) -> None:
    """Write judgements whole or not at all."""
    atomic_write(path, judgements_csv(rows).encode())


def read_judgements(paths: Path | Sequence[Path], study: Study) -> pd.DataFrame:
    """Judgements of one or more files as a table, checked against the study.

    The columns are those of the CSV.
    `order` is a tuple of picture ids, `slot` and `rt_ms` are Int64 (missing where
    empty), times are UTC timestamps. Raises StudyError with file and line where a row
    does not fit the study, or a participant answers a trial twice.
    """
    import pandas as pd

    rows = parse_judgements(paths, study)
    table = pd.DataFrame([row.model_dump() for row in rows], columns=list(COLUMNS))
    for name in ("slot", "rt_ms"):
        table[name] = table[name].astype("Int64")
    for name in ("paper", "position", "revisions"):
        table[name] = table[name].astype("int64")
    table["tie"] = table["tie"].astype(bool)
    for name in TIMES:
        table[name] = pd.to_datetime(table[name], utc=True)
    return table


def parse_judgements(
    paths: Path | Sequence[Path], study: Study
) -> tuple[Judgement, ...]:
    """The rows of `read_judgements` as they are."""
    check = _Check(study)
    several = [paths] if isinstance(paths, Path) else paths
    return tuple(row for path in several for row in _rows(path, check))


def _rows(path: Path, check: _Check) -> Iterator[Judgement]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise StudyError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise StudyError(f"{path} is not UTF-8 text; save it as CSV (UTF-8)") from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise StudyError(f"{path}: the columns must be {','.join(COLUMNS)}")
        for fields in reader:
            yield check.row(fields)
    except StudyError:
        raise
    except (ValueError, csv.Error) as error:
        raise StudyError(f"{path} line {reader.line_num}: {error}") from None


class _Check:
    """Reads rows one by one and remembers what came before."""

    def __init__(self, study: Study) -> None:
        self._study = study
        self._papers: dict[int, Paper] = {}
        self._paper_of: dict[str, int] = {}
        self._seen: set[tuple[str, str]] = set()

    def row(self, fields: Mapping[str | None, str | None]) -> Judgement:
        """A checked judgement; raises ValueError with what is wrong."""
        if None in fields or None in fields.values():
            raise ValueError(f"expected {len(COLUMNS)} fields")
        judgement = _parsed({str(k): str(v) for k, v in fields.items()})
        self._fits(judgement)
        first = self._paper_of.setdefault(judgement.participant, judgement.paper)
        if first != judgement.paper:
            raise ValueError(
                f"participant {judgement.participant} had paper {first} before, here "
                f"{judgement.paper}"
            )
        answer = (judgement.participant, judgement.trial)
        if answer in self._seen:
            raise ValueError(
                f"participant {judgement.participant} answers trial {judgement.trial} "
                "a second time; keep one of the two rows"
            )
        self._seen.add(answer)
        return judgement

    def _fits(self, row: Judgement) -> None:
        study = self._study
        if row.study != study.id:
            raise ValueError(f"is of the study {row.study}, this one is {study.id}")
        if row.trial not in study.by_trial:
            raise ValueError(f"the study has no trial {row.trial}")
        paper = self._papers.setdefault(row.paper, study.paper(row.paper))
        shown = paper.by_trial[row.trial]
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
                raise ValueError(
                    f"{name} must be {wanted}, as paper {row.paper} shows it"
                )
        if row.language not in study.languages:
            raise ValueError(f"the study has no language {row.language}")
        if row.tie and not study.settings.tie:
            raise ValueError("the study allows no tie")


def _parsed(fields: Mapping[str, str]) -> Judgement:
    data: dict[str, object] = dict(fields)
    data["order"] = tuple(fields["order"].split())
    for name in _MAY_BE_EMPTY:
        data[name] = fields[name] or None
    try:
        return Judgement.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        what = str(first["msg"]).removeprefix("Value error, ")
        raise ValueError(f"{where}: {what}" if where else what) from None
