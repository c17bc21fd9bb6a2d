"""The head as a table of outer radii, for fast collision tests of strands.

The head is scanned once by ray casting. Above brow level, the table holds radii from
the centre of the skull; below it, radii from the vertical axis. Moving a point out of
the head then needs one table look-up instead of a mesh query.
"""

# pyright: reportInvalidTypeForm=false, reportArgumentType=false
# pyright: reportIndexIssue=false, reportAttributeAccessIssue=false

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import warp as wp

from benchmark.faces.portraits.head import Head

wp.config.log_level = wp.LOG_ERROR

wp.set_module_options({"enable_backward": False})

ROWS_ABOVE = 32
"""Table rows from the crown (row 0) to brow level (last row)."""
ROWS_BELOW = 44
"""Table rows from brow level down to the foot of the neck."""
AZIMUTHS = 96
"""Table columns around the head; column 0 looks along +z (the face)."""
FAR = 60.0
"""Distance in cm from which the scanning rays start."""


def vec3_array(values: np.ndarray) -> wp.array:
    """Copy (..., 3) values into a Warp array of vec3 on the CPU."""
    return wp.array(
        np.ascontiguousarray(values, np.float32), dtype=wp.vec3, device="cpu"
    )


@wp.kernel
def _cast(
    mesh: wp.uint64,
    starts: wp.array(dtype=wp.vec3),
    directions: wp.array(dtype=wp.vec3),
    distances: wp.array(dtype=wp.float32),
):
    ray = wp.tid()
    hit = wp.mesh_query_ray(mesh, starts[ray], directions[ray], 1.0e3)
    distances[ray] = -1.0
    if hit.result:
        distances[ray] = hit.t


class Surface:
    """Skin triangles with a search tree for ray casting.

    Args:
        vertices: (V, 3) positions in cm.
        triangles: (T, 3) vertex ids.
    """

    def __init__(self, vertices: np.ndarray, triangles: np.ndarray):
        self.vertices = np.ascontiguousarray(vertices, np.float32)
        self.triangles = np.ascontiguousarray(triangles, np.int32)
        self._mesh = wp.Mesh(
            points=wp.array(self.vertices, dtype=wp.vec3, device="cpu"),
            indices=wp.array(self.triangles.ravel(), dtype=int, device="cpu"),
        )

    def cast(self, starts: np.ndarray, directions: np.ndarray) -> np.ndarray:
        """Cast rays against the skin.

        Args:
            starts: (n, 3) ray origins.
            directions: (n, 3) unit directions.

        Returns:
            (n,) distances to the first hit in cm; -1 where a ray misses.
        """
        distances = wp.empty(len(starts), dtype=wp.float32, device="cpu")
        rays = vec3_array(starts), vec3_array(directions)
        inputs = [self._mesh.id, *rays, distances]
        wp.launch(_cast, dim=len(starts), inputs=inputs, device="cpu")
        return distances.numpy().copy()


