"""Reads a study's ratings and applies its key and its exclusion rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from pydantic import Field, ValidationError

from benchmark.avatars.counting import counted
from benchmark.storage.digests import bytes_digest
from evaluation.ratings import (
    ExclusionRule,
    Picks,
    Screening,
    Ties,
    count_picks,
    screen,
)
from reports.human_study.design.key import Key, read_key
from reports.human_study.design.ratings_table import (
    RATINGS_FOLDER,
    rating_files,
    read_ratings,
)
from reports.human_study.design.study import (
    EXCLUSIONS_FILE,
    REMEDY,
    FrozenModel,
    Study,
    check_file,
    read_study,
)
from reports.human_study.site.withdrawn import withdrawn_people
from reports.tables.scores import HEADLINE
from reports.trials import ReportError

TABLE_2_NEEDS = "Table 2 needs at least one included rating"


class AnalysisRule(FrozenModel):
    """`exclusions.yaml`: which raters are excluded, and how ties are counted."""

    max_failed_catches: int = Field(ge=0)
    min_median_seconds: float = Field(ge=0)
    min_finished: float = Field(ge=0, le=1)
    ties: Ties

    @property
    def exclusion(self) -> ExclusionRule:
        """The rule without the handling of ties."""
        return ExclusionRule(
            self.max_failed_catches, self.min_median_seconds, self.min_finished
        )


@dataclass(frozen=True, eq=False)
class Answers:
    """A study's ratings with its key.

    `rows` is the table of ratings with methods in place of pictures: `chosen` and
    `order` hold variant names, or "right" and "wrong" for catch trials. Its added
    columns are `right` (for catch trials), `seconds`, and `counts`: whether the rater
    is included. `digest` is that of the rating files. `simulated` says that no person
    rated anything.
    """

    study: Study
    key: Key
    rule: AnalysisRule
    rows: pd.DataFrame
    screening: tuple[Screening, ...]
    digest: str
    simulated: bool = False

    @property
    def counted(self) -> tuple[Screening, ...]:
        """The included raters."""
        return tuple(rater for rater in self.screening if rater.counts)

    @property
    def excluded(self) -> tuple[Screening, ...]:
        """The excluded raters."""
        return tuple(rater for rater in self.screening if not rater.counts)

    @property
    def faces(self) -> int:
        """Number of rated faces. Catch trials may show others."""
        trials = self.study.trials
        return len({trial.face for trial in trials if trial.kind == "rating"})

    @cached_property
    def engines(self) -> tuple[str, ...]:
        """The study's engines with at least one included rating."""
        rated = [
            engine for engine in self.study.engines if self.picks(engine).decided.any()
        ]
        if not rated:
            raise ReportError(
                f"{self.study.folder}: no rating is included, since {EXCLUSIONS_FILE} "
                f"excludes {len(self.excluded)} of "
                f"{counted(len(self.screening), 'rater')}; collect more ratings. "
                f"{TABLE_2_NEEDS}"
            )
        return tuple(rated)

    @cached_property
    def metrics(self) -> tuple[str, ...]:
        """The metrics of the key, those of Table 1 first."""
        first = [name for name in HEADLINE if name in self.key.metrics]
        return (*first, *(name for name in self.key.metrics if name not in first))

    def included(self, kind: str, engine: str) -> pd.DataFrame:
        """The included rows of one kind and engine."""
        rows = self.rows
        chosen = (rows["kind"] == kind) & (rows["engine"] == engine) & rows["counts"]
        return rows.loc[chosen]

    def picks(self, engine: str) -> Picks:
        """The included ratings of an engine, counted."""
        rows = self.included("rating", engine)
        return count_picks(rows, tuple(self.key.methods), self.rule.ties)


