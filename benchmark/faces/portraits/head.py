"""The head of a person as a smooth mesh with regions and landmarks.

Coordinates are in centimetres: y up, face towards +z, the person's left at +x, origin
between the eyes of the mean head. The mesh is the MakeHuman base mesh after one step of
Catmull-Clark subdivision. Each vertex also has canonical coordinates: its position on
the mean head. Regions and skin textures are functions of these, so they move with the
surface.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import sparse

from benchmark.faces.portraits.people import Person
from benchmark.faces.portraits.regions import region_weights
from benchmark.faces.portraits.shape import (
    apply_actions,
    basis,
    eye_centres,
    neutral_vertices,
)

SURFACES: tuple[str, ...] = (
    "body",
    "eye_l",
    "eye_r",
    "teeth_upper",
    "teeth_lower",
    "tongue",
)
"""Kinds of surface. `Head.surface` holds an index into this tuple per triangle."""


FLOOR = -27.0
"""Canonical height in cm at which the body is cut off, below any camera's view."""


@dataclass(frozen=True)
class Head:
    """A head with neck and shoulders, in its expression.

    Attributes:
        vertices: (V, 3) float32, cm.
        triangles: (T, 3) int32, counter-clockwise from outside.
        normals: (V, 3) float32 unit vertex normals.
        surface: (T,) uint8 index into `SURFACES`.
        canonical: (V, 3) float32 positions of the vertices on the mean head.
        regions: (V,) float32 weights 0-1 by name (`regions.region_weights`).
        landmarks: (3,) points by name: `shape.LANDMARKS` and `shape.SILHOUETTE` on
            both sides, and the eyeball centres `eye_l` and `eye_r`.
        eye_radius: radius of the eyeballs, cm.
    """

    vertices: np.ndarray
    triangles: np.ndarray
    normals: np.ndarray
    surface: np.ndarray
    canonical: np.ndarray
    regions: Mapping[str, np.ndarray]
    landmarks: Mapping[str, np.ndarray]
    eye_radius: float


@dataclass(frozen=True)
class Topology:
    """Properties that all heads share. Fields not listed here are those of `Head`.

    Attributes:
        smoother: (V, base) matrix from base vertices to subdivided vertices.
        coarse: (C,) ids of the vertices that stem from base vertices.
        spread: (V, C) matrix that interpolates values from coarse to all vertices.
    """

    smoother: sparse.csr_matrix
    coarse: np.ndarray
    spread: sparse.csr_matrix
    triangles: np.ndarray
    surface: np.ndarray
    canonical: np.ndarray
    regions: Mapping[str, np.ndarray]


