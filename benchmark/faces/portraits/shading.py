"""Light on surfaces: soft light from all around, lamps with shadows, gloss, glow.

Lamp colours and radiances are such that a white, matt surface that faces a lamp
sends its colour back unchanged (no factor π anywhere).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from benchmark.faces.portraits.light import Lights
from benchmark.faces.portraits.raycast import Tracer, sphere_directions

SKY = sphere_directions(30).astype(np.float32)
"""Directions in which the environment is sampled."""

BOUNCE = np.array([0.42, 0.34, 0.3])
"""Share of light that whatever occludes the surroundings sends on."""

# How far light travels in skin, cm: red light far more than blue.
_GLOW_CM = (0.34, 0.15, 0.09)
_GLOW_SHARE = (0.8, 0.65, 0.55)


@dataclass(frozen=True)
class Light:
    """What arrives at n places.

    Attributes:
        diffuse: (n, 3) linear RGB: times albedo, it is what a matt surface sends back.
        shadow: (lamps, n) share of each lamp that arrives.
        opening: (n,) share of the surroundings in view.
    """

    diffuse: np.ndarray
    shadow: np.ndarray
    opening: np.ndarray


def arriving(
    lights: Lights,
    tracer: Tracer,
    points: np.ndarray,
    normals: np.ndarray,
    soft: tuple[np.ndarray, np.ndarray],
    *,
    wrap: float = 0.0,
    samples: int = 3,
) -> Light:
    """Add up lamps and surroundings.

    Args:
        lights: the rig.
        tracer: what casts shadows.
        points: (n, 3).
        normals: (n, 3) shading normals.
        soft: (n, 3) gathered light and (n,) openness, from `Tracer.gather`.
        wrap: how far light creeps round the edge of shade (skin about 0.2).
        samples: shadow rays a lamp.
    """
    gathered, opening = soft
    total = np.array(gathered, np.float64)
    shadow = np.zeros((len(lights.lamps), len(points)), np.float32)
    for index, lamp in enumerate(lights.lamps):
        cosine = normals @ lamp.direction
        facing = np.clip((cosine + wrap) / (1 + wrap), 0, 1)
        lit = np.nonzero(facing > 0)[0]
        rays = samples if lamp.softness > 0.05 else 1
        if len(lit):
            shadow[index, lit] = tracer.visibility(
                points[lit], normals[lit], lamp.direction, lamp.softness, rays
            )
        total += (facing * shadow[index])[:, None] * lamp.colour
    return Light(total, shadow, opening)


def gloss(
    lights: Lights,
    light: Light,
    normals: np.ndarray,
    view: np.ndarray,
    roughness: np.ndarray | float,
    reflectance: float = 0.028,
) -> np.ndarray:
    """Specular light (n, 3): GGX lobes of the lamps, a blurred mirror of the rest."""
    rough = np.maximum(np.asarray(roughness), 0.05)
    facing = np.clip((normals * view).sum(1), 0.02, 1)
    total = np.zeros((len(normals), 3))
    for lamp, arrives in zip(lights.lamps, light.shadow, strict=True):
        alpha = np.clip(rough**2 + 0.25 * lamp.softness, 0.02, 1)
        half = view + lamp.direction
        half = half / np.linalg.norm(half, axis=1, keepdims=True)
        cosine = np.clip((normals * half).sum(1), 0, 1)
        lamp_cosine = np.clip(normals @ lamp.direction, 0, 1)
        lobe = alpha**2 / np.maximum((cosine**2 * (alpha**2 - 1) + 1) ** 2, 1e-6)
        fresnel = (
            reflectance
            + (1 - reflectance) * (1 - np.clip((view * half).sum(1), 0, 1)) ** 5
        )
        mask = 1 / np.maximum(lamp_cosine + facing, 0.15)
        power = 0.5 * lobe * fresnel * mask * lamp_cosine * arrives
        total += power[:, None] * lamp.colour
    mirrored = 2 * (normals * view).sum(1, keepdims=True) * normals - view
    around = lights.environment.radiance(mirrored)
    rim = (
        reflectance
        + (np.maximum(1 - rough, reflectance) - reflectance) * (1 - facing) ** 5
    )
    return total + (0.55 * rim * light.opening**1.5)[:, None] * around


def glow(
    diffuse: np.ndarray, rows: np.ndarray, columns: np.ndarray, size: int, cm: float
) -> np.ndarray:
    """Spread light under the skin, red the farthest.

    Args:
        diffuse: (n, 3) arriving light.
        rows: (n,) pixel rows.
        columns: (n,) pixel columns.
        size: edge of the picture in pixels.
        cm: pixels per centimetre.

    Returns:
        (n, 3) the same light after it has travelled.
    """
    mask = np.zeros((size, size), np.float32)
    mask[rows, columns] = 1
    spread = np.empty_like(diffuse)
    for channel, (length, share) in enumerate(zip(_GLOW_CM, _GLOW_SHARE, strict=True)):
        picture = np.zeros((size, size), np.float32)
        picture[rows, columns] = diffuse[:, channel]
        sigma = length * cm
        blurred = ndimage.gaussian_filter(picture, sigma)
        weight = ndimage.gaussian_filter(mask, sigma)
        far = (blurred / np.maximum(weight, 1e-3))[rows, columns]
        spread[:, channel] = (1 - share) * diffuse[:, channel] + share * far
    return spread
