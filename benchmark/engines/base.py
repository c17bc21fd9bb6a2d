"""The engine contract: a spec and a deterministic render of avatar vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars import AvatarError, AvatarSpec, AvatarVectors
from benchmark.storage.digests import bytes_digest

MIN_SIZE, MAX_SIZE = 64, 1024
"""Edge in pixels of the pictures that engines must render."""


@dataclass(frozen=True)
class EngineMeta:
    """Name, origin and licence of an engine; `version` must change with any pixel."""

    name: str
    title: str
    version: str
    source: str
    licence: str


@runtime_checkable
class Engine(Protocol):
    """A black box that renders avatar vectors."""

    meta: EngineMeta
    spec: AvatarSpec

    def render(self, vectors: AvatarVectors, size: int) -> NDArray[np.uint8]:
        """Render (n, size, size, 3) uint8 RGB; the same input gives the same bytes.

        Raises AvatarError for vectors of another spec or a size outside 64-1024.
        """
        ...


@runtime_checkable
class PartMapped(Protocol):
    """Optional part maps of an engine, used by metrics only."""

    def parts(self, vectors: AvatarVectors, size: int) -> NDArray[np.uint8]:
        """(n, size, size) uint8 class ids of `benchmark.avatars.part_classes`."""
        ...


@runtime_checkable
class BeardMapped(Protocol):
    """Optional facial-hair maps of an engine, used by metrics only.

    Part maps cannot show beards, since they count as skin.
    """

    def beards(self, vectors: AvatarVectors, size: int) -> NDArray[np.bool_]:
        """(n, size, size) bool: the pixels that show facial hair."""
        ...


class RenderOnly:
    """An engine as methods get it: without part maps and other extras."""

    def __init__(self, engine: Engine) -> None:
        self.meta = engine.meta
        self.spec = engine.spec
        self._render = engine.render

    def render(self, vectors: AvatarVectors, size: int) -> NDArray[np.uint8]:
        """Render with the wrapped engine."""
        return self._render(vectors, size)


def engine_problems(engine: Any) -> list[str]:
    """One sentence for each part of the contract that an instance lacks.

    Nothing is rendered; `benchmark.engines.conformance` does that.
    """
    problems: list[str] = []
    if not isinstance(getattr(engine, "meta", None), EngineMeta):
        problems.append("meta must be an EngineMeta")
    if not isinstance(getattr(engine, "spec", None), AvatarSpec):
        problems.append("spec must be an AvatarSpec")
    if not callable(getattr(engine, "render", None)):
        problems.append("it has no function render(vectors, size)")
    return problems


def engine_digest(engine: Engine) -> str:
    """SHA-256 (hex) over name, version and spec, used in stage keys."""
    text = f"{engine.meta.name}\n{engine.meta.version}\n{engine.spec.digest}"
    return bytes_digest(text.encode())


def check_request(spec: AvatarSpec, vectors: AvatarVectors, size: int) -> None:
    """Raise AvatarError for vectors of another spec and for sizes outside 64-1024."""
    if vectors.spec != spec:
        raise AvatarError(
            f"engine {spec.name} cannot render vectors of engine {vectors.spec.name}"
        )
    if isinstance(size, bool) or not isinstance(size, (int, np.integer)):
        raise AvatarError(f"size must be a whole number of pixels, got {size!r}")
    if not MIN_SIZE <= size <= MAX_SIZE:
        raise AvatarError(f"size must lie in {MIN_SIZE}-{MAX_SIZE}, got {size}")
