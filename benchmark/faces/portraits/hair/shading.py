"""Light on strands: how much reaches them, and what they send back.

Shadows come from light-aligned grids of strand density (the idea of deep opacity
maps, Yuksel & Keyser 2008); the reflection has a diffuse part after Kajiya & Kay
(1989) and the two shifted highlights of Marschner et al. (2003): a white one towards
the root, a coloured one towards the tip.
"""

# pyright: reportInvalidTypeForm=false, reportArgumentType=false
# pyright: reportIndexIssue=false, reportAttributeAccessIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false
# pyright: reportGeneralTypeIssues=false

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import warp as wp
from scipy import ndimage

from benchmark.faces.portraits.light import Lights

wp.set_module_options({"enable_backward": False})

CELLS = 40
"""Cells along each edge of a shadow grid."""


@dataclass(frozen=True)
class ShadowGrid:
    """How much hair lies before each place, seen from one direction.

    Attributes:
        axes: (3, 3) rows: two across, the last towards the light.
        low: (3,) smallest coordinates along the axes.
        cell: (3,) cell edges, cm.
        depth: (CELLS, CELLS, CELLS) float32 centimetres of hair between a cell and
            the light.
    """

    axes: np.ndarray
    low: np.ndarray
    cell: np.ndarray
    depth: np.ndarray

    def occlusion(self, points: np.ndarray) -> np.ndarray:
        """Return (n,) optical depths of hair before points (n, 3)."""
        at = (points @ self.axes.T - self.low) / self.cell - 0.5
        return ndimage.map_coordinates(
            self.depth, at.T, order=1, mode="nearest", prefilter=False
        )


def _axes(direction: np.ndarray) -> np.ndarray:
    toward = direction / np.linalg.norm(direction)
    first = np.cross(toward, [0.31, 0.2, 0.93])
    first /= np.linalg.norm(first)
    return np.stack([first, np.cross(toward, first), toward]).astype(np.float32)


def shadow_grid(
    points: np.ndarray, mass: np.ndarray, direction: np.ndarray, blur: float = 0.8
) -> ShadowGrid:
    """Fill a grid with strand density and sum it along the light.

    Args:
        points: (n, 3) places of hair.
        mass: (n,) projected area that each stands for, cm².
        direction: (3,) towards the light.
        blur: Softness in cells.

    Returns:
        The grid.
    """
    axes = _axes(direction)
    local = axes @ points.T.astype(np.float32)
    low, high = local.min(1) - 1.0, local.max(1) + 1.0
    cell = (high - low) / CELLS
    index = ((local - low[:, None]) / cell[:, None]).astype(np.int32)
    flat = (index[0] * CELLS + index[1]) * CELLS + index[2]
    filled = np.bincount(flat, mass, CELLS**3).reshape(CELLS, CELLS, CELLS)
    filled = ndimage.gaussian_filter(filled.astype(np.float32), blur, mode="constant")
    # However tightly hair is bound, light still finds its outermost strands.
    filled = np.minimum(filled, 0.45 * cell[0] * cell[1])
    toward = np.cumsum(filled[..., ::-1], -1)[..., ::-1]
    # A cell does not shade itself in full; half of it lies behind its middle.
    return ShadowGrid(axes, low, cell, (toward - filled / 2) / (cell[0] * cell[1]))


