"""Light on surfaces: ambient light, lamps with shadows, specular and subsurface light.

Lamp colours and radiances include the factor π: a white matt surface that faces a lamp
reflects exactly the colour of the lamp.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from benchmark.faces.portraits.light import Lights
from benchmark.faces.portraits.raycast import Tracer, sphere_directions

ENVIRONMENT_DIRECTIONS = sphere_directions(30).astype(np.float32)
"""(30, 3) directions in which ambient light is sampled."""

OCCLUDER_ALBEDO = np.array([0.42, 0.34, 0.3])
"""Share of ambient light (linear RGB) that an occluder reflects."""

# Blur in cm of light under the skin by channel, and the share of light blurred.
_SCATTER_CM = (0.34, 0.15, 0.09)
_SCATTER_SHARE = (0.8, 0.65, 0.55)


@dataclass(frozen=True)
class IncomingLight:
    """Light that reaches n points.

    Attributes:
        diffuse: (n, 3) linear RGB; a matt surface reflects it times its albedo.
        shadow: (lamps, n) share of each lamp that is not blocked.
        openness: (n,) share of the surroundings that is not blocked.
    """

    diffuse: np.ndarray
    shadow: np.ndarray
    openness: np.ndarray


def incoming_light(
    lights: Lights,
    tracer: Tracer,
    points: np.ndarray,
    normals: np.ndarray,
    soft: tuple[np.ndarray, np.ndarray],
    *,
    wrap: float = 0.0,
    samples: int = 3,
) -> IncomingLight:
    """Sum lamp light, with shadows, and ambient light.

    Args:
        lights: the light rig.
        tracer: everything that casts shadows.
        points: (n, 3) in cm.
        normals: (n, 3) unit shading normals.
        soft: (n, 3) ambient light and (n,) openness, from `Tracer.gather_light`.
        wrap: wrap lighting; 0 is Lambert, skin uses about 0.2.
        samples: shadow rays per lamp.
    """
    gathered, openness = soft
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
    return IncomingLight(total, shadow, openness)


def specular_light(
    lights: Lights,
    light: IncomingLight,
    normals: np.ndarray,
    view: np.ndarray,
    roughness: np.ndarray | float,
    reflectance: float = 0.028,
) -> np.ndarray:
    """Specular light (n, 3): GGX lobes of lamps, blurred environment reflections."""
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
    return total + (0.55 * rim * light.openness**1.5)[:, None] * around


def scatter_under_skin(
    diffuse: np.ndarray, rows: np.ndarray, columns: np.ndarray, size: int, cm: float
) -> np.ndarray:
    """Approximate subsurface scattering by a blur in picture space, widest for red.

    Args:
        diffuse: (n, 3) incoming light.
        rows: (n,) pixel rows.
        columns: (n,) pixel columns.
        size: edge of the picture in pixels.
        cm: pixels per centimetre.

    Returns:
        (n, 3) scattered light.
    """
    mask = np.zeros((size, size), np.float32)
    mask[rows, columns] = 1
    spread = np.empty_like(diffuse)
    for channel, (length, share) in enumerate(
        zip(_SCATTER_CM, _SCATTER_SHARE, strict=True)
    ):
        picture = np.zeros((size, size), np.float32)
        picture[rows, columns] = diffuse[:, channel]
        sigma = length * cm
        blurred = ndimage.gaussian_filter(picture, sigma)
        weight = ndimage.gaussian_filter(mask, sigma)
        far = (blurred / np.maximum(weight, 1e-3))[rows, columns]
        spread[:, channel] = (1 - share) * diffuse[:, channel] + share * far
    return spread
