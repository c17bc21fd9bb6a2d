"""How well a model does on labelled photographs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars import AvatarVectors
from benchmark.avatars.spec import Discrete
from benchmark.creation.cropping import crop_faces
from benchmark.creation.model import Model
from benchmark.faces.portraits.designer.avataaars_hair import AVATAAARS_HAIRS
from benchmark.faces.portraits.designer.toon_hair import TOON_HAIRS
from benchmark.photographs import PhotographError, read_photograph
from benchmark.system.progress import Progress

STEPS = 2
"""Palette steps up to which a colour counts as near."""


@dataclass(frozen=True)
class PhotoScore:
    """Agreement of one parameter, or of an aim, over n faces.

    Attributes:
        name: the parameter or aim.
        right: share of faces with the right option, or 1 minus the mean absolute error
            of a scalar.
        near: for a colour, the share within two steps of the palette; else None.
        constant: what always answering the most common option (the mean) would reach.
        count: faces on which the parameter is active in the ground truth.
    """

    name: str
    right: float
    near: float | None
    constant: float
    count: int


def predict_photos(
    model: Model,
    photos: Mapping[str, Path],
    progress: Progress,
    tell: Callable[[str], None],
) -> tuple[list[str], AvatarVectors]:
    """The vectors of the largest faces; photographs that cannot be used are told."""
    names: list[str] = []
    pictures: list[NDArray[np.uint8]] = []
    with progress.task("photographs", len(photos)) as task:
        for name, path in photos.items():
            try:
                found = crop_faces(read_photograph(path), str(path), model.size)
                pictures.append(found.crops[0].picture)
                names.append(name)
            except PhotographError as error:
                tell(str(error))
            task.advance()
    shape = (0, model.size, model.size, 3)
    stacked = np.stack(pictures) if pictures else np.zeros(shape, np.uint8)
    return names, model.predict(stacked)


def score_vectors(predicted: AvatarVectors, truth: AvatarVectors) -> list[PhotoScore]:
    """One score per active parameter, then the hair length if hair has a length."""
    spec, active = truth.spec, truth.active()
    scores: list[PhotoScore] = []
    for column, scalar in enumerate(spec.continuous):
        shown = active.continuous[:, column]
        values = truth.continuous[shown, column]
        if len(values):
            errors = np.abs(predicted.continuous[shown, column] - values)
            fixed = np.abs(values - values.mean()).mean()
            scores.append(
                PhotoScore(
                    scalar.name,
                    1 - float(errors.mean()),
                    None,
                    1 - float(fixed),
                    len(values),
                )
            )
    for column, choice in enumerate(spec.discrete):
        shown = active.discrete[:, column]
        if shown.any():
            given = predicted.discrete[shown, column]
            scores.append(_score_options(choice, given, truth.discrete[shown, column]))
    return scores + _hair_lengths(predicted, truth)


def _score_options(
    choice: Discrete, given: NDArray[np.int64], wanted: NDArray[np.int64]
) -> PhotoScore:
    near = float((np.abs(given - wanted) <= STEPS).mean()) if choice.colours else None
    right, common = float((given == wanted).mean()), int(np.bincount(wanted).max())
    return PhotoScore(choice.name, right, near, common / len(wanted), len(wanted))


def _hair_lengths(predicted: AvatarVectors, truth: AvatarVectors) -> list[PhotoScore]:
    """Whether the hair has the right length class, by the designers' descriptions."""
    lengths = {name: s.length for name, s in {**TOON_HAIRS, **AVATAAARS_HAIRS}.items()}
    choice = next((d for d in truth.spec.discrete if d.name == "hair_type"), None)
    if choice is None or not set(choice.options) <= set(lengths):
        return []
    given, wanted = (
        [lengths[choice.options[k]] for k in vectors.column("hair_type")]
        for vectors in (predicted, truth)
    )
    right = [a == b for a, b in zip(given, wanted, strict=True)]
    common = max(map(wanted.count, wanted))
    count = len(wanted)
    return [PhotoScore("hair length", sum(right) / count, None, common / count, count)]


def mean_score(scores: Sequence[PhotoScore]) -> float:
    """The mean of `right` over the scores."""
    return float(np.mean([score.right for score in scores]))