@wp.kernel
def _reflect(
    points: wp.array2d(dtype=wp.vec3),
    albedo: wp.array2d(dtype=wp.vec3),
    outward: wp.array2d(dtype=wp.vec3),
    gloss: wp.array(dtype=wp.float32),
    eye: wp.vec3,
    directions: wp.array(dtype=wp.vec3),
    colours: wp.array(dtype=wp.vec3),
    reach: wp.array3d(dtype=wp.float32),
    ambient: wp.array2d(dtype=wp.vec3),
    out: wp.array2d(dtype=wp.vec3),
):
    strand, index = wp.tid()
    count = points.shape[1]
    before = wp.max(index - 1, 0)
    after = wp.min(index + 1, count - 1)
    tangent = wp.normalize(points[strand, after] - points[strand, before])
    view = wp.normalize(eye - points[strand, index])
    normal = outward[strand, index]
    base = albedo[strand, index]
    shine = gloss[strand]
    total = wp.cw_mul(base, ambient[strand, index])
    sine_view = wp.dot(tangent, view)
    for lamp in range(directions.shape[0]):
        light = directions[lamp]
        sine = wp.dot(tangent, light)
        along = wp.sqrt(wp.max(1.0 - sine * sine, 0.0))
        facing = 0.25 + 0.75 * wp.clamp(wp.dot(normal, light) * 0.6 + 0.4, 0.0, 1.0)
        arrive = reach[lamp, strand, index] * facing
        bright = (base[0] + base[1] + base[2]) / 3.0
        lit = base * (along * (0.62 + 0.3 * bright))
        first = sine + sine_view - 0.12
        second = sine + sine_view + 0.2
        white = wp.exp(-first * first / 0.03) * 0.12 * shine
        tinted = wp.exp(-second * second / 0.09) * 0.42 * shine
        glow = wp.vec3(
            wp.pow(base[0], 0.75), wp.pow(base[1], 0.75), wp.pow(base[2], 0.75)
        )
        lit = lit + (wp.vec3(white, white, white) + glow * tinted) * along
        total = total + wp.cw_mul(lit, colours[lamp]) * arrive
    out[strand, index] = total


def _vectors(values: np.ndarray) -> wp.array:
    return wp.array(
        np.ascontiguousarray(values, np.float32), dtype=wp.vec3, device="cpu"
    )


def _ambient(lights: Lights, outward: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """Blurred sky, horizon, floor and window light, dimmed inside the hair."""
    world = lights.environment
    up = outward[..., 1:2]
    sky, floor = np.clip(0.5 + up, 0, 1) ** 1.5, np.clip(0.5 - up, 0, 1) ** 1.5
    rest = np.clip(1 - sky - floor, 0, 1)
    total = sky * np.array(world.up, np.float32)
    total = total + rest * np.array(world.side, np.float32)
    total = total + floor * np.array(world.down, np.float32)
    facing = np.clip(outward @ world.patch_direction.astype(np.float32), 0, 1)
    share = min(1.0, world.patch_width**2 * 0.8)
    total = total + facing[..., None] * np.array(world.patch, np.float32) * share
    return total * np.exp(-depth)[..., None] * 0.8


def _along(grid: ShadowGrid, points: np.ndarray) -> np.ndarray:
    """(S, P) optical depths along strands (S, P, 3), looked up at every other point."""
    half = points[:, ::2]
    found = grid.occlusion(half.reshape(-1, 3)).reshape(half.shape[:2])
    return np.repeat(found, 2, axis=1)[:, : points.shape[1]]


def shade(
    points: np.ndarray,
    albedo: np.ndarray,
    outward: np.ndarray,
    gloss: np.ndarray,
    eye: np.ndarray,
    lights: Lights,
    grids: tuple[ShadowGrid, ...],
    open_grid: ShadowGrid,
) -> np.ndarray:
    """Return the light that strands send to the eye.

    Args:
        points: (S, P, 3) strands.
        albedo: (S, P, 3) linear RGB.
        outward: (S, P, 3) unit vectors away from the head.
        gloss: (S,) strength of the highlights.
        eye: (3,) the camera's place.
        lights: The light rig.
        grids: One shadow grid a lamp.
        open_grid: Grid towards the open sky and the camera, for ambient light.

    Returns:
        (S, P, 3) float32 linear RGB.
    """
    shape = points.shape[:2]
    # Light that other strands scatter forward keeps thick hair from going black.
    reach = [0.16 + 0.84 * np.exp(-1.1 * _along(grid, points)) for grid in grids]
    hidden = 0.55 * _along(open_grid, points)
    ambient = _ambient(lights, outward, np.minimum(hidden, 1.5))
    out = wp.empty(shape, dtype=wp.vec3, device="cpu")
    lamps = np.stack([lamp.direction for lamp in lights.lamps])
    colours = np.array([lamp.colour for lamp in lights.lamps])
    inputs = [
        _vectors(points),
        _vectors(albedo),
        _vectors(outward),
        wp.array(gloss.astype(np.float32), device="cpu"),
        wp.vec3(*np.asarray(eye, np.float32).tolist()),
        _vectors(lamps),
        _vectors(colours),
        wp.array(np.stack(reach).astype(np.float32), device="cpu"),
        _vectors(ambient),
        out,
    ]
    wp.launch(_reflect, dim=shape, inputs=inputs, device="cpu")
    return out.numpy()
