"""Cache of picture features, keyed by the pictures' content.

Perceptual metrics see most pictures many times: all trials of an engine share the
ground-truth renders, and each prediction is compared with every designer's.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import psutil
from cachetools import LRUCache
from numpy.typing import NDArray
from torch import Tensor

from benchmark.storage.digests import bytes_digest

LIMIT, SHARE = 2e9, 0.1
"""Default limit: bytes, and share of the machine's memory, whichever is less.

A trial of 216 faces and two designers takes 1.7e9 bytes.
"""

ComputeFeatures = Callable[[NDArray[np.uint8]], list[Tensor]]
"""Computes the features of an (S, S, 3) uint8 picture, one tensor for each layer."""


class FeatureCache:
    """Calls `compute` once for each picture while its result is in an LRU cache."""

    def __init__(self, compute: ComputeFeatures, limit: float | None = None) -> None:
        """Cache at most `limit` bytes; the default follows from LIMIT and SHARE."""
        self._compute = compute
        if limit is None:
            limit = min(LIMIT, SHARE * psutil.virtual_memory().total)
        self._cached: LRUCache[str, list[Tensor]] = LRUCache(limit, _size_in_bytes)

    def __call__(self, picture: NDArray[np.uint8]) -> list[Tensor]:
        """The features of an (S, S, 3) uint8 picture; do not modify them.

        Pictures with equal shape and content get the same tensors. Features larger than
        the whole limit are not cached.
        """
        key = bytes_digest(f"{picture.shape}".encode() + picture.tobytes())
        features = self._cached.get(key)
        if features is None:
            features = self._compute(picture)
            if _size_in_bytes(features) <= self._cached.maxsize:
                self._cached[key] = features
        return features


def _size_in_bytes(features: list[Tensor]) -> int:
    return sum(feature.nbytes for feature in features)
