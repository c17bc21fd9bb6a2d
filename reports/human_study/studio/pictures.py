"""The pictures of the pages: faces, avatars and thumbnails of options."""

from __future__ import annotations

import io
import threading
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars import AvatarVectors
from benchmark.avatars.spec import Discrete
from reports.human_study.studio.canvas import Canvas, Faces
from reports.human_study.studio.drafts import initial_vector

AVATAR_SIZE, FACE_SIZE, SMALL_SIZE, LARGE_SIZE = 384, 640, 128, 1024
OPTION_SIZE, THUMBNAIL_SIZE = 192, 96
SMALLEST_CROP = 0.4
"""Smallest share of the avatar's width that a thumbnail shows."""
KEPT_AVATARS, KEPT_FACES, KEPT_OPTIONS = 400, 400, 400
Colours = tuple[tuple[str, str], ...]
"""Options of colour parameters, by name."""


class Pictures:
    """Encoded pictures, rendered on first use and cached in memory.

    Thread-safe: the engine renders one picture at a time, because it need not be.
    """

    def __init__(self, canvas: Canvas, faces: Faces | None = None) -> None:
        self._canvas = canvas
        self._faces = faces
        self._engine_lock = threading.Lock()
        self._option_locks: dict[str, threading.Lock] = {
            choice.name: threading.Lock() for choice in canvas.spec.discrete
        }
        self._options = lru_cache(KEPT_OPTIONS)(self._draw_options)
        self._avatar = lru_cache(KEPT_AVATARS)(self._draw_avatar)
        self.face = lru_cache(KEPT_FACES)(self._encode_face)

    def avatar(self, vector: AvatarVectors, size: int) -> bytes:
        """An avatar (one row) as PNG."""
        key = (vector.continuous.tobytes(), vector.discrete.tobytes(), size)
        return self._avatar(*key)

    def thumbnail(self, choice: Discrete, option: int, colours: Colours = ()) -> bytes:
        """One option of a parameter as PNG, cropped to where the options differ.

        `colours` are those of the avatar that the designer works on.
        """
        with self._option_locks[choice.name]:
            return self._options(choice, colours)[option]

    def prepare(self) -> None:
        """Render all thumbnails of shapes, so that the first page loads quickly.

        They have the colours of the avatar that every face starts from.
        """
        spec = self._canvas.spec
        start = initial_vector(spec).to_records()[0]
        palette = sorted(choice.name for choice in spec.discrete if choice.colours)
        colours = tuple((name, str(start[name])) for name in palette)
        for choice in spec.discrete:
            if choice.kind == "shape":
                self.thumbnail(choice, 0, colours)

    def _draw_avatar(self, continuous: bytes, discrete: bytes, size: int) -> bytes:
        vector = AvatarVectors(
            self._canvas.spec,
            np.frombuffer(continuous, np.float32).reshape(1, -1),
            np.frombuffer(discrete, np.int64).reshape(1, -1),
        )
        return _png(self._draw(vector, size))

    def _draw_options(self, choice: Discrete, colours: Colours) -> list[bytes]:
        vectors = self._canvas.options(choice)
        for name, colour in colours:
            vectors = vectors.with_value(name, colour)
        drawn = np.stack(
            [self._draw(vectors[row], OPTION_SIZE) for row in range(len(vectors))]
        )
        return [
            _png(picture, THUMBNAIL_SIZE) for picture in _crop_to_differences(drawn)
        ]

    def _draw(self, vector: AvatarVectors, size: int) -> NDArray[np.uint8]:
        with self._engine_lock:
            return self._canvas.render(vector, size)[0]

    def _encode_face(self, face: str, size: int) -> bytes:
        """A face as WebP without the metadata of its file."""
        from PIL import Image

        assert self._faces is not None
        buffer = io.BytesIO()
        picture = Image.fromarray(self._faces.pixels(face, size))
        picture.save(buffer, "webp", quality=90)
        return buffer.getvalue()


def _crop_to_differences(drawn: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(n, S, S, 3) pictures cropped to the square that contains their differences."""
    side = drawn.shape[1]
    differs = (drawn != drawn[:1]).any(axis=(0, 3))
    if not differs.any():
        return drawn
    rows, columns = (np.flatnonzero(differs.any(axis=axis)) for axis in (1, 0))
    extent = max(np.ptp(rows), np.ptp(columns)) + 1
    edge = min(side, max(round(1.15 * extent), round(SMALLEST_CROP * side)))
    top, left = (
        int(np.clip((places[0] + places[-1] + 1 - edge) // 2, 0, side - edge))
        for places in (rows, columns)
    )
    return drawn[:, top : top + edge, left : left + edge]


def _png(picture: NDArray[np.uint8], size: int | None = None) -> bytes:
    from PIL import Image

    image = Image.fromarray(picture)
    if size is not None:
        image = image.resize((size, size), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "png", compress_level=3)
    return buffer.getvalue()
