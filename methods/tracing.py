"""Traces: the figures and pictures of each step of a fit, to find its weak step."""

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
    """One step of a fit: the name of its stage and its named figures."""

    name: str
    figures: Mapping[str, float]


@dataclass(frozen=True)
class SimilarityProbe:
    """The similarity of avatars and faces as the networks of a method measure it.

    Attributes:
        terms: names of k distances, each 0 for perfect similarity.
        size: side S of the compared pictures in pixels.
        predict: gives the vectors of (n, 3, H, H) faces in [-1, 1], H the input size.
        draw: gives what the method's own networks draw on the way to the vectors: from
            n faces and their vectors, (n, S, S, 3) uint8 pictures by name, in order.
        distances: gives the (n, k) distances of n faces and n pictures, both
            (n, 3, S, S) in [-1, 1].
    """

    terms: tuple[str, ...]
    size: int
    predict: Callable[[Tensor], AvatarVectors]
    draw: Callable[[Tensor, AvatarVectors], Mapping[str, NDArray[np.uint8]]]
    distances: Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Trace:
    """The steps of a fit.

    Attributes:
        steps: the steps in order.
        sheets: (H, W, 3) uint8 contact sheets by name.
        pairs: the training pairs of the estimator, if the method produces pairs.
        face_similarity: set by methods that compare avatars with faces.
    """

    steps: tuple[Step, ...]
    sheets: Mapping[str, NDArray[np.uint8]] = field(default_factory=dict)
    pairs: Pairs | None = None
    face_similarity: SimilarityProbe | None = None


@runtime_checkable
class Traceable(Protocol):
    """A method whose steps can be traced."""

    def trace(self, context: FitContext) -> Trace:
        """Trace the steps of a fit; stages missing from the store are built."""
        ...
