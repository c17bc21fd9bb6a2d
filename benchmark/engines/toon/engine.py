"""The toon engines: avatar vectors in, pictures and part maps out."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars import AvatarSpec, AvatarVectors
from benchmark.engines.base import EngineMeta, check_request
from benchmark.engines.toon.drawing import draw, gradients
from benchmark.engines.toon.palette import HAIR_COLOURS, skin_swatches
from benchmark.engines.toon.spec import HEAD_SHAPES, alter_spec, tiktok_spec
from benchmark.engines.toon.svg import part_map, picture
from benchmark.engines.toon.traits import Traits

_SMALL_BATCH = 4
"""Batches up to this size are drawn on the caller's thread: a pool would cost more."""


class ToonTikTok:
    """Our own artwork with the parameters of the paper's Table 4."""

    meta = EngineMeta(
        name="toon-tiktok",
        title="Toon (TikTok parameters)",
        version="1",
        source="benchmark.engines.toon",
        licence="Apache-2.0",
        published_as="TikTok engine (Table 4)",
    )

    def __init__(self) -> None:
        self.spec: AvatarSpec = tiktok_spec()

    def render(self, vectors: AvatarVectors, size: int) -> NDArray[np.uint8]:
        """(n, size, size, 3) uint8 RGB; raises AvatarError as `Engine` says."""
        check_request(self.spec, vectors, size)
        return _pictures(_tiktok_traits(vectors), size)

    def parts(self, vectors: AvatarVectors, size: int) -> NDArray[np.uint8]:
        """(n, size, size) uint8 class ids; beards count as skin, as in CelebAMask-HQ."""
        check_request(self.spec, vectors, size)
        return _part_maps(_tiktok_traits(vectors), size)


class ToonAlter:
    """The same artwork with the parameters of the paper's Table 5, all discrete."""

    meta = EngineMeta(
        name="toon-alter",
        title="Toon (Alter parameters)",
        version="1",
        source="benchmark.engines.toon",
        licence="Apache-2.0",
        published_as="Alter engine (Table 5)",
    )

    def __init__(self) -> None:
        self.spec: AvatarSpec = alter_spec()

    def render(self, vectors: AvatarVectors, size: int) -> NDArray[np.uint8]:
        """(n, size, size, 3) uint8 RGB; raises AvatarError as `Engine` says."""
        check_request(self.spec, vectors, size)
        return _pictures(_alter_traits(vectors), size)

    def parts(self, vectors: AvatarVectors, size: int) -> NDArray[np.uint8]:
        """(n, size, size) uint8 class ids of `benchmark.parts.PART_NAMES`."""
        check_request(self.spec, vectors, size)
        return _part_maps(_alter_traits(vectors), size)


def _tiktok_traits(vectors: AvatarVectors) -> list[Traits]:
    scalars = [c.name for c in vectors.spec.continuous]
    single = [i for i, c in enumerate(vectors.spec.continuous) if c.group is None]
    head, eye = _group(vectors.spec, "head_type"), _group(vectors.spec, "eye_type")
    return [
        Traits(
            **_appearance(vectors.spec, choices),
            head=tuple(values[head]),
            eye=tuple(values[eye]),
            **{scalars[i]: values[i] for i in single},
        )
        for values, choices in _rows(vectors)
    ]


def _alter_traits(vectors: AvatarVectors) -> list[Traits]:
    kind = [d.name for d in vectors.spec.discrete].index("head_type")
    return [
        Traits(
            **_appearance(vectors.spec, choices),
            head=tuple(float(i == choices[kind]) for i in range(len(HEAD_SHAPES))),
        )
        for _, choices in _rows(vectors)
    ]


def _rows(vectors: AvatarVectors) -> list[tuple[list[float], list[int]]]:
    rows = zip(vectors.continuous.tolist(), vectors.discrete.tolist(), strict=True)
    return list(rows)


def _group(spec: AvatarSpec, name: str) -> slice:
    columns = [i for i, c in enumerate(spec.continuous) if c.group == name]
    return slice(columns[0], columns[-1] + 1)


_TRAIT_NAMES = {
    "mouth_type": "mouth",
    "nose_type": "nose",
    "hair_type": "hair",
    "brow_type": "brow",
    "facial_hair": "facial_hair",
    "glasses": "glasses",
}


def _appearance(spec: AvatarSpec, choices: list[int]) -> dict[str, str]:
    """The discrete traits: option names, and swatches for skin and hair."""
    names = {d.name: d.options[i] for d, i in zip(spec.discrete, choices, strict=True)}
    traits = {_TRAIT_NAMES[n]: o for n, o in names.items() if n in _TRAIT_NAMES}
    traits["skin"] = _SKINS[names["skin_tone"]]
    traits["hair_colour"] = HAIR_COLOURS[names["hair_colour"]]
    return traits


_SKINS = skin_swatches()


def _pictures(avatars: list[Traits], size: int) -> NDArray[np.uint8]:
    def paint(traits: Traits) -> NDArray[np.uint8]:
        return picture(draw(traits), gradients(traits.skin, traits.hair_colour), size)

    blank = np.empty((len(avatars), size, size, 3), dtype=np.uint8)
    return _filled(blank, avatars, paint)


def _part_maps(avatars: list[Traits], size: int) -> NDArray[np.uint8]:
    blank = np.empty((len(avatars), size, size), dtype=np.uint8)
    return _filled(blank, avatars, lambda traits: part_map(draw(traits), size))


def _filled(
    pictures: NDArray[np.uint8],
    avatars: Sequence[Traits],
    paint: Callable[[Traits], NDArray[np.uint8]],
) -> NDArray[np.uint8]:
    """Paint avatar i into row i; rows are independent, so workers change no byte."""

    def place(row: int) -> None:
        pictures[row] = paint(avatars[row])

    if len(avatars) <= _SMALL_BATCH:
        for row in range(len(avatars)):
            place(row)
    else:
        list(_pool().map(place, range(len(avatars))))
    return pictures


@cache
def _pool() -> ThreadPoolExecutor:
    """One pool for the process: the rasterizer works without the interpreter's lock."""
    return ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="toon")
