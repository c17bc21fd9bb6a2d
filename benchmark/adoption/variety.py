"""How much of an engine the predicted avatars use; this needs no ground truth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from benchmark.avatars import AvatarVectors

FEW = 8
"""With fewer faces, equal answers mean nothing."""
NARROW = 0.02
"""Range of the middle 80 % of values that counts as one value."""


@dataclass(frozen=True)
class Variety:
    """What a model answers for one parameter.

    Attributes:
        name: of the parameter.
        faces: number of faces on which it has an effect.
        answers: how many options it uses of how many, or the range of values.
        usual: the most frequent option, or the median.
        share: share of faces with the most frequent option; None for scalars.
        stuck: whether it answers the same on all faces.
    """

    name: str
    faces: int
    answers: str
    usual: str
    share: float | None
    stuck: bool


def measure_variety(vectors: AvatarVectors) -> list[Variety]:
    """The variety of each parameter, in the order of the spec."""
    found = {each.name: each for each in (*_scalars(vectors), *_choices(vectors))}
    return [found[name] for name in vectors.spec.names]


def _scalars(vectors: AvatarVectors) -> Iterator[Variety]:
    active = vectors.active().continuous
    for column, scalar in enumerate(vectors.spec.continuous):
        values = vectors.continuous[active[:, column], column]
        if not len(values):
            yield Variety(scalar.name, 0, "", "", None, False)
            continue
        low, middle, high = np.quantile(values, (0.1, 0.5, 0.9))
        stuck = len(values) >= FEW and high - low < NARROW
        answers = f"{low:.2f} to {high:.2f}"
        yield Variety(
            scalar.name, len(values), answers, f"{middle:.2f}", None, bool(stuck)
        )


def _choices(vectors: AvatarVectors) -> Iterator[Variety]:
    active = vectors.active().discrete
    for column, choice in enumerate(vectors.spec.discrete):
        values = vectors.discrete[active[:, column], column]
        if not len(values):
            yield Variety(choice.name, 0, "", "", None, False)
            continue
        counts = np.bincount(values, minlength=len(choice.options))
        used, usual = int((counts > 0).sum()), int(counts.argmax())
        yield Variety(
            choice.name,
            len(values),
            f"{used} of {len(choice.options)}",
            choice.options[usual],
            float(counts[usual] / len(values)),
            len(values) >= FEW and used == 1 and len(choice.options) > 1,
        )
