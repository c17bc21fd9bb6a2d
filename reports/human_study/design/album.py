"""The pictures of a study, alike but for what they show, under empty names."""

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
"""Side in pixels of the pictures whose difference says how unlike two avatars are."""


class Album:
    """Pictures (WebP) by new ids, all square with one side in pixels.

    Ids come from the system's source of random numbers, not from a study's seed, so
    that nobody can work them out.
    """

    def __init__(self, side: int) -> None:
        self._side = side
        self._groups: defaultdict[str, dict[str, bytes]] = defaultdict(dict)

    def take(self, path: Path, group: str) -> str:
        """Put a picture file in; its new id. StudyError where it cannot be read.

        Pictures of one group are told apart by nothing but what they show.
        """
        name = new_id()
        self._groups[group][name] = _plain(path, self._side)
        return name

    @property
    def pictures(self) -> dict[str, bytes]:
        """The files by their ids; those of one group have the same length."""
        found: dict[str, bytes] = {}
        for group in self._groups.values():
            longest = max(map(len, group.values()))
            for name, data in group.items():
                found[name] = _lengthened(data, longest - len(data), self._side)
        return found


def new_id() -> str:
    """Sixteen random letters and digits."""
    return secrets.token_hex(8)


def _plain(path: Path, side: int) -> bytes:
    """One size, one encoding, no metadata."""
    opened = _open(path)
    if opened.size != (side, side):
        opened = opened.resize((side, side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    bare = Image.fromarray(np.asarray(opened))
    bare.save(buffer, "webp", quality=WEBP_QUALITY, method=4)
    return buffer.getvalue()


def _lengthened(data: bytes, more: int, side: int) -> bytes:
    """A plain WebP with so many empty bytes in a chunk of its own.

    The length of a picture tells how much there is to draw, and methods differ in that:
    who sees lengths alone could follow a method through a study. Only the extended
    format may hold further chunks, which readers pass over.
    """
    flags, edge = bytes(4), struct.pack("<I", side - 1)[:3]
    chunks = _chunk(b"VP8X", flags + edge + edge) + data[12:]
    chunks += _chunk(b"JUNK", bytes(more))
    return _chunk(b"RIFF", b"WEBP" + chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content


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
