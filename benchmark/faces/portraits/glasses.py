"""Glasses: rims, bridge and temples as tubes, and lenses with reflections."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmark.avatars.colour import srgb_to_linear
from benchmark.faces.portraits.camera import Camera, pixel_rays
from benchmark.faces.portraits.head import Head, merge_meshes, topology, vertex_normals
from benchmark.faces.portraits.light import Lights
from benchmark.faces.portraits.people import Person


@dataclass(frozen=True)
class Frame:
    """Shape of a frame.

    Attributes:
        half_width: half width of a lens, relative to half the eye distance.
        half_height: half height of a lens in cm.
        corner: superellipse exponent of the lens outline (2 is round, 5 is boxy).
        upper: tube radius of the upper rim in cm.
        lower: tube radius of the lower rim in cm.
    """

    half_width: float
    half_height: float
    corner: float
    upper: float
    lower: float


FRAMES: dict[str, Frame] = {
    "round": Frame(0.76, 2.15, 2.0, 0.13, 0.13),
    "rectangle": Frame(0.84, 1.55, 5.0, 0.19, 0.17),
    "oval": Frame(0.83, 1.55, 2.2, 0.12, 0.12),
    "browline": Frame(0.83, 1.8, 3.0, 0.32, 0.07),
}
"""Frames by the values of `Person.glasses`."""

# sRGB of frames: black (twice as likely), tortoise, metal, gold, blue, red.
_TONES = (
    (0.05, 0.05, 0.06),
    (0.05, 0.05, 0.06),
    (0.25, 0.14, 0.08),
    (0.55, 0.55, 0.57),
    (0.62, 0.5, 0.3),
    (0.12, 0.18, 0.34),
    (0.4, 0.08, 0.1),
)


@dataclass(frozen=True)
class Spectacles:
    """Glasses on a head.

    Attributes:
        vertices: (V, 3) vertices of the frame in cm.
        triangles: (T, 3) vertex ids.
        normals: (V, 3) unit normals.
        albedo: (3,) linear RGB of the frame.
        lenses: centre (3,), half width and half height (cm) of each lens.
        corner: superellipse exponent of the lens outline.
    """

    vertices: np.ndarray
    triangles: np.ndarray
    normals: np.ndarray
    albedo: np.ndarray
    lenses: tuple[tuple[np.ndarray, float, float], ...]
    corner: float


def _tube(
    path: np.ndarray, radius: np.ndarray, *, closed: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Vertices and triangles of a tube around a path (p, 3) with radii (p,)."""
    if closed:
        along = np.roll(path, -1, 0) - np.roll(path, 1, 0)
    else:
        along = np.gradient(path, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True) + 1e-9
    helper = np.where(abs(along[:, 2:]) > 0.8, [[0.0, 1, 0]], [[0.0, 0, 1]])
    first = np.cross(along, helper)
    first /= np.linalg.norm(first, axis=1, keepdims=True) + 1e-9
    second = np.cross(along, first)
    turn = np.arange(8) * np.pi / 4
    ring = (
        np.cos(turn)[None, :, None] * first[:, None]
        + np.sin(turn)[None, :, None] * second[:, None]
    )
    vertices = path[:, None] + ring * radius[:, None, None]
    count = len(path)
    steps = count if closed else count - 1
    a = (np.arange(steps)[:, None] * 8 + np.arange(8)).ravel()
    right = (np.arange(steps)[:, None] * 8 + (np.arange(8) + 1) % 8).ravel()
    b, right_b = (a + 8) % (8 * count), (right + 8) % (8 * count)
    triangles = np.concatenate(
        [np.stack([a, b, right], -1), np.stack([right, b, right_b], -1)]
    )
    return vertices.reshape(-1, 3), triangles


def _rim(
    centre: np.ndarray, wide: float, tall: float, frame: Frame
) -> tuple[np.ndarray, np.ndarray]:
    turn = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    x = np.sign(np.cos(turn)) * abs(np.cos(turn)) ** (2 / frame.corner) * wide
    y = np.sign(np.sin(turn)) * abs(np.sin(turn)) ** (2 / frame.corner) * tall
    lift = (np.sin(turn) + 1) / 2
    sharp = 1 / (1 + np.exp(-(lift - 0.55) * 14))
    radius = frame.lower + (frame.upper - frame.lower) * sharp
    bow = -0.025 * (centre[0] + x) ** 2 + 0.025 * centre[0] ** 2
    path = np.stack([centre[0] + x, centre[1] + y, centre[2] + bow], -1)
    return _tube(path, radius, closed=True)