def _edges(quads: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Unique edges (E, 2) of quads, and (Q, 4) the index of the edge at each corner."""
    pairs = np.stack([quads, np.roll(quads, -1, axis=1)], -1).reshape(-1, 2)
    unique, index = np.unique(np.sort(pairs, axis=1), axis=0, return_inverse=True)
    return unique, index.reshape(quads.shape)


def _averaging_matrix(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]):
    """Matrix that averages the columns listed for each row, and their numbers."""
    matrix = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=shape)
    total = np.asarray(matrix.sum(1)).ravel()
    return sparse.diags_array(1 / np.maximum(total, 1)) @ matrix, total


def catmull_clark(
    quads: np.ndarray, count: int
) -> tuple[sparse.csr_matrix, sparse.csr_matrix, np.ndarray, np.ndarray]:
    """One step of Catmull-Clark subdivision as a matrix.

    Args:
        quads: (Q, 4) vertex ids.
        count: number of vertices V.

    Returns:
        (V + Q + E, V) matrix from old to new vertices, the same without smoothing,
        (4 Q, 4) new quads, and (4 Q,) the index of the old quad of each.
    """
    edges, edge_of = _edges(quads)
    n_quads, n_edges = len(quads), len(edges)
    face_rows = np.repeat(np.arange(n_quads), 4)
    faces, _ = _averaging_matrix(face_rows, quads.ravel(), (n_quads, count))
    edge_rows = np.repeat(np.arange(n_edges), 2)
    middles, _ = _averaging_matrix(edge_rows, edges.ravel(), (n_edges, count))
    edge_faces, uses = _averaging_matrix(edge_of.ravel(), face_rows, (n_edges, n_quads))
    inside = sparse.diags_array((uses == 2).astype(float))
    rim = sparse.diags_array((uses != 2).astype(float))
    edge_points = inside @ (0.5 * middles + 0.5 * (edge_faces @ faces)) + rim @ middles
    point_faces, valence = _averaging_matrix(quads.ravel(), face_rows, (count, n_quads))
    point_edges, _ = _averaging_matrix(edges.ravel(), edge_rows, (count, n_edges))
    open_points = np.zeros(count, bool)
    open_points[edges[uses != 2].ravel()] = True
    n = np.maximum(valence, 3)
    smooth = ~open_points & (valence > 0)
    keep = np.where(smooth, (n - 3) / n, 1.0)
    points = (
        sparse.diags_array(keep)
        + sparse.diags_array(np.where(smooth, 1 / n, 0)) @ point_faces @ faces
        + sparse.diags_array(np.where(smooth, 2 / n, 0)) @ point_edges @ middles
    )
    matrix = sparse.csr_matrix(sparse.vstack([points, faces, edge_points]))
    plain = sparse.csr_matrix(sparse.vstack([sparse.eye_array(count), faces, middles]))
    face_ids = count + np.arange(n_quads)
    edge_ids = count + n_quads + edge_of
    corners = [
        np.stack(
            [quads[:, k], edge_ids[:, k], face_ids, edge_ids[:, k - 1]],
            axis=1,
        )
        for k in range(4)
    ]
    return matrix, plain, np.concatenate(corners), np.tile(np.arange(n_quads), 4)


@lru_cache(maxsize=1)
def topology() -> Topology:
    """Build the properties that all heads share; cached per process."""
    shapes = basis()
    quads = np.concatenate([shapes.quads[name] for name in SURFACES])
    kinds = np.concatenate(
        [np.full(len(shapes.quads[n]), i, np.uint8) for i, n in enumerate(SURFACES)]
    )
    matrix, plain, fine, parent = catmull_clark(quads, len(shapes.mean))
    canonical = np.asarray(matrix @ shapes.mean, np.float32)
    seen = (canonical[fine, 1] > FLOOR).all(1)
    fine, parent = fine[seen], parent[seen]
    triangles = np.concatenate([fine[:, [0, 1, 2]], fine[:, [0, 2, 3]]])
    used, compact = np.unique(triangles, return_inverse=True)
    matrix = matrix[used].astype(np.float32)
    bases = used[used < len(shapes.mean)]
    spread = plain[used].astype(np.float32)
    # Near the floor, dropped vertices are missing from the sums; it is not visible.
    spread = spread[:, bases]
    canonical = canonical[used]
    compact = compact.reshape(triangles.shape).astype(np.int32)
    surface = np.tile(kinds[parent], 2)
    on_body = np.zeros(len(used), bool)
    on_body[compact[surface == 0]] = True
    return Topology(
        smoother=matrix,
        coarse=np.arange(len(bases)),
        spread=spread,
        triangles=compact,
        surface=surface,
        canonical=canonical,
        regions=region_weights(canonical, on_body),
    )


def vertex_normals(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Return (V, 3) float32 unit normals, weighted by triangle area."""
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    faces = np.cross(b - a, c - a)
    rows = triangles.T.ravel()
    columns = np.tile(np.arange(len(triangles)), 3)
    gather = sparse.csr_matrix(
        (np.ones(len(rows), np.float32), (rows, columns)),
        shape=(len(vertices), len(triangles)),
    )
    normals = gather @ faces
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return (normals / np.maximum(length, 1e-9)).astype(np.float32)


def merge_meshes(
    meshes: Sequence[tuple[np.ndarray, np.ndarray]],
) -> tuple[np.ndarray, np.ndarray]:
    """Merge meshes, each (vertices (V, 3), triangles (T, 3)), into one."""
    starts = np.cumsum([0, *[len(vertices) for vertices, _ in meshes]])
    triangles = [t + start for (_, t), start in zip(meshes, starts, strict=False)]
    vertices = np.concatenate([vertices for vertices, _ in meshes])
    return vertices, np.concatenate(triangles)


def build_head(person: Person) -> Head:
    """Build the head mesh of a person, in the expression of the picture.

    Args:
        person: the person; `identity` and `actions` are used.

    Returns:
        The head without clothes and hair.
    """
    shared = topology()
    base = apply_actions(neutral_vertices(person.identity), person.actions)
    vertices = np.asarray(shared.smoother @ base, np.float32)
    eyes = eye_centres(base)
    marks = {name: base[index] for name, index in basis().landmarks.items()}
    left_eye = base[np.unique(basis().quads["eye_l"])]
    return Head(
        vertices=vertices,
        triangles=shared.triangles,
        normals=vertex_normals(vertices, shared.triangles),
        surface=shared.surface,
        canonical=shared.canonical,
        regions=shared.regions,
        landmarks={**marks, "eye_l": eyes[0], "eye_r": eyes[1]},
        eye_radius=float(np.ptp(left_eye[:, 0]) / 2),
    )
