"""Drawing hair over a head, and the shadow that hair throws on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmark.avatars.part_classes import PART_IDS
from benchmark.faces.portraits.camera import Camera, pixel_rays
from benchmark.faces.portraits.hair.frame import HeadFrame
from benchmark.faces.portraits.hair.grow import Growth
from benchmark.faces.portraits.hair.scalp import cover
from benchmark.faces.portraits.hair.shading import ShadowGrid, shade, shadow_grid
from benchmark.faces.portraits.hair.strands import Layer, paint
from benchmark.faces.portraits.light import Lights

OPEN_SKY = np.array([0.0, 0.55, 0.84])
"""Direction from which ambient light mostly reaches hair that a camera sees."""


@dataclass(frozen=True)
class Shadows:
    """The shadow that a head of hair throws, on itself and on the skin.

    Attributes:
        lamps: One grid a lamp of the rig.
        sky: Grid towards the open sky, for light from all around.
    """

    lamps: tuple[ShadowGrid, ...]
    sky: ShadowGrid

    def lamp_reach(self, points: np.ndarray) -> np.ndarray:
        """Return (lamps, n) shares, 0 to 1, of each lamp's light that reach points.

        Args:
            points: (n, 3) on the skin, in the head's coordinates (cm).
        """
        return np.stack([np.exp(-0.9 * g.occlusion(points)) for g in self.lamps])

    def openness(self, points: np.ndarray) -> np.ndarray:
        """Return (n,) shares, 0 to 1, of the light from all around.

        Args:
            points: (n, 3) on the skin, in the head's coordinates (cm).
        """
        return np.exp(-0.45 * np.minimum(self.sky.occlusion(points), 2.5))


def cast_shadows(growth: Growth, lights: Lights) -> Shadows:
    """Fill the shadow grids of a head of hair.

    Args:
        growth: The hair; brows, lashes and beards throw no shadow.
        lights: The rig.

    Returns:
        The shadows, for `draw` and for shading the skin.
    """
    places, masses = [growth.frame.origin[None]], [np.zeros(1)]
    for bundle in growth.bundles:
        if bundle.part == PART_IDS["hair"]:
            places.append(bundle.points[:, 1::2].reshape(-1, 3))
            masses.append(2 * bundle.mass()[:, 1::2].ravel())
    points, mass = np.concatenate(places), np.concatenate(masses)
    grids = tuple(shadow_grid(points, mass, lamp.direction) for lamp in lights.lamps)
    return Shadows(grids, shadow_grid(points, mass, OPEN_SKY, 1.2))


def _outward(frame: HeadFrame, points: np.ndarray) -> np.ndarray:
    local = (points - frame.origin) / frame.extents
    local[..., 1] = np.maximum(local[..., 1], -0.15)
    norm = np.linalg.norm(local, axis=-1, keepdims=True)
    return (local / np.maximum(norm, 1e-6)).astype(np.float32)


def _scalp_layer(
    growth: Growth, camera: Camera, depth: np.ndarray, lights: Lights
) -> Layer:
    """The tinted scalp under the hair, drawn from the depth buffer."""
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
        density = cover(growth.frame, places, growth.recession, 0.14) * growth.tint
        normal = _outward(growth.frame, places.copy())
        alpha[seen] = density
        rgb[seen] = _scalp_light(growth.colour, normal, lights) * density[:, None]
        far[seen] = np.where(density > 0.05, depth[seen], np.inf)
        part[seen] = np.where(density > 0.5, PART_IDS["hair"], 0)
    return Layer(rgb, alpha, far, part)


def _scalp_light(colour: np.ndarray, normal: np.ndarray, lights: Lights) -> np.ndarray:
    arriving = 0.5 * lights.environment.radiance(normal)
    for lamp in lights.lamps:
        facing = np.clip(normal @ lamp.direction, 0, 1)[:, None]
        arriving = arriving + facing * np.array(lamp.colour) * 0.4
    return colour * 0.6 * arriving


def draw(
    growth: Growth,
    camera: Camera,
    depth: np.ndarray,
    lights: Lights,
    shadows: Shadows,
) -> Layer:
    """Draw hair as the camera sees it.

    Args:
        growth: The hair of one head.
        camera: The view; draw at twice the final size and shrink for smooth edges.
        depth: (size, size) depth of the head, cm along the optical axis, infinite
            where there is none.
        lights: The light rig.
        shadows: The hair's shadows, from `cast_shadows`.

    Returns:
        The layer: premultiplied linear RGB, alpha, depth, part classes.

    Raises:
        ValueError: The depth buffer is not of the camera's size.
    """
    if depth.shape != (camera.size, camera.size):
        raise ValueError(
            f"depth has shape {depth.shape}; expected {(camera.size, camera.size)}, "
            "the camera's size."
        )
    base = _scalp_layer(growth, camera, depth, lights)
    colours = [
        shade(
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
    return paint(list(growth.bundles), colours, camera, depth, base)
