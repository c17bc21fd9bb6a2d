"""What a fit will make, told before it begins, so that a plan can say what is left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

from benchmark.storage.store import Stage
from methods.base import FitContext


class Foreseen(NamedTuple):
    """A stage that a fit obtains, and what it costs to make: a rule of thumb (s)."""

    stage: Stage
    seconds: float


@dataclass(frozen=True)
class Foresight:
    """The cost of a method; rules of thumb are for two processor cores.

    Attributes:
        stages: those whose keys are known before the fit, in the order of work. Fits
            that name the same share it.
        seconds: of all else that the fit does.
        face_seconds: of the prediction of a face.
    """

    stages: tuple[Foreseen, ...]
    seconds: float
    face_seconds: float


@runtime_checkable
class Foreseeing(Protocol):
    """A method that can tell what its fit will make."""

    def foresee(self, context: FitContext) -> Foresight:
        """The stages of `fit(context)` and what it costs; makes nothing."""
        ...
