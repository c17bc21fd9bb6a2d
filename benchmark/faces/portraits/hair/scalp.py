"""The hairline, the density of hair on the scalp, and sampling of strand roots."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmark.faces.portraits.hair.frame import HeadFrame

# Azimuth of the hairline, and its height (0 at brow level, 1 at the crown): full and
# receded.
_AZIMUTH = np.radians([0, 22, 38, 48, 58, 66, 72, 77, 82, 86, 110, 118, 132, 180])
_HEIGHT = np.array(
    [
        0.46,
        0.45,
        0.42,
        0.30,
        0.14,
        0.02,
        -0.1,
        -0.42,
        -0.42,
        -0.05,
        0.0,
        -0.5,
        -1.1,
        -1.2,
    ]
)
_RECEDED = np.array(
    [0.86, 0.92, 0.98, 0.94, 0.66, 0.30, 0.05, -0.26, -0.3, 0.0, 0.0, -0.5, -1.1, -1.2]
)


@dataclass(frozen=True)
class Roots:
    """Roots of S strands.

    Attributes:
        points: (S, 3) float32 on the skin.
        normals: (S, 3) float32 unit outward normals.
        azimuth: (S,) radians, 0 at the face, positive towards the picture's right.
        height: (S,) 0 at brow level, 1 at the crown.
    """

    points: np.ndarray
    normals: np.ndarray
    azimuth: np.ndarray
    height: np.ndarray

    def __len__(self) -> int:
        return len(self.points)

    def keep(self, chosen: np.ndarray) -> Roots:
        """Return the roots selected by a (S,) mask or an index array."""
        return Roots(
            self.points[chosen],
            self.normals[chosen],
            self.azimuth[chosen],
            self.height[chosen],
        )

    def joined(self, others: Roots) -> Roots:
        """Return these roots followed by others."""
        return Roots(
            np.concatenate([self.points, others.points]),
            np.concatenate([self.normals, others.normals]),
            np.concatenate([self.azimuth, others.azimuth]),
            np.concatenate([self.height, others.height]),
        )


def skull_angles(frame: HeadFrame, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return azimuth (radians) and height (1 at the crown) of points, (n,) each."""
    local = (points - frame.origin) / frame.extents
    return np.arctan2(local[:, 0], local[:, 2]), local[:, 1]


def hairline(azimuth: np.ndarray, recession: float) -> np.ndarray:
    """Height of the hairline around the head.

    Args:
        azimuth: (n,) radians, 0 at the face.
        recession: 0 (full) to 1 (hair only at the sides and back).

    Returns:
        (n,) heights; 0 at brow level, 1 at the crown.
    """
    around = np.abs(azimuth)
    low = np.interp(around, _AZIMUTH, _HEIGHT)
    high = np.interp(around, _AZIMUTH, _RECEDED)
    return low + (high - low) * min(recession, 1.0)


def hair_density(
    frame: HeadFrame, points: np.ndarray, recession: float, softness: float = 0.06
) -> np.ndarray:
    """Density of hair at points on the skin.

    Args:
        frame: The frame of the head.
        points: (n, 3) points on the skin in head space.
        recession: How far the hairline recedes, 0 to 1.
        softness: Width of the fade at the hairline, relative to the crown's height.

    Returns:
        (n,) densities, 0 (bare) to 1.
    """
    azimuth, height = skull_angles(frame, points)
    inside = (height - hairline(azimuth, recession)) / softness
    density = np.clip(inside, 0, 1) * ~_on_ear(frame, points)
    return density * (1 - _crown_patch(frame, points, recession))


def _on_ear(frame: HeadFrame, points: np.ndarray) -> np.ndarray:
    local = (points - frame.origin) / frame.extents
    low = (local[:, 1] < 0.12) & (np.abs(local[:, 2]) < 0.62)
    return low & (np.abs(local[:, 0]) > 1.0)


def _crown_patch(frame: HeadFrame, points: np.ndarray, recession: float) -> np.ndarray:
    """(n,) thinning at the crown, 0 to 1; it starts at recession 0.45."""
    local = (points - frame.origin) / frame.extents
    distance = np.hypot(local[:, 0], local[:, 2] + 0.25)
    reach = 1.05 * np.clip((recession - 0.45) / 0.5, 0, 1)
    thin = np.clip((reach - distance) / 0.22, 0, 1) * (local[:, 1] > 0.3)
    return thin * np.clip((recession - 0.45) / 0.4, 0, 1)


def _sample_surface(
    frame: HeadFrame, count: int, chosen_triangles: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """(count, 3) float32 points, uniform by area over a (T,) mask of triangles."""
    surface = frame.surface
    corners = surface.vertices[surface.triangles[chosen_triangles]]
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(cross, axis=1)
    sums = np.cumsum(area)
    chosen = np.searchsorted(sums, rng.random(count) * sums[-1], side="right")
    first, second = rng.random((2, count, 1))
    flip = first + second > 1
    first, second = np.where(flip, 1 - first, first), np.where(flip, 1 - second, second)
    triangle = corners[chosen]
    points = triangle[:, 0] * (1 - first - second)
    points = points + triangle[:, 1] * first + triangle[:, 2] * second
    return points.astype(np.float32)


def sample_roots(
    frame: HeadFrame, count: int, recession: float, rng: np.random.Generator
) -> Roots:
    """Sample strand roots over the scalp.

    Args:
        frame: The frame of the head.
        count: Number of sampled points; those outside the scalp are dropped.
        recession: How far the hairline recedes, 0 to 1.
        rng: Random number generator.

    Returns:
        At most ``count`` roots.
    """
    first = frame.surface.vertices[frame.surface.triangles[:, 0]]
    wanted = first[:, 1] > frame.origin[1] - 1.4 * frame.extents[1]
    wanted &= np.abs(first[:, 0]) < 1.4 * frame.extents[0]
    points = _sample_surface(frame, count, wanted, rng)
    density = hair_density(frame, points, recession, 0.12)
    points = points[rng.random(count) < density]
    radius, surface = frame.outer_radius(points)
    points = points[radius > surface * 0.97]
    azimuth, height = skull_angles(frame, points)
    normals = (points - frame.origin) / frame.extents**2
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return Roots(points, normals.astype(np.float32), azimuth, height)
