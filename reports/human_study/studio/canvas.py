"""What the studio is handed: an engine that draws, and faces to draw."""

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
"""render(vectors, size): (n, size, size, 3) uint8, for sizes of 64-1024."""

Export = Callable[[str, Mapping[str, Draft]], Mapping[str, bytes]]
"""export(designer, done drafts by face): the truth file and its seal, by file name."""


@dataclass(frozen=True)
class Canvas:
    """An engine as the studio sees it; `version` changes with any pixel.

    `options` gives one vector an option of a parameter, alike in all else, with the
    parameter active: what its thumbnails show.
    """

    name: str
    title: str
    version: str
    spec: AvatarSpec
    render: Render
    options: Callable[[Discrete], AvatarVectors]


class Faces(Protocol):
    """The faces that designers work on, in their order."""

    def ids(self) -> tuple[str, ...]:
        """The face ids, none twice."""
        ...

    def pixels(self, face: str, size: int) -> NDArray[np.uint8]:
        """(size, size, 3) uint8 RGB of a face."""
        ...

    def digest(self, face: str) -> str:
        """SHA-256 (hex) of the face's picture file."""
        ...
