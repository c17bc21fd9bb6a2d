"""Draw hair over a head, and compute the shadow that it casts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmark.avatars.part_classes import PART_IDS
from benchmark.faces.portraits.camera import Camera, pixel_rays
from benchmark.faces.portraits.hair.frame import HeadFrame
from benchmark.faces.portraits.hair.grow import HairGrowth
from benchmark.faces.portraits.hair.scalp import hair_density
from benchmark.faces.portraits.hair.shading import (
    ShadowGrid,
    shade_strands,
    shadow_grid,
)
from benchmark.faces.portraits.hair.strands import Layer, draw_strands
from benchmark.faces.portraits.light import Lights

OPEN_SKY = np.array([0.0, 0.55, 0.84])
"""Unit direction from which most ambient light reaches visible hair."""


@dataclass(frozen=True)
class HairShadows:
    """The shadow that hair casts on itself and on other surfaces.

    Attributes:
        lamps: One grid per lamp of the rig.
        sky: Grid in direction ``OPEN_SKY``, for ambient light.
    """

    lamps: tuple[ShadowGrid, ...]
    sky: ShadowGrid

    def lamp_transmission(self, points: np.ndarray) -> np.ndarray:
        """Return (lamps, n) the share of each lamp's light that reaches points.

        Args:
            points: (n, 3) points in head space (cm).
        """
        return np.stack([np.exp(-0.9 * g.occlusion(points)) for g in self.lamps])

    def ambient_transmission(self, points: np.ndarray) -> np.ndarray:
        """Return (n,) the share of ambient light that reaches points.

        Args:
            points: (n, 3) points in head space (cm).
        """
        return np.exp(-0.45 * np.minimum(self.sky.occlusion(points), 2.5))


def cast_shadows(growth: HairGrowth, lights: Lights) -> HairShadows:
    """Compute the shadow grids of hair.

    Args:
        growth: The hair. Brows, lashes and beards cast no shadow.
        lights: The light rig.

    Returns:
        The shadows, for ``draw_hair`` and for shading skin and clothes.
    """
    places, masses = [growth.frame.origin[None]], [np.zeros(1)]
    for bundle in growth.bundles:
        if bundle.part == PART_IDS["hair"]:
            places.append(bundle.points[:, 1::2].reshape(-1, 3))
            masses.append(2 * bundle.mass()[:, 1::2].ravel())
    points, mass = np.concatenate(places), np.concatenate(masses)
    grids = tuple(shadow_grid(points, mass, lamp.direction) for lamp in lights.lamps)
    return HairShadows(grids, shadow_grid(points, mass, OPEN_SKY, 1.2))


def _outward(frame: HeadFrame, points: np.ndarray) -> np.ndarray:
    local = (points - frame.origin) / frame.extents
    local[..., 1] = np.maximum(local[..., 1], -0.15)
    norm = np.linalg.norm(local, axis=-1, keepdims=True)
    return (local / np.maximum(norm, 1e-6)).astype(np.float32)


def _scalp_layer(
    growth: HairGrowth, camera: Camera, depth: np.ndarray, lights: Lights
) -> Layer:
    """The tint of the scalp under the hair, drawn from the depth buffer."""
    size = camera.size
    rgb = np.zeros((size, size, 3), np.float32)
    alpha = np.zeros((size, size), np.float32)
    far = np.full((size, size), np.inf, np.float32)
    part = np.zeros((size, size), np.uint8)
    if growth.tint:
        origin, rays = pixel_rays(camera)
        seen = np.isfinite(depth)
        forward = rays[seen] @ camera.rotation[2]
        places = origin + rays[seen] * (depth[seen] / forward)[:, None]
        density = (
            hair_density(growth.frame, places, growth.recession, 0.14) * growth.tint
        )
        normal = _outward(growth.frame, places.copy())
        alpha[seen] = density
        rgb[seen] = _scalp_light(growth.colour, normal, lights) * density[:, None]
        far[seen] = np.where(density > 0.05, depth[seen], np.inf)
        part[seen] = np.where(density > 0.5, PART_IDS["hair"], 0)
    return Layer(rgb, alpha, far, part)


def _scalp_light(colour: np.ndarray, normal: np.ndarray, lights: Lights) -> np.ndarray:
    incoming_light = 0.5 * lights.environment.radiance(normal)
    for lamp in lights.lamps:
        facing = np.clip(normal @ lamp.direction, 0, 1)[:, None]
        incoming_light = incoming_light + facing * np.array(lamp.colour) * 0.4
    return colour * 0.6 * incoming_light


def draw_hair(
    growth: HairGrowth,
    camera: Camera,
    depth: np.ndarray,
    lights: Lights,
    shadows: HairShadows,
) -> Layer:
    """Draw hair.

    Args:
        growth: The hair of one head.
        camera: The view.
        depth: (size, size) depth of what is already drawn, in cm along the optical
            axis; infinite where nothing is drawn.
        lights: The light rig.
        shadows: Result of ``cast_shadows``.

    Returns:
        The layer of hair.

    Raises:
        ValueError: If the shape of ``depth`` is not (camera.size, camera.size).
    """
    if depth.shape != (camera.size, camera.size):
        raise ValueError(
            f"depth has shape {depth.shape}; expected {(camera.size, camera.size)}"
        )
    base = _scalp_layer(growth, camera, depth, lights)
    colours = [
        shade_strands(
            bundle.points,
            bundle.albedo(),
            _outward(growth.frame, bundle.points.copy()),
            bundle.gloss,
            camera.position,
            lights,
            shadows.lamps,
            shadows.sky,
        )
        for bundle in growth.bundles
    ]
    return draw_strands(list(growth.bundles), colours, camera, depth, base)
