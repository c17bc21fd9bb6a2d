"""Raters with known preferences who answer a study, for tests of its report.

`rate(study, Raters(...))` writes STUDY/ratings/site.csv. By default the source of
answers is "site", because reports reject simulated answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import numpy as np

from reports.human_study.design.key import Key, read_key
from reports.human_study.design.ratings_table import Rating, write_ratings
from reports.human_study.design.study import Shown, Study

START = datetime(2026, 1, 2, tzinfo=UTC)
PLANTED = {"toon": (0.1, 0.2, 0.1, 0.6), "dice": (0.4, 0.15, 0.35, 0.1)}
"""Shares of the picks by engine, in the order of `tiny_study.METHODS`."""


@dataclass(frozen=True)
class Raters:
    """How many raters answer, and how.

    `careless` raters fail catch trials, `hasty` ones answer in a tenth of a second, and
    `leaving` ones stop after three questions; all three are indices of raters. `ties`
    is the share of ties.
    """

    count: int = 20
    planted: Mapping[str, tuple[float, ...]] = field(default_factory=lambda: PLANTED)
    careless: tuple[int, ...] = ()
    hasty: tuple[int, ...] = ()
    leaving: tuple[int, ...] = ()
    ties: float = 0
    source: Literal["site", "offline", "simulated"] = "site"
    seed: int = 0


def rate(study: Study, raters: Raters) -> Path:
    """Write everybody's answers and return the path of the file."""
    key, rng = read_key(study), np.random.default_rng(raters.seed)
    rows = [
        _answer(study, key, raters, number, shown, rng)
        for number in range(raters.count)
        for shown in study.assignment(number).shown
        if not (number in raters.leaving and shown.position > 3)
        and shown.trial.engine in raters.planted
    ]
    folder = study.folder / "ratings"
    folder.mkdir(exist_ok=True)
    write_ratings(rows, folder / "site.csv")
    return folder / "site.csv"


def _answer(
    study: Study,
    key: Key,
    raters: Raters,
    number: int,
    shown: Shown,
    rng: np.random.Generator,
) -> Rating:
    trial = shown.trial
    tie = trial.kind != "catch" and rng.random() < raters.ties
    chosen = None if tie else _pick(key, raters, number, shown, rng)
    seconds = 0.1 if number in raters.hasty else float(rng.uniform(2, 8))
    timed = raters.source != "offline"
    ended = START + timedelta(seconds=seconds)
    return Rating(
        study=study.id,
        participant=f"rater{number:03}",
        assignment=number,
        position=shown.position,
        trial=trial.id,
        kind=trial.kind,
        face=trial.face,
        engine=trial.engine,
        order=shown.order,
        chosen=chosen,
        slot=None if chosen is None else shown.order.index(chosen) + 1,
        tie=tie,
        rt_ms=int(1000 * seconds) if timed else None,
        shown_at=START if timed else None,
        answered_at=ended if timed else None,
        revisions=0,
        language="en" if number % 3 else "de",
        consent_version="1",
        source=raters.source,
    )


def _pick(
    key: Key, raters: Raters, number: int, shown: Shown, rng: np.random.Generator
) -> str:
    if shown.trial.kind == "catch":
        right = key.catches[shown.trial.id]
        others = [option for option in shown.order if option != right]
        return others[0] if number in raters.careless else right
    chances = raters.planted[shown.trial.engine]
    method = list(key.methods)[rng.choice(len(chances), p=chances)]
    return next(option for option in shown.order if key.pictures[option] == method)
