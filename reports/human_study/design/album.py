"""The pictures of a study under random ids, in one format and size."""

from __future__ import annotations

import io
import secrets
import struct
from collections import defaultdict
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reports.human_study.design.study import StudyError

WEBP_QUALITY = 92
THUMBNAIL = 16
"""Side in pixels of the thumbnails that `pixel_difference` compares."""


class Album:
    """WebP pictures by random id, all square with the same side in pixels.

    Ids come from the system's random source, not from the study's seed, so that
    nobody can reproduce them.
    """

    def __init__(self, side: int) -> None:
        self._side = side
        self._groups: defaultdict[str, dict[str, bytes]] = defaultdict(dict)

    def add(self, path: Path, group: str) -> str:
        """Add a picture file and return its new id.

        Files of one group get the same length. Raises StudyError if the file cannot
        be read.
        """
        name = new_id()
        self._groups[group][name] = _reencode(path, self._side)
        return name

    @property
    def pictures(self) -> dict[str, bytes]:
        """The file contents by id. Files of one group have the same length."""
        pictures: dict[str, bytes] = {}
        for group in self._groups.values():
            longest = max(map(len, group.values()))
            for name, data in group.items():
                pictures[name] = _pad(data, longest - len(data), self._side)
        return pictures


def new_id() -> str:
    """A random id of sixteen hexadecimal digits."""
    return secrets.token_hex(8)


def _reencode(path: Path, side: int) -> bytes:
    """The picture in one size and encoding, without metadata."""
    opened = _open(path)
    if opened.size != (side, side):
        opened = opened.resize((side, side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    bare = Image.fromarray(np.asarray(opened))
    bare.save(buffer, "webp", quality=WEBP_QUALITY, method=4)
    return buffer.getvalue()


def _pad(data: bytes, more: int, side: int) -> bytes:
    """A WebP file with `more` zero bytes in an extra chunk.

    File lengths depend on the content and could reveal which method drew a picture.
    Only the extended WebP format allows extra chunks; readers ignore them.
    """
    flags, edge = bytes(4), struct.pack("<I", side - 1)[:3]
    chunks = _chunk(b"VP8X", flags + edge + edge) + data[12:]
    chunks += _chunk(b"JUNK", bytes(more))
    return _chunk(b"RIFF", b"WEBP" + chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content


def pixel_difference(one: Path, other: Path) -> float:
    """Mean absolute difference of two pictures' thumbnails, 0 to 255."""
    return float(np.abs(_thumbnail(one) - _thumbnail(other)).mean())


@lru_cache(maxsize=4096)
def _thumbnail(path: Path) -> NDArray[np.float32]:
    small = _open(path).resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX)
    return np.asarray(small, np.float32)


def _open(path: Path) -> Image.Image:
    try:
        with Image.open(path) as opened:
            return opened.convert("RGB")
    except (OSError, ValueError, Image.DecompressionBombError):
        raise StudyError(
            f"{path} is missing or damaged; delete the trials of its run and run the "
            "suite again"
        ) from None
