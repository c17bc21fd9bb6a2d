"""Simulated raters who answer a study, to try its report before people do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from benchmark.storage.digests import bytes_digest
from evaluation.ratings import (
    RaterModel,
    RatingError,
    method_strengths,
    simulate_tastes,
)
from reports.human_study.design.key import Key, read_key
from reports.human_study.design.ratings_table import Rating
from reports.human_study.design.study import SECONDS_A_QUESTION, Shown, Study

FOLDER = "simulated"
"""Folder in a study's folder for simulated ratings and their report."""
SPREAD_OF_TIMES = 0.4
"""Standard deviation of the logarithm of answer times."""


@dataclass(frozen=True)
class SimulatedRaters:
    """Raters who answer every question of a study.

    Attributes:
        count: number of raters, 1 or more.
        model: how they choose; its shares are in the order of the study's methods.
        careless: so many of the raters, the last ones, pick any avatar quickly.
        seed: of all random numbers.

    Raises RatingError for invalid values.
    """

    count: int
    model: RaterModel
    careless: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.careless <= self.count:
            raise RatingError(
                f"careless {self.careless} of {self.count} raters: expected 0 to "
                f"{self.count}"
            )


def simulated_file(study: Path) -> Path:
    """Where the simulated ratings of a study's folder are stored."""
    return study / FOLDER / "ratings.csv"


def simulate_ratings(study: Study, raters: SimulatedRaters) -> tuple[Rating, ...]:
    """The answers of simulated raters to all of their questions.

    Every answer has the source `simulated`. The answers depend on the names of the
    methods and faces, the orders and the seed, not on the random ids of the study.
    Raises RatingError unless the model has one share for each method, and StudyError if
    the key is missing.
    """
    key = read_key(study)
    given = len(raters.model.shares)
    if given != len(key.methods):
        raise RatingError(
            f"{given} shares for {len(key.methods)} methods; give one share for each "
            f"of {', '.join(key.methods.values())}, in this order"
        )
    faces = sorted(set(key.faces.values()))
    strengths = method_strengths(raters.model)
    tastes = {
        engine: simulate_tastes(
            raters.model,
            strengths,
            (raters.count, len(faces)),
            np.random.default_rng([raters.seed, number]),
        )
        for number, engine in enumerate(study.engines)
    }
    rows = {name: row for row, name in enumerate(faces)}
    answers: list[Rating] = []
    for number in range(raters.count):
        careless = number >= raters.count - raters.careless
        for shown in study.assignment(number).shown:
            trial, name = shown.trial, key.faces[shown.trial.face]
            rng = _stream(raters.seed, number, trial.kind, trial.engine, name)
            noise = rng.gumbel(size=given)
            if not careless:
                noise += tastes[trial.engine][number, rows[name]]
            seconds = SECONDS_A_QUESTION * rng.lognormal(-0.3, SPREAD_OF_TIMES)
            seconds *= 0.05 if careless else 1.0
            chosen = _pick(key, shown, int(noise.argmax()), careless)
            answers.append(_rating(study, number, shown, chosen, seconds))
    return tuple(answers)


def _stream(seed: int, rater: int, *question: str) -> np.random.Generator:
    """Random numbers of one answer. Neither ids nor the order of questions matter."""
    digest = bytes_digest(" ".join(question).encode())
    return np.random.default_rng([seed, rater, int(digest[:16], 16)])


def _pick(key: Key, shown: Shown, favourite: int, careless: bool) -> str:
    """The chosen picture; `favourite` is the index of a method."""
    trial = shown.trial
    if trial.kind == "catch":
        right = key.catches[trial.id]
        wrong = [picture for picture in shown.order if picture != right]
        return wrong[0] if careless and favourite else right
    return _picture_of(key.pictures, shown.order, list(key.methods)[favourite])


def _picture_of(drawn: Mapping[str, str], order: Sequence[str], method: str) -> str:
    return next(picture for picture in order if drawn[picture] == method)


def _rating(
    study: Study, number: int, shown: Shown, chosen: str, seconds: float
) -> Rating:
    day = datetime.fromisoformat(study.created).replace(tzinfo=UTC)
    start = day + timedelta(days=number, minutes=shown.position)
    return Rating(
        study=study.id,
        participant=f"simulated-{number + 1:03}",
        assignment=number,
        position=shown.position,
        trial=shown.trial.id,
        kind=shown.trial.kind,
        face=shown.trial.face,
        engine=shown.trial.engine,
        order=shown.order,
        chosen=chosen,
        slot=shown.order.index(chosen) + 1,
        tie=False,
        rt_ms=round(1000 * seconds),
        shown_at=start,
        answered_at=start + timedelta(seconds=seconds),
        revisions=0,
        language=study.languages[0],
        consent_version=study.consent.version,
        source="simulated",
    )
