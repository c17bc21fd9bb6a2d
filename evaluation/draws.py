"""The random draws of the bootstrap and of the sign-flip test.

They are seeded. A report asks for the same draws many times, so they are kept, as one
byte a number where faces are many: 5,000 resamples of 10,000 faces take 50 MB.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

SEED = 0
FEW_FACES = 1000
"""Up to this many faces, rows are kept as they are drawn (40 MB)."""
KEPT_NUMBERS = 256_000_000
"""More numbers than this are not kept, but drawn again for each use."""
BLOCK_ROWS = 32
"""Resamples that are converted to floating point at the same time."""

Draw = Callable[[int, int], NDArray[np.integer]]


def resampled_means(values: NDArray[np.float64], resamples: int) -> NDArray[np.float64]:
    """(resamples,) means of (n,) values, of the draws that scipy's bootstrap makes."""
    if len(values) <= FEW_FACES:
        return values[_rows(len(values), resamples)].mean(axis=-1)
    return _sums(_row_counts, values, resamples) / len(values)


def flipped_sums(values: NDArray[np.float64], resamples: int) -> NDArray[np.float64]:
    """(resamples,) sums of (n,) values with random signs."""
    return _sums(_signs, values, resamples)


def resample_counts(faces: int, resamples: int) -> NDArray[np.integer]:
    """(resamples, faces) counts of how often each face is drawn; read-only."""
    return _drawn(_multinomial, faces, resamples)


def _sums(
    draw: Draw, values: NDArray[np.float64], resamples: int
) -> NDArray[np.float64]:
    """The product of a (resamples, n) table and (n,) values, block by block."""
    table = _drawn(draw, len(values), resamples)
    sums = np.empty(resamples)
    for start in range(0, resamples, BLOCK_ROWS):
        block = slice(start, start + BLOCK_ROWS)
        sums[block] = table[block].astype(np.float64) @ values
    return sums


def _drawn(draw: Draw, faces: int, resamples: int) -> NDArray[np.integer]:
    if faces * resamples > KEPT_NUMBERS:
        return draw(faces, resamples)
    return _kept(draw, faces, resamples)


@lru_cache(maxsize=8)
def _kept(draw: Draw, faces: int, resamples: int) -> NDArray[np.integer]:
    table = draw(faces, resamples)
    table.setflags(write=False)
    return table


@lru_cache(maxsize=4)
def _rows(faces: int, resamples: int) -> NDArray[np.int64]:
    """(resamples, faces) rows to draw."""
    return np.random.default_rng(SEED).integers(0, faces, (resamples, faces))


def _row_counts(faces: int, resamples: int) -> NDArray[np.integer]:
    """(resamples, faces): how often `_rows` draws each row."""
    rng = np.random.default_rng(SEED)
    counts = np.empty((resamples, faces), np.uint8)
    for resample in range(resamples):
        rows = rng.integers(0, faces, faces)
        # No row is drawn 256 times: the counts are Poisson with mean 1.
        counts[resample] = np.bincount(rows, minlength=faces)
    return counts


def _multinomial(faces: int, resamples: int) -> NDArray[np.integer]:
    rng = np.random.default_rng(SEED)
    chances = np.full(faces, 1 / faces)
    counts = np.empty((resamples, faces), np.int16)
    for resample in range(resamples):
        counts[resample] = rng.multinomial(faces, chances)
    return counts


def _signs(count: int, resamples: int) -> NDArray[np.integer]:
    """(resamples, count) signs, each 1 or -1."""
    rng = np.random.default_rng(SEED)
    signs = np.empty((resamples, count), np.int8)
    for resample in range(resamples):
        signs[resample] = 2 * rng.integers(0, 2, count) - 1
    return signs