@dataclass(frozen=True)
class HeadFrame:
    """Skull-centred coordinate frame and outer radii of one head; lengths in cm.

    Attributes:
        origin: (3,) point inside the skull at brow level.
        eye: Height of the eyes in head space.
        extents: (3,) half width, height of the crown above brow level, half depth.
        chin: Height of the chin in head space.
        depth: Distance from brow level to the last row of the table.
        radii: (ROWS_ABOVE + ROWS_BELOW, AZIMUTHS) float32 outer radii.
        surface: The skin triangles.
    """

    origin: np.ndarray
    eye: float
    extents: np.ndarray
    chin: float
    depth: float
    radii: np.ndarray
    surface: Surface

    @property
    def scale(self) -> float:
        """Size relative to the mean head (about 0.9 to 1.1)."""
        return float(self.extents[1]) / 9.5

    def height(self, mean_height: np.ndarray) -> np.ndarray:
        """Map heights on the mean head to this head.

        Args:
            mean_height: (n,) cm above the eyes of the mean head (crown 11.5, brow 2,
                mouth -7, chin -11.3).

        Returns:
            (n,) heights in head space of this head.
        """
        above = (self.origin[1] + self.extents[1] - self.eye) / 11.5
        below = (self.eye - self.chin) / 11.3
        return self.eye + mean_height * np.where(mean_height > 0, above, below)

    def outer_radius(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the radius of each point and of the head in its direction.

        Args:
            points: (n, 3) in head space.

        Returns:
            Two (n,) arrays in cm. A point is outside the head where the first value is
            the larger one.
        """
        local = points - self.origin
        above = local[:, 1] >= 0
        flat = np.hypot(local[:, 0], local[:, 2])
        radius = np.where(above, np.linalg.norm(local, axis=1), flat)
        elevation = np.arctan2(local[:, 1], flat)
        rising = (1 - elevation / (np.pi / 2)) * (ROWS_ABOVE - 1)
        sinking = ROWS_ABOVE - 1 - local[:, 1] / self.depth * ROWS_BELOW
        row = np.clip(
            np.where(above, rising, sinking), 0, ROWS_ABOVE + ROWS_BELOW - 1.001
        )
        column = np.arctan2(local[:, 0], local[:, 2]) / (2 * np.pi) * AZIMUTHS
        column = np.mod(column, AZIMUTHS)
        top, left = row.astype(int), column.astype(int) % AZIMUTHS
        down, across = row - top, column - left
        right = (left + 1) % AZIMUTHS
        upper = self.radii[top, left] * (1 - across) + self.radii[top, right] * across
        lower = (
            self.radii[top + 1, left] * (1 - across)
            + self.radii[top + 1, right] * across
        )
        return radius, upper * (1 - down) + lower * down


def _scan_rays(origin: np.ndarray, depth: float) -> tuple[np.ndarray, np.ndarray]:
    """Inward rays, one per table entry: (n, 3) starts and (n, 3) directions."""
    azimuth = np.arange(AZIMUTHS) * 2 * np.pi / AZIMUTHS
    around = np.stack([np.sin(azimuth), 0 * azimuth, np.cos(azimuth)], -1)
    elevation = (1 - np.arange(ROWS_ABOVE) / (ROWS_ABOVE - 1)) * np.pi / 2
    above = np.cos(elevation)[:, None, None] * around
    above = above + np.sin(elevation)[:, None, None] * np.array([0.0, 1.0, 0.0])
    below = np.repeat(around[None], ROWS_BELOW, 0)
    drop = np.zeros((ROWS_ABOVE + ROWS_BELOW, AZIMUTHS, 3))
    drop[ROWS_ABOVE:, :, 1] = -(np.arange(1, ROWS_BELOW + 1) * depth / ROWS_BELOW)[
        :, None
    ]
    outward = np.concatenate([above, below]).reshape(-1, 3)
    return origin + drop.reshape(-1, 3) + outward * FAR, -outward


def _half_width(vertices: np.ndarray, height: float) -> float:
    """Half width of the skull in a slice above the ears."""
    near = np.abs(vertices[:, 1] - height) < 1.2
    return float(np.abs(vertices[near, 0]).max())


def scan_head(head: Head) -> HeadFrame:
    """Scan the skin of a portrait's head.

    Args:
        head: The head in its expression.

    Returns:
        The frame of the head.
    """
    vertices, marks = head.vertices, head.landmarks
    eye, chin = (
        float((marks["eye_l"][1] + marks["eye_r"][1]) / 2),
        float(marks["chin"][1]),
    )
    crown = float(vertices[:, 1].max())
    brow = eye + 0.175 * (crown - eye)
    skull = vertices[vertices[:, 1] > eye + 0.26 * (crown - eye)]
    front, back = float(skull[:, 2].max()), float(skull[:, 2].min())
    origin = np.array([0.0, brow, (front + back) / 2], np.float32)
    half_width = _half_width(vertices, eye + 0.5 * (crown - eye))
    depth = brow - chin + 4.0
    starts, directions = _scan_rays(origin, depth)
    surface = Surface(vertices, head.triangles[head.surface == 0])
    distances = surface.cast(starts, directions)
    radii = np.where(distances > 0, FAR - distances, np.nan)
    radii = radii.reshape(ROWS_ABOVE + ROWS_BELOW, AZIMUTHS)
    neck_row = ROWS_ABOVE + int(ROWS_BELOW * (brow - chin) / depth)
    radii = _fill_missing_radii(radii, neck_row)
    return HeadFrame(
        origin,
        eye,
        np.array([half_width, crown - brow, (front - back) / 2], np.float32),
        chin,
        depth,
        radii.astype(np.float32),
        surface,
    )


def _fill_missing_radii(radii: np.ndarray, neck_row: int) -> np.ndarray:
    """Fill missing entries from the row above; below the chin, ignore shoulders."""
    for row in range(1, len(radii)):
        missing = ~np.isfinite(radii[row])
        if row > neck_row:
            missing |= radii[row] > radii[row - 1]
        radii[row] = np.where(missing, radii[row - 1], radii[row])
    return radii
