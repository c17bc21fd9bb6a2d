"""The key of a study: which method drew which picture. Only the analysis reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from reports.human_study.design.study import (
    KEY_FILE,
    REMEDY,
    FrozenModel,
    Study,
    StudyError,
    check_file,
)


class Metric(FrozenModel):
    """A metric whose scores the key holds."""

    title: str
    unit: str
    direction: str
    identity: Mapping[str, Any]


class Key(FrozenModel):
    """Everything that raters, the site and the forms must not know.

    Attributes:
        run: name of the run's folder.
        face_set: name and version of the face set, for display.
        stand_in: whether the faces are stand-ins for photographs.
        designer: whose ground truth is used.
        methods: titles by variant name.
        seeds: the seed whose avatars are shown, by variant name.
        faces: face names by random id.
        pictures: the variant that drew each option of a rating trial or repeat.
        catches: the right picture of each catch trial.
        scores: by metric, the score of each picture in `pictures`; None if the metric
            does not apply.
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
    """Read a study's key; raises StudyError if it is missing or was changed."""
    path = study.folder / KEY_FILE
    check_file(study, KEY_FILE, path)
    try:
        key = Key.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, ValidationError):
        raise StudyError(f"{path} is not the key of a study; {REMEDY}") from None
    options = {
        option
        for trial in study.trials
        if trial.kind != "catch"
        for option in trial.options
    }
    if set(key.pictures) != options:
        raise StudyError(f"{path} does not name the pictures of this study; {REMEDY}")
    return key
