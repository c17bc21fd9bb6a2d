"""The inputs of the studio: an engine and faces."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars import AvatarVectors
from benchmark.avatars.spec import AvatarSpec, Discrete
from reports.human_study.studio.drafts import Draft

Render = Callable[[AvatarVectors, int], NDArray[np.uint8]]
"""render(vectors, size) gives (n, size, size, 3) uint8, for sizes from 64 to 1024."""

Export = Callable[[str, Mapping[str, Draft]], Mapping[str, bytes]]
"""export(designer, finished drafts by face) gives truth file and seal by file name."""


@dataclass(frozen=True)
class Canvas:
    """An engine as the studio uses it.

    `version` changes whenever a rendered pixel changes. `options` gives one vector per
    option of a parameter, for thumbnails: all else is equal and the parameter is
    active.
    """

    name: str
    title: str
    version: str
    spec: AvatarSpec
    render: Render
    options: Callable[[Discrete], AvatarVectors]


class Faces(Protocol):
    """The faces that designers work on, in order."""

    def ids(self) -> tuple[str, ...]:
        """The face ids, without duplicates."""
        ...

    def pixels(self, face: str, size: int) -> NDArray[np.uint8]:
        """(size, size, 3) uint8 RGB of a face."""
        ...

    def digest(self, face: str) -> str:
        """SHA-256 (hex) of the face's picture file."""
        ...
