"""A study's answers, opened: who picked which method, and whose answers count."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from pydantic import Field, ValidationError

from evaluation.ratings import (
    ExclusionRule,
    Picks,
    Screening,
    Ties,
    count_picks,
    screen,
)
from reports.human_study.design.key import Key, read_key
from reports.human_study.design.ratings_table import read_judgements
from reports.human_study.design.study import (
    AGAIN,
    EXCLUSIONS_FILE,
    Part,
    Study,
    check_file,
    read_study,
)
from reports.human_study.site.withdrawn import withdrawn_people
from reports.tables.scores import HEADLINE
from reports.trials import ReportError

JUDGEMENTS = "judgements"
"""The folder in a study's where judgements lie unless other files are named."""


class AnalysisRule(Part):
    """`exclusions.yaml`: whose answers count, and what a tie counts."""

    max_failed_catches: int = Field(ge=0)
    min_median_seconds: float = Field(ge=0)
    min_finished: float = Field(ge=0, le=1)
    ties: Ties

    @property
    def exclusion(self) -> ExclusionRule:
        """Whose answers do not count."""
        return ExclusionRule(
            self.max_failed_catches, self.min_median_seconds, self.min_finished
        )


@dataclass(frozen=True, eq=False)
class Answers:
    """A study's judgements with its key.

    `rows` are the tidy judgements, with methods for pictures: `chosen` and `order` hold
    variants' names; of catch trials, whose pictures are no method's, they hold `right`
    and `wrong`. Added are `right` (of catch trials), `seconds` and `counts`: whether
    the rater's answers count. `digest` is that of the files they were read from.
    """

    study: Study
    key: Key
    rule: AnalysisRule
    rows: pd.DataFrame
    screening: tuple[Screening, ...]
    digest: str

    @property
    def counted(self) -> tuple[Screening, ...]:
        """Raters whose answers count."""
        return tuple(rater for rater in self.screening if rater.counts)

    @property
    def excluded(self) -> tuple[Screening, ...]:
        """Raters whose answers do not count."""
        return tuple(rater for rater in self.screening if not rater.counts)

    @property
    def faces(self) -> int:
        """How many faces are judged; catch trials may show further ones."""
        trials = self.study.trials
        return len({trial.face for trial in trials if trial.kind == "judgement"})

    @cached_property
    def engines(self) -> tuple[str, ...]:
        """The study's engines with a judgement that counts."""
        there = [
            engine for engine in self.study.engines if self.picks(engine).decided.any()
        ]
        if not there:
            raise ReportError(
                f"{self.study.folder}: no judgement counts: of {len(self.screening)} "
                f"raters {len(self.excluded)} are excluded by {EXCLUSIONS_FILE}; "
                "collect more answers. No study, no Table 2"
            )
        return tuple(there)

    @cached_property
    def metrics(self) -> tuple[str, ...]:
        """The metrics of the key, those of Table 1 first."""
        first = [name for name in HEADLINE if name in self.key.metrics]
        return (*first, *(name for name in self.key.metrics if name not in first))

    def of(self, kind: str, engine: str) -> pd.DataFrame:
        """The rows of one kind and engine that count."""
        rows = self.rows
        chosen = (rows["kind"] == kind) & (rows["engine"] == engine) & rows["counts"]
        return rows.loc[chosen]

    def picks(self, engine: str) -> Picks:
        """The judgements of an engine that count."""
        rows = self.of("judgement", engine)
        return count_picks(rows, tuple(self.key.methods), self.rule.ties)


def read_answers(folder: Path, files: Sequence[Path] = ()) -> Answers:
    """Read a study and its judgements, from FOLDER/judgements/*.csv unless named.

    Raises ReportError where there is nothing to report, answers are simulated or their
    rater has withdrawn, and StudyError where a file is not what the study says.
    """
    study = read_study(folder)
    paths = tuple(files) or tuple(sorted((folder / JUDGEMENTS).glob("*.csv")))
    if not paths:
        raise ReportError(
            f"{folder / JUDGEMENTS} holds no judgements (*.csv): export them from the "
            "site, import filled forms, or name files with --judgements. No study, no "
            "Table 2"
        )
    rows = read_judgements(paths, study)
    _refuse_simulated(study, rows)
    _refuse_withdrawn(study, rows)
    if not len(rows):
        raise ReportError(
            f"{', '.join(map(str, paths))}: no judgement in it. No study, no Table 2"
        )
    key, rule = read_key(study), read_rule(study)
    opened = _open(rows, key)
    found = screen(opened, len(study.trials), rule.exclusion)
    fine = [rater.participant for rater in found if rater.counts]
    opened["counts"] = opened["participant"].isin(fine)
    return Answers(study, key, rule, opened, found, _digest(paths))


def read_rule(study: Study) -> AnalysisRule:
    """The rule that was frozen with the study; raises StudyError for another one."""
    path = study.folder / EXCLUSIONS_FILE
    check_file(study, EXCLUSIONS_FILE, path)
    try:
        return AnalysisRule.model_validate(
            yaml.safe_load(path.read_text(encoding="utf-8"))
        )
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise ReportError(f"{path}: {where}: {first['msg']}; {AGAIN}") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise ReportError(f"{path} is not readable YAML; {AGAIN}") from None


def _refuse_simulated(study: Study, rows: pd.DataFrame) -> None:
    simulated = list(rows["source"]).count("simulated")
    if study.simulated or simulated:
        what = "the study is" if study.simulated else f"{simulated} judgements are"
        raise ReportError(
            f"{study.folder}: {what} simulated, and no report prints simulated answers "
            "as a result; collect people's, or ask `avatarbench study power` what "
            "simulations say"
        )


def _refuse_withdrawn(study: Study, rows: pd.DataFrame) -> None:
    """Everybody was promised that they can withdraw from results yet to come."""
    gone = sorted(withdrawn_people(study.folder) & set(rows["participant"]))
    if gone:
        raise ReportError(
            f"{study.folder}: judgements hold answers of people who have withdrawn "
            f"since ({', '.join(gone)}); save them from the site again and delete the "
            "older file"
        )


def _open(rows: pd.DataFrame, key: Key) -> pd.DataFrame:
    """Put methods in the place of pictures, and add times in seconds."""
    names = [_names(key, trial) for trial in rows["trial"]]
    orders = zip(names, rows["order"], strict=True)
    choices = zip(names, rows["chosen"], strict=True)
    chosen = ["" if pd.isna(pick) else named(pick) for named, pick in choices]
    catches = rows["kind"] == "catch"
    return rows.assign(
        order=[tuple(map(named, order)) for named, order in orders],
        chosen=chosen,
        right=[
            pick == "right" if catch else None
            for pick, catch in zip(chosen, catches, strict=True)
        ],
        seconds=rows["rt_ms"].to_numpy(dtype=np.float64, na_value=np.nan) / 1000,
        face=[key.faces[face] for face in rows["face"]],
    )


def _names(key: Key, trial: str) -> Callable[[str], str]:
    """What the pictures of a trial are called: by their method, or right and wrong."""
    right = key.catches.get(trial)
    if right is None:
        return key.pictures.__getitem__
    return lambda picture: "right" if picture == right else "wrong"


def _digest(paths: Sequence[Path]) -> str:
    """SHA-256 (hex) of the files' contents, one after another."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()
