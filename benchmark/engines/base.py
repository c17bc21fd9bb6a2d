"""What an engine is: a spec and a deterministic render of avatar vectors."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars import AvatarError, AvatarSpec, AvatarVectors

MIN_SIZE, MAX_SIZE = 64, 1024


@dataclass(frozen=True)
class EngineMeta:
    """Who made an engine and under what terms; `version` changes with any pixel."""

    name: str
    title: str
    version: str
    source: str
    licence: str


@runtime_checkable
class Engine(Protocol):
    """A black box from avatar vectors to pictures."""

    meta: EngineMeta
    spec: AvatarSpec

    def render(self, vectors: AvatarVectors, size: int) -> NDArray[np.uint8]:
        """(n, size, size, 3) uint8 RGB for a size of 64-1024; same input, same bytes.

        Raises AvatarError for vectors of another spec or a size out of range.
        """
        ...


@runtime_checkable
class PartMapped(Protocol):
    """An optional extra of an engine, for metrics alone."""

    def parts(self, vectors: AvatarVectors, size: int) -> NDArray[np.uint8]:
        """(n, size, size) uint8 class ids, as `benchmark.avatars.part_classes` says."""
        ...


@runtime_checkable
class BeardMapped(Protocol):
    """An optional extra of an engine, for metrics alone: part classes have no beard."""

    def beards(self, vectors: AvatarVectors, size: int) -> NDArray[np.bool_]:
        """(n, size, size) bool: the pixels that show facial hair."""
        ...


class RenderOnly:
    """An engine as methods get it: whatever else it can do is left behind."""

    def __init__(self, engine: Engine) -> None:
        self.meta = engine.meta
        self.spec = engine.spec
        self._render = engine.render

    def render(self, vectors: AvatarVectors, size: int) -> NDArray[np.uint8]:
        """As the engine's own."""
        return self._render(vectors, size)


def engine_digest(engine: Engine) -> str:
    """SHA-256 (hex) over name, version and spec: the engine's part of a stage's key."""
    text = f"{engine.meta.name}\n{engine.meta.version}\n{engine.spec.digest}"
    return hashlib.sha256(text.encode()).hexdigest()


def check_request(spec: AvatarSpec, vectors: AvatarVectors, size: int) -> None:
    """Refuse vectors of another spec and sizes outside 64-1024 with AvatarError."""
    if vectors.spec != spec:
        raise AvatarError(
            f"engine {spec.name} cannot render vectors of {vectors.spec.name}"
        )
    if isinstance(size, bool) or not isinstance(size, (int, np.integer)):
        raise AvatarError(f"size must be a whole number of pixels, got {size!r}")
    if not MIN_SIZE <= size <= MAX_SIZE:
        raise AvatarError(f"size must lie in {MIN_SIZE}-{MAX_SIZE}, got {size}")
