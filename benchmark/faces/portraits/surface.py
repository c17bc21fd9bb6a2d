"""The visible surface of a mesh: position, normal and vertex data at each pixel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from benchmark.faces.portraits.camera import Camera, pixel_rays
from benchmark.faces.portraits.raycast import Hits


@dataclass(frozen=True)
class VisiblePixels:
    """The n pixels of a picture in which a mesh is visible.

    Attributes:
        rows: (n,) pixel rows.
        columns: (n,) pixel columns.
        face: (n,) index of the visible triangle.
        points: (n, 3) positions in cm.
        normals: (n, 3) unit normals that face the camera.
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
    """Interpolate vertex values (V, ...) at corners (n, 3) with weights (n, 3)."""
    shape = (-1, 3) + (1,) * (values.ndim - 1)
    return (values[corners] * weights.reshape(shape)).sum(1)


def visible_pixels(
    camera: Camera,
    hits: Hits,
    triangles: np.ndarray,
    normals: np.ndarray,
    fields: Mapping[str, np.ndarray],
    *,
    two_sided: bool = False,
) -> VisiblePixels:
    """Interpolate a mesh at the pixels in which it is visible.

    Args:
        camera: the camera that cast the rays.
        hits: result of `Tracer.cast_camera_rays`.
        triangles: (T, 3) vertex ids of the mesh.
        normals: (V, 3) normals of the mesh.
        fields: (V, ...) vertex data to interpolate, by name.
        two_sided: flip normals that point away from the camera (for cloth).
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
    # At silhouettes, smooth normals can point away: bend them back to grazing.
    smooth = smooth - np.maximum(away + 0.02, 0)[:, None] * ray
    smooth /= np.maximum(np.linalg.norm(smooth, axis=1, keepdims=True), 1e-6)
    return VisiblePixels(
        rows=rows,
        columns=columns,
        face=face,
        points=origin + ray * distance[:, None],
        normals=smooth.astype(np.float32),
        view=-ray,
        depth=distance * (ray @ camera.rotation[2].astype(np.float32)),
        fields={k: interpolate(v, corners, weights) for k, v in fields.items()},
    )


def bump_normals(
    pixels: VisiblePixels, relief: np.ndarray, camera: Camera
) -> np.ndarray:
    """Bump mapping: tilt normals by the slope of a relief.

    Args:
        pixels: n pixels.
        relief: (n,) heights in cm.
        camera: the camera of the pixels.

    Returns:
        (n, 3) unit normals.
    """
    height = np.full((camera.size, camera.size), np.nan, np.float32)
    height[pixels.rows, pixels.columns] = relief
    pixel_cm = np.median(pixels.depth) / camera.focal
    down, right = (np.nan_to_num(g) / pixel_cm for g in np.gradient(height))
    x_axis, y_axis = camera.rotation[0], camera.rotation[1]
    slope = (
        right[pixels.rows, pixels.columns][:, None] * x_axis
        + down[pixels.rows, pixels.columns][:, None] * y_axis
    )
    slope = np.clip(slope, -0.8, 0.8)
    normals = pixels.normals - slope
    return normals / np.linalg.norm(normals, axis=1, keepdims=True)