def read_answers(
    folder: Path, files: Sequence[Path] = (), simulated: bool = False
) -> Answers:
    """Read a study and its ratings. Default files: FOLDER/ratings/*.csv.

    With `simulated`, all ratings must be simulated, and everything that is made from
    the answers says so. Raises ReportError if there are no ratings, if any are
    simulated (or, with `simulated`, any are not), or if a rater has withdrawn. Raises
    StudyError if a file contradicts the study.
    """
    study = read_study(folder)
    paths = tuple(files) or rating_files(folder)
    if not paths:
        raise ReportError(
            f"{folder / RATINGS_FOLDER} holds no ratings (*.csv): export them from the "
            "site, import filled forms, or pass files with --ratings. "
            f"{TABLE_2_NEEDS}"
        )
    rows = read_ratings(paths, study)
    if simulated:
        _refuse_people(study, rows)
    else:
        _refuse_simulated(study, rows)
    _refuse_withdrawn(study, rows)
    if not len(rows):
        raise ReportError(f"{', '.join(map(str, paths))}: no ratings. {TABLE_2_NEEDS}")
    key, rule = read_key(study), read_rule(study)
    decoded = _decode(rows, key)
    raters = screen(decoded, len(study.trials), rule.exclusion)
    included = [rater.participant for rater in raters if rater.counts]
    decoded["counts"] = decoded["participant"].isin(included)
    digest = _digest(paths)
    return Answers(study, key, rule, decoded, raters, digest, simulated)


def read_rule(study: Study) -> AnalysisRule:
    """The rule that was frozen with the study; StudyError if it was changed."""
    path = study.folder / EXCLUSIONS_FILE
    check_file(study, EXCLUSIONS_FILE, path)
    try:
        return AnalysisRule.model_validate(
            yaml.safe_load(path.read_text(encoding="utf-8"))
        )
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise ReportError(f"{path}: {where}: {first['msg']}; {REMEDY}") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise ReportError(f"{path} is not readable YAML; {REMEDY}") from None


def _refuse_simulated(study: Study, rows: pd.DataFrame) -> None:
    simulated = list(rows["source"]).count("simulated")
    if study.simulated or simulated:
        be = "is" if study.simulated or simulated == 1 else "are"
        what = "the study" if study.simulated else counted(simulated, "rating")
        raise ReportError(
            f"{study.folder}: {what} {be} simulated, and reports do not print "
            "simulated ratings as a result; collect ratings of people, or pass "
            "--simulated to `avatarbench study report` for a report that is marked as "
            "simulated on every page"
        )


def _refuse_people(study: Study, rows: pd.DataFrame) -> None:
    """A report of simulated ratings must not use answers of people."""
    people = len(rows) - list(rows["source"]).count("simulated")
    if people:
        be = "is" if people == 1 else "are"
        raise ReportError(
            f"{study.folder}: {counted(people, 'rating')} {be} not simulated; leave "
            "out --simulated, or pass only simulated ratings with --ratings"
        )


def _refuse_withdrawn(study: Study, rows: pd.DataFrame) -> None:
    """Raters were promised that withdrawal removes them from all later results."""
    gone = sorted(withdrawn_people(study.folder) & set(rows["participant"]))
    if gone:
        raise ReportError(
            f"{study.folder}: the rating files hold answers of people who have "
            f"withdrawn since ({', '.join(gone)}); export the ratings from the site "
            "again and delete the older file"
        )


def _decode(rows: pd.DataFrame, key: Key) -> pd.DataFrame:
    """Replace pictures by methods and add times in seconds."""
    names = [_option_names(key, trial) for trial in rows["trial"]]
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


def _option_names(key: Key, trial: str) -> Callable[[str], str]:
    """A function that names a trial's pictures: method, or "right" and "wrong"."""
    right = key.catches.get(trial)
    if right is None:
        return key.pictures.__getitem__
    return lambda picture: "right" if picture == right else "wrong"


def _digest(paths: Sequence[Path]) -> str:
    """SHA-256 (hex) of the concatenated files."""
    return bytes_digest(b"".join(path.read_bytes() for path in paths))
