"""Seeded smooth noise in space, on pictures and along lines."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

_SIDE = 32


def lattice(seed: int) -> np.ndarray:
    """A periodic (32, 32, 32) lattice of standard normal values."""
    values = np.random.default_rng(seed).standard_normal((_SIDE,) * 3)
    return values.astype(np.float32)


def space_noise(
    grid: np.ndarray, points: np.ndarray, wavelength: float, octaves: int = 1
) -> np.ndarray:
    """Smooth noise at points.

    Args:
        grid: a `lattice`.
        points: (n, 3) in cm.
        wavelength: cm between independent values of the first octave.
        octaves: each next one has half the wavelength and half the strength.

    Returns:
        (n,) float32 of mean 0 and deviation about 0.5.
    """
    total = np.zeros(len(points), np.float32)
    across = np.ascontiguousarray(points.T, np.float32)
    for octave in range(octaves):
        at = across * np.float32(2**octave / wavelength) + np.float32(7.3 * octave)
        cell = np.floor(at)
        smooth = at - cell
        smooth = smooth * smooth * (3 - 2 * smooth)
        total += ndimage.map_coordinates(
            grid,
            cell + smooth,
            output=np.float32,
            order=1,
            mode="grid-wrap",
            prefilter=False,
        ) * (0.5**octave)
    return total


def picture_noise(
    rng: np.random.Generator, size: int, wavelength: float, octaves: int = 1
) -> np.ndarray:
    """Smooth noise on a picture.

    Args:
        rng: source of chance.
        size: edge in pixels.
        wavelength: as a part of the edge.
        octaves: each next one has half the wavelength and half the strength.

    Returns:
        (size, size) float32 of mean 0, deviation about 0.6.
    """
    total = np.zeros((size, size), np.float32)
    for octave in range(octaves):
        cells = max(2, round(2**octave / wavelength)) + 3
        coarse = rng.standard_normal((cells, cells)).astype(np.float32)
        at = np.linspace(1, cells - 2, size)
        total += 0.5**octave * ndimage.map_coordinates(
            coarse, np.meshgrid(at, at, indexing="ij"), order=3
        )
    return total
