"""Controls, which do not learn, and oracles, which may use ground truth."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from pydantic import Field
from torch import Tensor

from benchmark.avatars import AvatarSpec, AvatarVectors
from benchmark.storage.digests import bytes_digest
from methods.base import (
    FitContext,
    Labelled,
    MethodError,
    MethodMeta,
    MethodOptions,
)
from methods.estimator.estimation import EstimatorMethod
from methods.estimator.examples import Pairs
from methods.networks.backbones import WEIGHT_FILES
from methods.shared.pictures import check_faces, resized
from methods.shared.randomness import seed_of
from methods.shared.saving import load_method, save_method


class ControlOptions(MethodOptions):
    """Options of the controls, which ignore what a face shows."""

    input_size: int = Field(224, ge=64, le=1024)


class _Untrained(ABC):
    """A control whose fit keeps only the engine's spec and the seed."""

    meta: ClassVar[MethodMeta]
    Options: ClassVar[type[ControlOptions]] = ControlOptions

    def __init__(self, options: ControlOptions) -> None:
        self.options = options
        self._fitted: tuple[AvatarSpec, int] | None = None

    @classmethod
    def required_weights(cls, options: Any) -> tuple[str, ...]:
        """No weight files."""
        return ()

    def fit(self, context: FitContext) -> None:
        """Keep the engine's spec and the seed."""
        self._fitted = context.engine.spec, context.seed

    def predict(self, faces: Tensor) -> AvatarVectors:
        """One vector for each face, as the class describes."""
        check_faces(faces, self.options.input_size)
        spec, seed = self._memory
        return self._vectors(spec, seed, faces)

    @abstractmethod
    def _vectors(self, spec: AvatarSpec, seed: int, faces: Tensor) -> AvatarVectors:
        """One vector for each face."""

    def save(self, folder: Path | str) -> None:
        """Write the options, the spec and the seed."""
        spec, seed = self._memory
        save_method(folder, self.meta, self.options, spec, {"seed": seed})

    @classmethod
    def load(cls, folder: Path | str, device: str = "cpu") -> Self:
        """Read what `save` wrote; `device` is ignored."""
        saved = load_method(folder, cls.meta)
        method = cls(cls.Options.model_validate(saved.options))
        method._fitted = saved.spec, int(saved.extra["seed"])
        return method

    @property
    def _memory(self) -> tuple[AvatarSpec, int]:
        if self._fitted is None:
            raise MethodError(f"{self.meta.name} is not fitted: call fit or load first")
        return self._fitted


class Random(_Untrained):
    """A uniformly random vector for each face.

    The trial's seed and the face's bytes seed the draw, so a face gets the same vector
    in any batch.
    """

    meta: ClassVar[MethodMeta] = MethodMeta(
        name="random",
        title="Random",
        version="1.0",
        paper="",
        licence="Apache-2.0",
        role="control",
    )

    def _vectors(self, spec: AvatarSpec, seed: int, faces: Tensor) -> AvatarVectors:
        rows = [
            AvatarVectors.sample(spec, 1, seed_of("random", seed, _digest(face)))
            for face in faces
        ]
        return AvatarVectors.concatenate([AvatarVectors.defaults(spec, 0), *rows])


def _digest(face: Tensor) -> str:
    return bytes_digest(face.detach().cpu().contiguous().numpy().tobytes())


class Constant(_Untrained):
    """The same vector for every face: the mean or mode of each parameter.

    Parameters are sampled uniformly: the mean of a scalar is 0.5. All options are
    equally likely, so the first one is taken as the mode.
    """

    meta: ClassVar[MethodMeta] = MethodMeta(
        name="constant",
        title="Constant",
        version="1.0",
        paper="",
        licence="Apache-2.0",
        role="control",
    )

    def _vectors(self, spec: AvatarSpec, seed: int, faces: Tensor) -> AvatarVectors:
        middle = np.full((len(faces), len(spec.continuous)), 0.5, np.float32)
        first = np.zeros((len(faces), len(spec.discrete)), np.int64)
        return AvatarVectors(spec, middle, first)


class Supervised(EstimatorMethod):
    """Oracle: the avatar estimator trained on labelled train faces, an upper bound."""

    meta: ClassVar[MethodMeta] = MethodMeta(
        name="supervised",
        title="Supervised (oracle)",
        version="1.0",
        paper="",
        licence="Apache-2.0",
        role="oracle",
        needs=tuple(WEIGHT_FILES.values()),
    )

    def pairs(self, context: FitContext) -> Pairs:
        """The labelled train faces with their ground truth."""
        labelled = _labelled(self.meta.name, context)
        faces = resized(labelled.faces.images, self.options.input_size)
        # The faces of every engine.
        shared = labelled.faces.digest
        return Pairs(faces, labelled.truth, labelled.digest, pictures_digest=shared)


class SupervisedShuffled(Supervised):
    """Oracle trained on shuffled ground truth: it can only learn option frequencies."""

    meta: ClassVar[MethodMeta] = MethodMeta(
        name="supervised-shuffled",
        title="Supervised, truths shuffled (oracle)",
        version="1.0",
        paper="",
        licence="Apache-2.0",
        role="oracle",
        needs=tuple(WEIGHT_FILES.values()),
    )

    def pairs(self, context: FitContext) -> Pairs:
        """The labelled train faces with their ground truth in a seeded random order."""
        pairs = super().pairs(context)
        seed = seed_of("shuffle", context.seed)
        order = np.random.default_rng(seed).permutation(len(pairs.vectors))
        digest = f"{pairs.digest} shuffled {seed}"
        return replace(pairs, vectors=pairs.vectors[order], digest=digest)


def _labelled(name: str, context: FitContext) -> Labelled:
    if context.labelled is None:
        raise MethodError(
            f"{name} is an oracle: it needs labelled train faces (FitContext.labelled)"
        )
    return context.labelled
