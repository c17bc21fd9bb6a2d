"""What is seen at each pixel of a mesh: places, normals and regions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from benchmark.faces.portraits.camera import Camera, pixel_rays
from benchmark.faces.portraits.raycast import Hits


@dataclass(frozen=True)
class Seen:
    """The n pixels of a picture where a mesh is seen.

    Attributes:
        rows: (n,) pixel rows.
        columns: (n,) pixel columns.
        face: (n,) triangle.
        points: (n, 3) world cm.
        normals: (n, 3) unit, turned towards the camera.
        view: (n, 3) unit vectors towards the camera.
        depth: (n,) cm along the optical axis.
        fields: (n, ...) interpolated vertex data by name.
    """

    rows: np.ndarray
    columns: np.ndarray
    face: np.ndarray
    points: np.ndarray
    normals: np.ndarray
    view: np.ndarray
    depth: np.ndarray
    fields: Mapping[str, np.ndarray]


def interpolate(
    values: np.ndarray, corners: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Blend vertex values (V, ...) at triangle corners (n, 3) by weights (n, 3)."""
    shape = (-1, 3) + (1,) * (values.ndim - 1)
    return (values[corners] * weights.reshape(shape)).sum(1)


def look(
    camera: Camera,
    hits: Hits,
    triangles: np.ndarray,
    normals: np.ndarray,
    fields: Mapping[str, np.ndarray],
    *,
    two_sided: bool = False,
) -> Seen:
    """Collect what rays met.

    Args:
        camera: that cast the rays.
        hits: what they met.
        triangles: (T, 3) of the mesh.
        normals: (V, 3) of the mesh.
        fields: vertex data to interpolate, by name.
        two_sided: turn normals that point away (cloth has no inside).
    """
    rows, columns = np.nonzero(hits.face >= 0)
    face = hits.face[rows, columns]
    weights = hits.weights[rows, columns]
    corners = triangles[face]
    origin, rays = pixel_rays(camera)
    ray = rays[rows, columns]
    distance = hits.distance[rows, columns]
    smooth = interpolate(normals, corners, weights)
    smooth /= np.maximum(np.linalg.norm(smooth, axis=1, keepdims=True), 1e-6)
    away = (smooth * ray).sum(1)
    if two_sided:
        smooth = np.where(away[:, None] > 0, -smooth, smooth)
        away = -abs(away)
    # A silhouette's smooth normal may point off: bend it back to grazing.
    smooth = smooth - np.maximum(away + 0.02, 0)[:, None] * ray
    smooth /= np.maximum(np.linalg.norm(smooth, axis=1, keepdims=True), 1e-6)
    return Seen(
        rows=rows,
        columns=columns,
        face=face,
        points=origin + ray * distance[:, None],
        normals=smooth.astype(np.float32),
        view=-ray,
        depth=distance * (ray @ camera.rotation[2].astype(np.float32)),
        fields={k: interpolate(v, corners, weights) for k, v in fields.items()},
    )


def bump(seen: Seen, relief: np.ndarray, camera: Camera) -> np.ndarray:
    """Tilt normals by a relief.

    Args:
        seen: the pixels.
        relief: (n,) heights in cm.
        camera: of the picture.

    Returns:
        (n, 3) unit normals.
    """
    height = np.full((camera.size, camera.size), np.nan, np.float32)
    height[seen.rows, seen.columns] = relief
    pixel_cm = np.median(seen.depth) / camera.focal
    down, right = (np.nan_to_num(g) / pixel_cm for g in np.gradient(height))
    x_axis, y_axis = camera.rotation[0], camera.rotation[1]
    slope = (
        right[seen.rows, seen.columns][:, None] * x_axis
        + down[seen.rows, seen.columns][:, None] * y_axis
    )
    slope = np.clip(slope, -0.8, 0.8)
    normals = seen.normals - slope
    return normals / np.linalg.norm(normals, axis=1, keepdims=True)
