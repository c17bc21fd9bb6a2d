"""What a method is: fitted to an engine without truth, then from faces to vectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, Self, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from benchmark.avatars import AvatarVectors
from benchmark.engines.base import Engine
from benchmark.storage.store import Store
from benchmark.system.progress import Progress


class MethodError(RuntimeError):
    """A method cannot do what it was asked; the message says what it lacks."""


@dataclass(frozen=True)
class PretrainedPart:
    """Something a method did not learn itself: what, from where, on which data.

    The source of what comes as a weight file under an option begins with "option" and
    names it: tables of a run tell of the file that was loaded.
    """

    name: str
    source: str
    data: str
    licence: str


@dataclass(frozen=True)
class MethodMeta:
    """A method declared as data; tables and keys are made from it.

    `role` is "method" for a contestant, "control" for random and constant rows, and
    "oracle" for a row that is allowed to see truths (marked so in every table).
    `revision` changes with any change of behaviour. `needs` names every weight file
    that some options make it read; `required_weights` says which under given options.
    """

    name: str
    title: str
    version: str
    paper: str
    licence: str
    role: Literal["method", "control", "oracle"] = "method"
    revision: str = "1"
    needs: tuple[str, ...] = ()
    pretrained: tuple[PretrainedPart, ...] = ()


class MethodOptions(BaseModel):
    """Base of a method's own options; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input_size: int = Field(224, ge=16, le=1024)
    """Side in pixels of the square faces that `predict` wants."""


@dataclass(frozen=True)
class Pictures:
    """Unlabelled pictures, (n, S, S, 3) uint8 RGB, and the digest that names them."""

    images: NDArray[np.uint8]
    digest: str


@dataclass(frozen=True)
class Labelled:
    """Train faces with their truths; handed to oracle rows and to nobody else."""

    faces: Pictures
    truth: AvatarVectors
    digest: str


@dataclass(frozen=True)
class FitContext:
    """All that a method may see while it fits: no attributes and no truth.

    `weights` maps the names of `required_weights` to checked files, decided at plan
    time. `labelled` is None but for oracle rows.
    """

    engine: Engine
    faces: Pictures
    store: Store
    device: str
    seed: int
    progress: Progress
    weights: Mapping[str, Path] = field(default_factory=dict)
    labelled: Labelled | None = None


@runtime_checkable
class Method(Protocol):
    """A contestant."""

    meta: ClassVar[MethodMeta]
    Options: ClassVar[type[MethodOptions]]
    options: MethodOptions

    def __init__(self, options: MethodOptions) -> None: ...

    @classmethod
    def required_weights(cls, options: Any) -> tuple[str, ...]:
        """Names of the weight files (benchmark.weights) that a fit then reads."""
        ...

    def fit(self, context: FitContext) -> None:
        """Learn the engine; resumable after a kill; stages go through the store."""
        ...

    def predict(self, faces: torch.Tensor) -> AvatarVectors:
        """Vectors for (n, 3, H, W) float32 faces in [-1, 1], any n (0 included).

        H = W = options.input_size; another shape or range raises ValueError.
        """
        ...

    def save(self, folder: Path) -> None:
        """Write safetensors and JSON; no pickle."""
        ...

    @classmethod
    def load(cls, folder: Path, device: str = "cpu") -> Self:
        """Read what `save` wrote, to predict on `device`; works without the engine."""
        ...
