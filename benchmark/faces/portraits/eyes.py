"""Eyeballs: sclera, veins, iris with limbal ring, pupil and reflections."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmark.avatars.colour import hex_to_rgb, srgb_to_linear
from benchmark.faces.portraits.light import Lights
from benchmark.faces.portraits.noise import lattice, space_noise
from benchmark.faces.portraits.people import Person
from benchmark.faces.portraits.regions import smoothstep

IRIS_CM = 0.62
"""Radius of the iris in cm."""


@dataclass(frozen=True)
class EyePaint:
    """Eyeball at n points: albedo (n, 3), normals (n, 3), cornea weight (n,)."""

    albedo: np.ndarray
    normals: np.ndarray
    cornea: np.ndarray


def _axis(person: Person, camera_direction: np.ndarray, side: int) -> np.ndarray:
    """Gaze direction: towards the camera plus the scene's gaze, slightly convergent."""
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
    """Compute albedo and normals of an eyeball.

    Args:
        person: the owner of the eye.
        points: (n, 3) points on the eyeball in cm.
        centre: (3,) centre of the eyeball in cm.
        camera: (3,) position of the pinhole.
        radius: radius of the eyeball in cm.
        side: 1 for the person's left eye, -1 for the right one.
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
    iris_tone = srgb_to_linear(hex_to_rgb(person.eye_rgb) / 255)
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
    """(n, 3) sharp reflections of lamps and surroundings on the eye."""
    mirrored = 2 * (normals * view).sum(1, keepdims=True) * normals - view
    total = 0.022 * lights.environment.radiance(mirrored)
    for lamp, arrives in zip(lights.lamps, shadow, strict=True):
        angle = np.arccos(np.clip(mirrored @ lamp.direction, -1, 1))
        size = max(lamp.softness, 0.12)
        spot = smoothstep(size * 1.35, size * 0.8, angle) * np.sqrt(arrives)
        total += (0.035 / size**1.3 * spot)[:, None] * lamp.colour
    return total
