"""Ray casting against triangle meshes (NVIDIA Warp).

Points are (n, 3) float32 in cm; directions are unit vectors.
"""

# pyright: reportInvalidTypeForm=false, reportArgumentType=false
# pyright: reportIndexIssue=false, reportAttributeAccessIssue=false
# pyright: reportCallIssue=false

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import warp as wp

from benchmark.faces.portraits.camera import Camera, pixel_rays

wp.config.log_level = wp.LOG_ERROR

DEVICE = "cpu"
"""Warp would take a GPU if there is one, and rounding would change pictures."""

BIAS_CM = 0.04
"""Distance of ray origins from their surface, against self-intersection."""


@wp.kernel
def _trace(
    mesh: wp.uint64,
    origin: wp.vec3,
    directions: wp.array(dtype=wp.vec3),
    face: wp.array(dtype=wp.int32),
    weights: wp.array(dtype=wp.vec3),
    distance: wp.array(dtype=wp.float32),
):
    index = wp.tid()
    hit = wp.mesh_query_ray(mesh, origin, directions[index], 1.0e5)
    if hit.result:
        face[index] = hit.face
        weights[index] = wp.vec3(hit.u, hit.v, 1.0 - hit.u - hit.v)
        distance[index] = hit.t
    else:
        face[index] = -1
        distance[index] = 1.0e6


@wp.kernel
def _reach(
    mesh: wp.uint64,
    points: wp.array(dtype=wp.vec3),
    normals: wp.array(dtype=wp.vec3),
    directions: wp.array(dtype=wp.vec3),
    samples: wp.int32,
    length: wp.float32,
    visible: wp.array(dtype=wp.float32),
):
    index = wp.tid()
    total = wp.float32(0.0)
    stride = directions.shape[0] / samples
    # Random offset per point: a regular pattern would be visible on the skin.
    turn = wp.randi(wp.rand_init(17, index), 0, stride)
    for sample in range(samples):
        direction = directions[(sample * stride + turn) % directions.shape[0]]
        # Rays below the surface are bent along it.
        lift = wp.max(0.05 - wp.dot(direction, normals[index]), 0.0)
        direction = wp.normalize(direction + lift * normals[index])
        hit = wp.mesh_query_ray(mesh, points[index], direction, length)
        if not hit.result:
            total += 1.0
    visible[index] = total / wp.float32(samples)


@wp.kernel
def _gather(
    mesh: wp.uint64,
    points: wp.array(dtype=wp.vec3),
    normals: wp.array(dtype=wp.vec3),
    directions: wp.array(dtype=wp.vec3),
    radiance: wp.array(dtype=wp.vec3),
    bounce: wp.vec3,
    length: wp.float32,
    light: wp.array(dtype=wp.vec3),
    openness: wp.array(dtype=wp.float32),
):
    index = wp.tid()
    total = wp.vec3(0.0, 0.0, 0.0)
    seen = wp.float32(0.0)
    norm = wp.float32(0.0)
    for k in range(directions.shape[0]):
        cosine = wp.dot(directions[k], normals[index])
        if cosine > 0.02:
            norm += cosine
            hit = wp.mesh_query_ray(mesh, points[index], directions[k], length)
            if hit.result:
                total += cosine * wp.cw_mul(bounce, radiance[k])
            else:
                total += cosine * radiance[k]
                seen += cosine
    light[index] = total / wp.max(norm, 1.0e-4)
    openness[index] = seen / wp.max(norm, 1.0e-4)


@dataclass(frozen=True)
class Hits:
    """First hits of camera rays.

    Attributes:
        face: (H, W) int32 triangle index, -1 for none.
        weights: (H, W, 3) float32 barycentric weights of the triangle's corners.
        distance: (H, W) float32 distance along the ray in cm, 1e6 for none.
    """

    face: np.ndarray
    weights: np.ndarray
    distance: np.ndarray


