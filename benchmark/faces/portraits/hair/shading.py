"""Light on strands: shadows and reflection.

Shadows use light-aligned grids of strand density, similar to deep opacity maps (Yuksel
& Keyser 2008). Reflection has a diffuse part (Kajiya & Kay 1989) and two shifted
highlights (Marschner et al. 2003): a white one towards the root and a coloured one
towards the tip.
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

from benchmark.faces.portraits.hair.frame import vec3_array
from benchmark.faces.portraits.light import Lights

wp.set_module_options({"enable_backward": False})

CELLS = 40
"""Number of cells along each edge of a shadow grid."""


@dataclass(frozen=True)
class ShadowGrid:
    """Optical depth of hair in one direction.

    Attributes:
        axes: (3, 3) unit axes as rows; the last one points towards the light.
        low: (3,) minimum coordinates along the axes.
        cell: (3,) edges of a cell in cm.
        depth: (CELLS, CELLS, CELLS) float32 optical depth between a cell and the light.
    """

    axes: np.ndarray
    low: np.ndarray
    cell: np.ndarray
    depth: np.ndarray

    def occlusion(self, points: np.ndarray) -> np.ndarray:
        """Return (n,) optical depths between points (n, 3) and the light."""
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
        points: (n, 3) points on strands.
        mass: (n,) projected area of each point in cm².
        direction: (3,) direction towards the light.
        blur: Standard deviation of the blur in cells.

    Returns:
        The shadow grid.
    """
    axes = _axes(direction)
    local = axes @ points.T.astype(np.float32)
    low, high = local.min(1) - 1.0, local.max(1) + 1.0
    cell = (high - low) / CELLS
    index = ((local - low[:, None]) / cell[:, None]).astype(np.int32)
    flat = (index[0] * CELLS + index[1]) * CELLS + index[2]
    filled = np.bincount(flat, mass, CELLS**3).reshape(CELLS, CELLS, CELLS)
    filled = ndimage.gaussian_filter(filled.astype(np.float32), blur, mode="constant")
    # Limit the density, so that the outermost strands of tied hair stay lit.
    filled = np.minimum(filled, 0.45 * cell[0] * cell[1])
    toward = np.cumsum(filled[..., ::-1], -1)[..., ::-1]
    # A cell shades itself with half of its hair.
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


def _ambient(lights: Lights, outward: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """Ambient light from the environment, attenuated by optical `depth`."""
    environment = lights.environment
    up = outward[..., 1:2]
    sky, floor = np.clip(0.5 + up, 0, 1) ** 1.5, np.clip(0.5 - up, 0, 1) ** 1.5
    rest = np.clip(1 - sky - floor, 0, 1)
    total = sky * np.array(environment.up, np.float32)
    total = total + rest * np.array(environment.side, np.float32)
    total = total + floor * np.array(environment.down, np.float32)
    facing = np.clip(outward @ environment.patch_direction.astype(np.float32), 0, 1)
    share = min(1.0, environment.patch_width**2 * 0.8)
    total = total + facing[..., None] * np.array(environment.patch, np.float32) * share
    return total * np.exp(-depth)[..., None] * 0.8


def _depth_along_strands(grid: ShadowGrid, points: np.ndarray) -> np.ndarray:
    """(S, P) optical depths of strands (S, P, 3), evaluated at every other point."""
    half = points[:, ::2]
    found = grid.occlusion(half.reshape(-1, 3)).reshape(half.shape[:2])
    return np.repeat(found, 2, axis=1)[:, : points.shape[1]]


def shade_strands(
    points: np.ndarray,
    albedo: np.ndarray,
    outward: np.ndarray,
    gloss: np.ndarray,
    eye: np.ndarray,
    lights: Lights,
    grids: tuple[ShadowGrid, ...],
    open_grid: ShadowGrid,
) -> np.ndarray:
    """Compute the light that strands reflect towards the camera.

    Args:
        points: (S, P, 3) strands.
        albedo: (S, P, 3) linear RGB.
        outward: (S, P, 3) unit vectors away from the head.
        gloss: (S,) strength of the highlights.
        eye: (3,) position of the camera.
        lights: The light rig.
        grids: One shadow grid per lamp.
        open_grid: Shadow grid for ambient light.

    Returns:
        (S, P, 3) float32 linear RGB.
    """
    shape = points.shape[:2]
    # The constant is light scattered by other strands; thick hair is not black.
    reach = [
        0.16 + 0.84 * np.exp(-1.1 * _depth_along_strands(grid, points))
        for grid in grids
    ]
    hidden = 0.55 * _depth_along_strands(open_grid, points)
    ambient = _ambient(lights, outward, np.minimum(hidden, 1.5))
    out = wp.empty(shape, dtype=wp.vec3, device="cpu")
    lamps = np.stack([lamp.direction for lamp in lights.lamps])
    colours = np.array([lamp.colour for lamp in lights.lamps])
    inputs = [
        vec3_array(points),
        vec3_array(albedo),
        vec3_array(outward),
        wp.array(gloss.astype(np.float32), device="cpu"),
        wp.vec3(*np.asarray(eye, np.float32).tolist()),
        vec3_array(lamps),
        vec3_array(colours),
        wp.array(np.stack(reach).astype(np.float32), device="cpu"),
        vec3_array(ambient),
        out,
    ]
    wp.launch(_reflect, dim=shape, inputs=inputs, device="cpu")
    return out.numpy()
