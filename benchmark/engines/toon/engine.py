"""The toon engines: render avatar vectors to pictures and part maps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars import AvatarSpec, AvatarVectors
from benchmark.engines.base import EngineMeta, check_request
from benchmark.engines.rasterize import RASTERIZER, rasterize_each
from benchmark.engines.toon.drawing import draw, gradients
from benchmark.engines.toon.spec import alter_spec, tiktok_spec
from benchmark.engines.toon.svg import (
    PART_STEP,
    beard_document,
    part_document,
    picture_document,
)
from benchmark.engines.toon.traits import Traits, alter_traits, tiktok_traits

VERSION = f"1 ({RASTERIZER})"
"""Raise the number with every change of the artwork."""


class ToonTikTok:
    """Our artwork with the parameters of the paper's Table 4."""

    meta = EngineMeta(
        name="toon-tiktok",
        title="Toon (TikTok parameters)",
        version=VERSION,
        source="benchmark.engines.toon",
        licence="Apache-2.0",
    )

    def __init__(self) -> None:
        self.spec: AvatarSpec = tiktok_spec()

    def render(self, vectors: AvatarVectors, size: int) -> NDArray[np.uint8]:
        """Render (n, size, size, 3) uint8 RGB; see `benchmark.engines.base.Engine`."""
        check_request(self.spec, vectors, size)
        return _pictures(tiktok_traits(vectors), size)

    def parts(self, vectors: AvatarVectors, size: int) -> NDArray[np.uint8]:
        """(n, size, size) uint8 class ids; beards are skin, as in CelebAMask-HQ."""
        check_request(self.spec, vectors, size)
        return _part_maps(tiktok_traits(vectors), size)

    def beards(self, vectors: AvatarVectors, size: int) -> NDArray[np.bool_]:
        """(n, size, size) bool maps of facial hair, including stubble."""
        check_request(self.spec, vectors, size)
        drawings = [draw(one) for one in tiktok_traits(vectors)]
        documents = [beard_document(drawing, size) for drawing in drawings]
        return rasterize_each(documents, size)[..., 0] > 0


class ToonAlter:
    """The same artwork with the parameters of the paper's Table 5, all discrete."""

    meta = EngineMeta(
        name="toon-alter",
        title="Toon (Alter parameters)",
        version=VERSION,
        source="benchmark.engines.toon",
        licence="Apache-2.0",
    )

    def __init__(self) -> None:
        self.spec: AvatarSpec = alter_spec()

    def render(self, vectors: AvatarVectors, size: int) -> NDArray[np.uint8]:
        """Render (n, size, size, 3) uint8 RGB; see `benchmark.engines.base.Engine`."""
        check_request(self.spec, vectors, size)
        return _pictures(alter_traits(vectors), size)

    def parts(self, vectors: AvatarVectors, size: int) -> NDArray[np.uint8]:
        """(n, size, size) uint8 class ids of `benchmark.avatars.part_classes`."""
        check_request(self.spec, vectors, size)
        return _part_maps(alter_traits(vectors), size)


def _pictures(avatars: list[Traits], size: int) -> NDArray[np.uint8]:
    documents = [
        picture_document(draw(one), gradients(one.skin, one.hair_colour), size)
        for one in avatars
    ]
    return rasterize_each(documents, size)


def _part_maps(avatars: list[Traits], size: int) -> NDArray[np.uint8]:
    documents = [part_document(draw(one), size) for one in avatars]
    return rasterize_each(documents, size)[..., 0] // PART_STEP
