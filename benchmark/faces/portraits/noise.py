"""Seeded smooth noise in 3D space and on pictures."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

_SIDE = 32


def lattice(seed: int) -> np.ndarray:
    """Create a periodic (32, 32, 32) float32 lattice of standard normal values."""
    values = np.random.default_rng(seed).standard_normal((_SIDE,) * 3)
    return values.astype(np.float32)


def space_noise(
    grid: np.ndarray, points: np.ndarray, wavelength: float, octaves: int = 1
) -> np.ndarray:
    """Evaluate smooth noise at points.

    Args:
        grid: result of `lattice`.
        points: (n, 3) in cm.
        wavelength: lattice spacing of the first octave in cm.
        octaves: number of octaves; each has half the wavelength and half the amplitude
            of the one before.

    Returns:
        (n,) float32 with mean 0 and standard deviation about 0.5.
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
    """Draw smooth noise on a picture.

    Args:
        rng: random number generator.
        size: edge in pixels.
        wavelength: lattice spacing of the first octave, as a fraction of the edge.
        octaves: see `space_noise`.

    Returns:
        (size, size) float32 with mean 0 and standard deviation about 0.6.
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
