"""Features of pictures that were looked at before, kept by content.

All trials of an engine are compared with the same truths, and every prediction with the
truths of each designer: most pictures come up again and again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import psutil
from cachetools import LRUCache
from numpy.typing import NDArray
from torch import Tensor

LIMIT, SHARE = 2e9, 0.1
"""Bytes, and share of the machine's memory, that are kept at most. The truths and
predictions of a trial of 216 faces under two designers take 1.7e9 bytes."""

Look = Callable[[NDArray[np.uint8]], list[Tensor]]
"""From an (S, S, 3) picture to its features."""


class FeatureCache:
    """`look`, computed once for a picture while it is among those used last."""

    def __init__(self, look: Look, limit: float | None = None) -> None:
        """Keep at most `limit` bytes; by default what `LIMIT` and `SHARE` allow."""
        self._look = look
        if limit is None:
            limit = min(LIMIT, SHARE * psutil.virtual_memory().total)
        self._kept: LRUCache[str, list[Tensor]] = LRUCache(limit, _bytes)

    def __call__(self, picture: NDArray[np.uint8]) -> list[Tensor]:
        """The features of an (S, S, 3) picture, the very tensors for the same bytes."""
        name = hashlib.sha256(f"{picture.shape}".encode() + picture.tobytes())
        key = name.hexdigest()
        found = self._kept.get(key)
        if found is None:
            found = self._look(picture)
            if _bytes(found) <= self._kept.maxsize:
                self._kept[key] = found
        return found


def _bytes(features: list[Tensor]) -> int:
    return sum(feature.nbytes for feature in features)
