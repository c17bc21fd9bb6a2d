"""The key of a study: which method drew which picture. Opened by the analysis alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from reports.human_study.design.study import (
    AGAIN,
    KEY_FILE,
    Part,
    Study,
    StudyError,
    check_file,
)


class Metric(Part):
    """A metric whose scores the key holds: its title, its direction and identity."""

    title: str
    unit: str
    direction: str
    identity: Mapping[str, Any]


class Key(Part):
    """What raters, sites and forms must not know.

    `methods` maps variants' names to titles, `seeds` to the seed whose avatars are
    shown; `faces` maps opaque ids to the faces' names; `pictures` the options of
    judgements (and of their repeats) to the variant that drew them; `catches` catch
    trials to the right picture; `scores` metrics to the score of each picture in
    `pictures` (none where the metric does not apply). Truths are of `designer`. `run`
    is the name of the run's folder, `face_set` names the faces in one text, and
    `stand_in` says whether they stand in for photographs.
    """

    suite: str
    run: str
    face_set: str
    stand_in: bool
    split: str
    designer: str
    methods: Mapping[str, str]
    seeds: Mapping[str, int]
    faces: Mapping[str, str]
    pictures: Mapping[str, str]
    catches: Mapping[str, str]
    metrics: Mapping[str, Metric]
    scores: Mapping[str, Mapping[str, float | None]]

    def to_data(self) -> dict[str, Any]:
        """`key.json` as data."""
        return self.model_dump(mode="json")


def read_key(study: Study) -> Key:
    """Open a study's key; raises StudyError where it is missing or was changed."""
    path = study.folder / KEY_FILE
    check_file(study, KEY_FILE, path)
    try:
        key = Key.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, ValidationError):
        raise StudyError(f"{path} is not the key of a study; {AGAIN}") from None
    options = {
        option
        for trial in study.trials
        if trial.kind != "catch"
        for option in trial.options
    }
    if set(key.pictures) != options:
        raise StudyError(f"{path} does not name the pictures of this study; {AGAIN}")
    return key
