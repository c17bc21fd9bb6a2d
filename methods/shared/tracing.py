"""What a method has to show of its steps, for people who ask where it loses a face."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from benchmark.avatars import AvatarVectors
from methods.base import FitContext
from methods.estimator.examples import Pairs


class Step(NamedTuple):
    """A step of a fit: the name of its stage, and its figures by name."""

    name: str
    figures: Mapping[str, float]


@dataclass(frozen=True)
class Likeness:
    """How like avatars are to faces in the eyes of a method that compares them.

    Attributes:
        terms: names of k distances, each 0 for a perfect likeness.
        start: (S, S, 3) uint8, what it takes the mean of all avatars to look like.
        predict: the vectors of (n, 3, H, H) faces in [-1, 1] of the input size.
        imitate: (n, S, S, 3) uint8, what it takes n vectors to look like.
        apart: (n, k) distances of n pictures (n, 3, S, S) to n faces, both in [-1, 1].
    """

    terms: tuple[str, ...]
    start: NDArray[np.uint8]
    predict: Callable[[Tensor], AvatarVectors]
    imitate: Callable[[AvatarVectors], NDArray[np.uint8]]
    apart: Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Trace:
    """What a fit went through.

    Attributes:
        steps: in their order.
        sheets: (H, W, 3) uint8 pictures for people, by name.
        pairs: faces and the vectors that an estimator was told they show, where the
            method produced some.
        likeness: where the method compares avatars with faces.
    """

    steps: tuple[Step, ...]
    sheets: Mapping[str, NDArray[np.uint8]] = field(default_factory=dict)
    pairs: Pairs | None = None
    likeness: Likeness | None = None


@runtime_checkable
class Traceable(Protocol):
    """A method that shows its steps."""

    def trace(self, context: FitContext) -> Trace:
        """Go through a fit's steps; what the context's store lacks is made."""
        ...
