"""Brows and lashes: short strands on the face, placed by eye landmarks."""

from __future__ import annotations

import numpy as np

from benchmark.faces.portraits.hair.frame import HeadFrame
from benchmark.faces.portraits.head import Head
from benchmark.faces.portraits.people import Person

BROW_HAIRS = 420
"""Number of hairs per brow."""
LASHES = 46
"""Number of lashes per upper lid."""


def brow_curve(
    person: Person, head: Head, side: str, t: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centre line and half thickness of a brow.

    Args:
        person: The person; ``brow_thickness``, ``brow_arch``, ``brow_angle`` are used.
        head: The head; its eye landmarks are used.
        side: ``"l"`` or ``"r"``.
        t: (n,) position along the brow: 0 at the inner end, 1 at the outer end.

    Returns:
        x (n,), y (n,) and half thickness (n,) in head space (cm).
    """
    marks = head.landmarks
    inner, outer = marks[f"eye_inner_{side}"], marks[f"eye_outer_{side}"]
    sign = 1.0 if side == "l" else -1.0
    centre = marks[f"eye_{side}"]
    x = inner[0] - 0.3 * sign + (outer[0] - inner[0] + 1.15 * sign) * t
    arch = 0.05 + 1.15 * person.brow_arch
    bump = np.interp(t, [0, 0.3, 0.62, 1], [0.0, 0.62, 1.0, 0.1])
    bump = 0.6 * bump + 0.4 * np.sin(np.pi * np.clip(t * 0.88, 0, 1)) ** 1.2
    tilt = (person.brow_angle - 0.45) * 2.5
    y = centre[1] + 1.62 + arch * (bump - 0.35) + tilt * (t - 0.4)
    thickness = 0.11 + 0.47 * person.brow_thickness
    profile = np.interp(t, [0, 0.08, 0.3, 0.65, 1], [0.75, 1.0, 1.0, 0.72, 0.2])
    return x, y, thickness * profile


def _on_face(frame: HeadFrame, x: np.ndarray, y: np.ndarray, off: float) -> np.ndarray:
    """(n, 3) points on the front of the face at x and y, raised by ``off`` cm."""
    starts = np.stack([x, y, np.full_like(x, 30.0)], -1)
    ahead = np.tile(np.array([0.0, 0.0, -1.0]), (len(x), 1))
    distance = frame.surface.cast(starts, ahead)
    return np.stack([x, y, 30.0 - distance + off], -1)


def grow_brows(
    person: Person, head: Head, frame: HeadFrame, rng: np.random.Generator
) -> np.ndarray:
    """Return (2 * BROW_HAIRS, 4, 3) float32 brow hairs.

    Args:
        person: The person; ``brow_thickness``, ``brow_arch``, ``brow_angle`` are used.
        head: The head in its expression.
        frame: The frame of the head.
        rng: Random number generator.
    """
    paths = []
    for side in ("l", "r"):
        t = rng.random(BROW_HAIRS) ** 0.9
        across = rng.uniform(-1, 1, BROW_HAIRS)
        across = across * np.abs(across) ** -0.15
        x, y, half = brow_curve(person, head, side, t)
        ahead_x, ahead_y, _ = brow_curve(person, head, side, np.minimum(t + 0.1, 1.1))
        along = np.stack([ahead_x - x, ahead_y - y], -1)
        along /= np.linalg.norm(along, axis=1, keepdims=True)
        # Hairs point up at the inner end and along the brow at the outer end.
        rise = np.interp(t, [0, 0.15, 0.45, 1], [1.3, 0.7, 0.25, -0.1]) - 0.35 * across
        way = along + np.stack([0 * rise, rise], -1)
        way /= np.linalg.norm(way, axis=1, keepdims=True)
        length = rng.uniform(0.35, 0.7, BROW_HAIRS) * (0.7 + 0.5 * half / 0.4)
        y = y + across * half
        steps = np.linspace(-0.3, 0.7, 4)[:, None] * length
        px, py = x + steps * way[:, 0], y + steps * way[:, 1]
        points = _on_face(frame, px.ravel(), py.ravel(), 0.06)
        paths.append(points.reshape(4, BROW_HAIRS, 3).transpose(1, 0, 2))
    return np.concatenate(paths).astype(np.float32)


def grow_lashes(head: Head, rng: np.random.Generator) -> np.ndarray:
    """Return (2 * LASHES, 4, 3) float32 upper lashes along the edge of the lids.

    Args:
        head: The head in its expression.
        rng: Random number generator.
    """
    paths = []
    for side, sign in (("l", 1.0), ("r", -1.0)):
        inner, top, outer = (
            head.landmarks[f"{name}_{side}"]
            for name in ("eye_inner", "lid_top", "eye_outer")
        )
        t = rng.uniform(0.12, 1.0, LASHES)[:, None]
        bend = 2 * top - (inner + outer) / 2
        edge = inner * (1 - t) ** 2 + bend * 2 * t * (1 - t) + outer * t**2
        way = np.concatenate([sign * (t - 0.45) * 0.9, 0.35 + 0 * t, 0.9 + 0 * t], -1)
        length = rng.uniform(0.35, 0.75, (LASHES, 1)) * (0.5 + 0.5 * t)
        steps = np.linspace(0, 1, 4)[None, :, None]
        curl = steps**2 * np.array([0.0, 0.55, 0.0])
        points = edge[:, None] + (way[:, None] * steps + curl) * length[:, None]
        paths.append(points + np.array([0.0, 0.0, 0.05]))
    return np.concatenate(paths).astype(np.float32)
