"""The pictures of a study, alike but for what they show, under empty names."""

from __future__ import annotations

import io
import secrets
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reports.forms.study import StudyError

WEBP_QUALITY = 92
THUMBNAIL = 16
"""Side in pixels of the pictures whose difference says how unlike two avatars are."""


class Album:
    """Pictures (WebP) by new ids, all square with one side in pixels.

    Ids come from the system's source of random numbers, not from a study's seed, so
    that nobody can work them out.
    """

    def __init__(self, side: int) -> None:
        self.pictures: dict[str, bytes] = {}
        self._side = side

    def take(self, path: Path) -> str:
        """Put a picture file in; its new id. StudyError where it cannot be read."""
        name = new_id()
        self.pictures[name] = _plain(path, self._side)
        return name


def new_id() -> str:
    """Sixteen random letters and digits."""
    return secrets.token_hex(8)


def _plain(path: Path, side: int) -> bytes:
    """One size, one encoding, no metadata.

    The length of the file follows from what is seen in it, and tells no more than that.
    """
    opened = _open(path)
    if opened.size != (side, side):
        opened = opened.resize((side, side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    bare = Image.fromarray(np.asarray(opened))
    bare.save(buffer, "webp", quality=WEBP_QUALITY, method=4)
    return buffer.getvalue()


def unlikeness(one: Path, other: Path) -> float:
    """Mean absolute difference of two pictures, seen small; 0 to 255."""
    return float(np.abs(_thumbnail(one) - _thumbnail(other)).mean())


@lru_cache(maxsize=4096)
def _thumbnail(path: Path) -> NDArray[np.float32]:
    small = _open(path).resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX)
    return np.asarray(small, np.float32)


def _open(path: Path) -> Image.Image:
    try:
        with Image.open(path) as opened:
            return opened.convert("RGB")
    except (OSError, ValueError):
        raise StudyError(
            f"{path} is missing or damaged: delete the trials of its run and run the "
            "suite again"
        ) from None