def fit_glasses(person: Person, head: Head) -> Spectacles:
    """Build the glasses of a person.

    Args:
        person: the wearer; `glasses` is a name in `FRAMES`.
        head: the person's head.
    """
    frame = FRAMES[person.glasses]
    rng = np.random.default_rng([person.seed, 9])
    marks = head.landmarks
    eyes = (marks["eye_l"], marks["eye_r"])
    span = float(eyes[0][0] - eyes[1][0]) / 2
    wide = span * frame.half_width * rng.uniform(0.97, 1.05)
    tall = frame.half_height * rng.uniform(0.9, 1.1)
    front = max(float(marks["lid_top_l"][2]), float(marks["nose_root"][2])) + 0.75
    middle_y = float(eyes[0][1]) - 0.45
    pieces, lenses = [], []
    ear_at = topology().regions["ears"] > 0.5
    for side, eye in zip((1, -1), eyes, strict=True):
        centre = np.array([side * span * 1.04, middle_y, front - 0.12])
        pieces.append(_rim(centre, wide, tall, frame))
        lenses.append((centre, wide, tall))
        ear = head.vertices[ear_at & (np.sign(head.vertices[:, 0]) == np.sign(eye[0]))]
        top = ear[np.argmax(ear[:, 1])]
        start = centre + np.array([side * wide, 0.55 * tall, -0.35])
        hinge = np.array([side * (abs(top[0]) - 0.25), start[1], start[2] - 1.2])
        end = np.array([side * (abs(top[0]) - 0.4), top[1] - 0.3, top[2]])
        path = np.concatenate(
            [np.linspace(start, hinge, 4, endpoint=False), np.linspace(hinge, end, 12)]
        )
        thick = np.full(len(path), max(0.11, 0.8 * frame.upper))
        pieces.append(_tube(path, thick, closed=False))
    pieces.append(_bridge(lenses, wide, tall, frame))
    vertices, triangles = merge_meshes(pieces)
    vertices, triangles = vertices.astype(np.float32), triangles.astype(np.int32)
    tone = np.array(_TONES[rng.integers(len(_TONES))])
    return Spectacles(
        vertices,
        triangles,
        vertex_normals(vertices, triangles),
        srgb_to_linear(tone),
        tuple(lenses),
        frame.corner,
    )


def _bridge(lenses: list, wide: float, tall: float, frame: Frame):
    left, right = lenses[0][0], lenses[1][0]
    inner = left[0] - wide
    x = np.linspace(-inner, inner, 9)
    y = left[1] + 0.35 * tall + 0.25 * (1 - (x / inner) ** 2)
    z = (left[2] + right[2]) / 2 + 0.25 + 0 * x
    path = np.stack([x, y, z], -1)
    return _tube(path, np.full(9, max(0.11, 0.75 * frame.upper)), closed=False)


def lens_glare(
    glasses: Spectacles, camera: Camera, lights: Lights, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compute the reflections on the lenses.

    Args:
        glasses: the glasses on the head.
        camera: the view.
        lights: the light rig that is reflected.
        seed: random seed of the coating's tint.

    Returns:
        (size, size) bool mask of the lenses, (size, size, 3) reflected light, and
        (size, size) distance to the lens plane in cm, infinite outside.
    """
    origin, rays = pixel_rays(camera)
    inside = np.zeros(rays.shape[:2], bool)
    mirrored = np.zeros(rays.shape)
    depth = np.full(rays.shape[:2], np.inf, np.float32)
    coat = np.array([0.5, 0.9, 0.75]) if seed % 2 else np.array([0.7, 0.75, 1.0])
    for centre, wide, tall in glasses.lenses:
        distance = (centre[2] - origin[2]) / np.minimum(rays[..., 2], -1e-3)
        at = origin + rays * distance[..., None] - centre
        shape = abs(at[..., 0] / wide) ** glasses.corner
        shape = shape + abs(at[..., 1] / tall) ** glasses.corner
        here = shape < 1
        # Lenses are convex, so each point reflects another direction.
        normal = np.stack(
            [at[..., 0] * 0.09, at[..., 1] * 0.09 + 0.05, 1 + 0 * at[..., 0]]
        )
        normal = np.moveaxis(normal / np.linalg.norm(normal, axis=0), 0, -1)
        ray = rays[here]
        bounce = ray - 2 * (ray * normal[here]).sum(-1, keepdims=True) * normal[here]
        light = 0.035 * lights.environment.radiance(bounce)
        for lamp in lights.lamps:
            near = np.arccos(np.clip(bounce @ lamp.direction, -1, 1))
            width = max(lamp.softness, 0.1)
            spot = np.exp(-((near / width) ** 4))
            light = light + 0.35 * spot[:, None] * lamp.colour * coat
        mirrored[here] = light
        inside |= here
        depth[here] = distance[here]
    return inside, mirrored, depth