class Tracer:
    """A triangle mesh with a search tree for ray casting."""

    def __init__(self, vertices: np.ndarray, triangles: np.ndarray) -> None:
        """Build the tree of a mesh: (V, 3) float32 vertices, (T, 3) int32 triangles."""
        self._mesh = wp.Mesh(
            points=_vectors(vertices),
            indices=wp.array(
                np.ascontiguousarray(triangles.ravel()), dtype=wp.int32, device=DEVICE
            ),
        )

    def cast_camera_rays(self, camera: Camera) -> Hits:
        """Cast one ray per pixel."""
        origin, directions = pixel_rays(camera)
        count = camera.size**2
        face = wp.empty(count, dtype=wp.int32, device=DEVICE)
        weights = wp.zeros(count, dtype=wp.vec3, device=DEVICE)
        distance = wp.empty(count, dtype=wp.float32, device=DEVICE)
        wp.launch(
            _trace,
            count,
            [self._mesh.id, wp.vec3(*origin.tolist()), _vectors(directions)],
            [face, weights, distance],
            device=DEVICE,
        )
        shape = (camera.size, camera.size)
        return Hits(
            face.numpy().reshape(shape),
            weights.numpy().reshape(*shape, 3),
            distance.numpy().reshape(shape),
        )

    def visibility(
        self,
        points: np.ndarray,
        normals: np.ndarray,
        direction: np.ndarray,
        softness: float,
        samples: int = 6,
    ) -> np.ndarray:
        """Share (n,) of a lamp's light that reaches points.

        Args:
            points: (n, 3) in cm.
            normals: (n, 3) unit; rays below the surface are bent along it.
            direction: (3,) unit vector towards the lamp.
            softness: angular radius of the lamp in radians.
            samples: rays per point.
        """
        start = (points + BIAS_CM * normals).astype(np.float32)
        visible = wp.empty(len(start), dtype=wp.float32)
        cone = _cone(direction, softness, samples * 8)
        wp.launch(
            _reach,
            len(start),
            [
                self._mesh.id,
                _vectors(start),
                _vectors(normals),
                _vectors(cone),
                samples,
                60.0,
            ],
            [visible],
            device=DEVICE,
        )
        return visible.numpy()

    def gather_light(
        self,
        points: np.ndarray,
        normals: np.ndarray,
        directions: np.ndarray,
        radiance: np.ndarray,
        bounce: np.ndarray,
        reach: float = 25.0,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Cosine-weighted mean of ambient light (n, 3), and openness (n,).

        Args:
            points: (n, 3) in cm.
            normals: (n, 3) unit.
            directions: (k, 3) unit vectors over the whole sphere.
            radiance: (k, 3) linear RGB from each direction.
            bounce: (3,) albedo of occluders, which reflect the blocked light.
            reach: distance in cm within which geometry occludes.
        """
        start = (points + BIAS_CM * normals).astype(np.float32)
        light = wp.empty(len(start), dtype=wp.vec3)
        openness = wp.empty(len(start), dtype=wp.float32)
        wp.launch(
            _gather,
            len(start),
            [
                self._mesh.id,
                _vectors(start),
                _vectors(normals),
                _vectors(directions),
                _vectors(radiance),
                wp.vec3(*[float(b) for b in bounce]),
                reach,
            ],
            [light, openness],
            device=DEVICE,
        )
        return light.numpy(), openness.numpy()


def _vectors(values: np.ndarray) -> wp.array:
    flat = np.ascontiguousarray(values.reshape(-1, 3), dtype=np.float32)
    return wp.array(flat, dtype=wp.vec3, device=DEVICE)


def _cone(direction: np.ndarray, softness: float, count: int) -> np.ndarray:
    """Unit vectors (count, 3) spread over a cone around `direction`."""
    first = np.cross(direction, [0.3, 0.9, 0.32])
    first /= np.linalg.norm(first)
    second = np.cross(direction, first)
    index = np.arange(count)
    radius = softness * np.sqrt((index + 0.5) / count)
    angle = index * 2.399963
    rows = (
        direction
        + (radius * np.cos(angle))[:, None] * first
        + (radius * np.sin(angle))[:, None] * second
    )
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    # Interleave, so that any run of neighbours covers the whole cone.
    return rows.reshape(-1, 8, 3).swapaxes(0, 1).reshape(-1, 3)


def sphere_directions(count: int) -> np.ndarray:
    """Evenly spread unit vectors (count, 3) (Fibonacci sphere)."""
    index = np.arange(count) + 0.5
    y = 1 - 2 * index / count
    ring = np.sqrt(1 - y * y)
    angle = np.pi * (1 + 5**0.5) * index
    return np.stack([ring * np.cos(angle), y, ring * np.sin(angle)], -1)
