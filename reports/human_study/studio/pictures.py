"""Pictures that the pages show: faces, avatars, and thumbnails of options."""

from __future__ import annotations

import io
import threading
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars import AvatarVectors
from benchmark.avatars.spec import Discrete
from reports.human_study.studio.canvas import Canvas, Faces

AVATAR_SIZE, FACE_SIZE, SMALL_SIZE = 384, 384, 128
OPTION_SIZE, THUMBNAIL_SIZE = 192, 96
SMALLEST_CROP = 0.4
"""A thumbnail shows at least this share of the avatar's width, to be recognised."""
KEPT_AVATARS, KEPT_FACES = 400, 400


class Pictures:
    """Encoded pictures, drawn when first asked for and kept in memory.

    Threads may share it: an engine need not be thread-safe, so it draws one picture at
    a time.
    """

    def __init__(self, canvas: Canvas, faces: Faces) -> None:
        self._canvas = canvas
        self._faces = faces
        self._pen = threading.Lock()
        self._crops: dict[str, threading.Lock] = {
            choice.name: threading.Lock() for choice in canvas.spec.discrete
        }
        self._thumbnails: dict[str, list[bytes]] = {}
        self._avatar = lru_cache(KEPT_AVATARS)(self._draw_avatar)
        self.face = lru_cache(KEPT_FACES)(self._encode_face)

    def avatar(self, vector: AvatarVectors, size: int) -> bytes:
        """An avatar (one row) as PNG."""
        key = (vector.continuous.tobytes(), vector.discrete.tobytes(), size)
        return self._avatar(*key)

    def thumbnail(self, choice: Discrete, option: int) -> bytes:
        """One option of a parameter as PNG, cut to where its options differ."""
        with self._crops[choice.name]:
            if choice.name not in self._thumbnails:
                self._thumbnails[choice.name] = self._draw_options(choice)
        return self._thumbnails[choice.name][option]

    def prepare(self) -> None:
        """Draw every thumbnail, so that the first page need not wait for them."""
        for choice in self._canvas.spec.discrete:
            if choice.kind == "shape":
                self.thumbnail(choice, 0)

    def _draw_avatar(self, continuous: bytes, discrete: bytes, size: int) -> bytes:
        vector = AvatarVectors(
            self._canvas.spec,
            np.frombuffer(continuous, np.float32).reshape(1, -1),
            np.frombuffer(discrete, np.int64).reshape(1, -1),
        )
        return _png(self._draw(vector, size))

    def _draw_options(self, choice: Discrete) -> list[bytes]:
        vectors = self._canvas.options(choice)
        drawn = np.stack(
            [self._draw(vectors[row], OPTION_SIZE) for row in range(len(vectors))]
        )
        return [_png(picture, THUMBNAIL_SIZE) for picture in _where_they_differ(drawn)]

    def _draw(self, vector: AvatarVectors, size: int) -> NDArray[np.uint8]:
        with self._pen:
            return self._canvas.render(vector, size)[0]

    def _encode_face(self, face: str, size: int) -> bytes:
        """A face as WebP without whatever else its file told."""
        from PIL import Image

        buffer = io.BytesIO()
        picture = Image.fromarray(self._faces.pixels(face, size))
        picture.save(buffer, "webp", quality=90)
        return buffer.getvalue()


def _where_they_differ(drawn: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(n, S, S, 3) pictures cut to the square in which they are not all the same."""
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
