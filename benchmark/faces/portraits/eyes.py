"""Eyeballs: white, veins, iris with limbal ring, pupil, wet highlights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmark.faces.portraits.light import Lights
from benchmark.faces.portraits.noise import lattice, space_noise
from benchmark.faces.portraits.people import Person
from benchmark.faces.portraits.regions import smoothstep
from benchmark.faces.portraits.tones import from_hex, to_linear

IRIS_CM = 0.62
"""Radius of the iris on the mean eyeball."""


@dataclass(frozen=True)
class EyePaint:
    """Eyeball surface at n places: albedo (n, 3), normals (n, 3), cornea (n,) 0-1."""

    albedo: np.ndarray
    normals: np.ndarray
    cornea: np.ndarray


def _axis(person: Person, camera_direction: np.ndarray, side: int) -> np.ndarray:
    """Where an eye looks: at the camera, a little off, eyes converging slightly."""
    left, up = np.deg2rad(person.scene.gaze)
    left -= side * 0.025
    aim = camera_direction + np.array([left, up, 0.0])
    return aim / np.linalg.norm(aim)


def paint_eye(
    person: Person,
    points: np.ndarray,
    centre: np.ndarray,
    camera: np.ndarray,
    radius: float,
    side: int,
) -> EyePaint:
    """Paint an eyeball.

    Args:
        person: whose eye.
        points: (n, 3) on it.
        centre: (3,) of the ball.
        camera: (3,) position of the pinhole.
        radius: of the ball in cm.
        side: 1 the person's left, -1 the right.
    """
    sphere = points - centre
    sphere /= np.linalg.norm(sphere, axis=1, keepdims=True)
    toward = camera - centre
    axis = _axis(person, toward / np.linalg.norm(toward), side)
    cosine = np.clip(sphere @ axis, -1, 1)
    flat = sphere - cosine[:, None] * axis
    around = np.arctan2(flat[:, 1], flat[:, 0])
    out = np.arccos(cosine) * radius / IRIS_CM
    grid = lattice(person.seed + 1)
    iris_tone = to_linear(from_hex(person.eye_rgb))
    fibres = space_noise(
        grid, np.stack([around * 5, out * 0.8, around * 0], 1), 0.35, 2
    )
    ring = 1 - 0.75 * smoothstep(0.72, 1.0, out)
    collar = 1 + 0.35 * np.exp(-(((out - 0.5) / 0.12) ** 2))
    brightness = ring * collar * (1.15 + 0.4 * fibres)
    iris = iris_tone * brightness[:, None]
    pupil = smoothstep(0.40, 0.33, out)[:, None]
    iris = iris * (1 - pupil) + 0.004 * pupil
    red = 0.02 + 0.05 * smoothstep(1.2, 2.4, out)
    veins = np.clip(space_noise(grid, points * 3, 0.5, 3), 0, 1) * red * 4
    white = np.array([0.47, 0.445, 0.425]) * np.exp(
        -(red + veins)[:, None] * np.array([0.3, 2.2, 2.0])
    )
    inside = smoothstep(1.03, 0.95, out)
    albedo = white * (1 - inside[:, None]) + iris * inside[:, None]
    cornea = smoothstep(1.1, 0.9, out)
    normals = sphere + 0.55 * cornea[:, None] * flat
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return EyePaint(albedo, normals, cornea)


def catchlights(
    lights: Lights, normals: np.ndarray, view: np.ndarray, shadow: np.ndarray
) -> np.ndarray:
    """Sharp reflections of lamps and surroundings on the wet eye: (n, 3)."""
    mirrored = 2 * (normals * view).sum(1, keepdims=True) * normals - view
    total = 0.022 * lights.environment.radiance(mirrored)
    for lamp, arrives in zip(lights.lamps, shadow, strict=True):
        angle = np.arccos(np.clip(mirrored @ lamp.direction, -1, 1))
        size = max(lamp.softness, 0.12)
        spot = smoothstep(size * 1.35, size * 0.8, angle) * np.sqrt(arrives)
        total += (0.035 / size**1.3 * spot)[:, None] * lamp.colour
    return total
