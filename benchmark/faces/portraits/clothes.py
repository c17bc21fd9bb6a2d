"""Clothes: a shell over neck and shoulders, cut at a neckline, and collars.

A neckline gives a canonical height (cm) by azimuth from the front; cloth covers what
is below. The shell keeps a distance from the body, so a hem casts a shadow on the skin.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from benchmark.avatars.colour import srgb_to_linear
from benchmark.faces.portraits.head import (
    FLOOR,
    Head,
    merge_meshes,
    topology,
    vertex_normals,
)
from benchmark.faces.portraits.noise import lattice, space_noise
from benchmark.faces.portraits.people import Person
from benchmark.faces.portraits.regions import smoothstep

AXIS_Z = -9.0
"""z in cm of the vertical axis from which neckline azimuths are measured."""


@dataclass(frozen=True)
class Cut:
    """Shape of a garment.

    Attributes:
        neckline: rows of (azimuth in degrees, height in cm).
        thickness: distance from the body in cm.
        strap: half width of the cloth in cm (tank tops); 99 for unlimited.
        hem: width in cm of the band along the neckline; 0 for none.
        collar: none, shirt or hood.
        inner: neckline of a second garment beneath, or None.
    """

    neckline: tuple[tuple[float, float], ...]
    thickness: float = 0.45
    strap: float = 99.0
    hem: float = 1.0
    collar: str = "none"
    inner: tuple[tuple[float, float], ...] | None = None


_CREW = ((0, -16.0), (45, -15.6), (80, -14.6), (130, -13.6), (180, -13.2))
_WIDE = ((0, -20.5), (40, -19.0), (65, -16.9), (85, -15.8), (130, -14.6), (180, -14))
_VEE = ((0, -22.0), (35, -18.0), (70, -15.4), (110, -14.2), (180, -13.4))

CUTS: dict[str, Cut] = {
    "crew_neck": Cut(_CREW),
    "v_neck": Cut(_VEE),
    "scoop_neck": Cut(_WIDE, hem=0.6),
    "shirt": Cut(_VEE, thickness=0.5, hem=0.0, collar="shirt"),
    "turtleneck": Cut(
        ((0, -13.0), (60, -12.4), (120, -11.4), (180, -10.8)), 0.5, hem=0
    ),
    "hoodie": Cut(_CREW, thickness=0.8, hem=0.0, collar="hood"),
    "jacket": Cut(_VEE, thickness=1.1, hem=0.0, collar="shirt", inner=_CREW),
    "tank_top": Cut(_WIDE, strap=11.5, hem=0.7),
}
"""Shape of each garment in `scene.GARMENTS`."""


@dataclass(frozen=True)
class Garment:
    """A person's clothes as one mesh.

    Attributes:
        vertices: (V, 3) cm.
        triangles: (T, 3) vertex ids.
        normals: (V, 3) unit normals.
        canonical: (V, 3) canonical coordinates (collars: below every neckline).
        cover: (V,) distance below the neckline in cm; no cloth where negative.
        layer: (V,) 0 for the inner garment, 1 for the outer one, 2 for the collar.
        source: (V,) id of the head vertex beneath, -1 for collars.
    """

    vertices: np.ndarray
    triangles: np.ndarray
    normals: np.ndarray
    canonical: np.ndarray
    cover: np.ndarray
    layer: np.ndarray
    source: np.ndarray


def depth_below_neckline(
    places: np.ndarray, neckline: tuple[tuple[float, float], ...]
) -> np.ndarray:
    """Distance (n,) in cm of canonical points below a neckline; negative above."""
    rows = np.array(neckline)
    around = np.rad2deg(np.arctan2(abs(places[:, 0]), places[:, 2] - AXIS_Z))
    return np.interp(around, rows[:, 0], rows[:, 1]) - places[:, 1]


def _smooth_mesh(
    vertices: np.ndarray, triangles: np.ndarray, rounds: int
) -> np.ndarray:
    """Laplacian smoothing, which removes fine body shape."""
    rows = triangles[:, [0, 1, 2, 1, 2, 0]].ravel()
    columns = triangles[:, [1, 2, 0, 0, 1, 2]].ravel()
    count = len(vertices)
    links = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), (count, count))
    total = np.maximum(np.asarray(links.sum(1)).ravel(), 1)
    for _ in range(rounds):
        vertices = 0.5 * vertices + 0.5 * (links @ vertices) / total[:, None]
    return vertices


def _shell(head: Head, cut: Cut, thickness: float, seed: int) -> Garment:
    shared = topology()
    height = shared.canonical[:, 1]
    low = (height < -8) & (height > FLOOR)
    chosen = (head.surface == 0) & low[head.triangles].all(1)
    # Leave out the underside of the jaw, which is part of the beard region.
    far = shared.regions["beard"][head.triangles].max(1) < 0.2
    triangles = head.triangles[chosen & far]
    used, triangles = np.unique(triangles, return_inverse=True)
    triangles = triangles.reshape(-1, 3)
    canonical = shared.canonical[used]
    body = _smooth_mesh(head.vertices[used], triangles, 4)
    normals = vertex_normals(body, triangles)
    folds = space_noise(lattice(seed), canonical * [1, 0.6, 1], 6.0, 2)
    loose = smoothstep(0, 6, depth_below_neckline(canonical, cut.neckline))
    away = thickness + loose * (0.5 + 0.5 * np.clip(folds, -1, 1.5))
    vertices = body + normals * away[:, None]
    cover = depth_below_neckline(canonical, cut.neckline)
    cover = np.minimum(cover, cut.strap - abs(canonical[:, 0]))
    return Garment(
        vertices.astype(np.float32),
        triangles.astype(np.int32),
        vertex_normals(vertices, triangles),
        canonical,
        cover,
        np.ones(len(used)),
        used,
    )


def _neck_ring(head: Head) -> tuple[np.ndarray, float, float]:
    """Centre (3,), half width and half depth of the lower neck in cm."""
    p = topology().canonical
    ring = (abs(p[:, 1] + 13.2) < 0.8) & (abs(p[:, 0]) < 8.5) & (p[:, 2] > -17)
    ring &= topology().regions["neck"] > 0.5
    points = head.vertices[ring]
    low, high = points.min(0), points.max(0)
    return (low + high) / 2, (high[0] - low[0]) / 2, (high[2] - low[2]) / 2


def _sweep_around_neck(
    profile: np.ndarray, centre: np.ndarray, wide: float, deep: float, gap: float
) -> tuple[np.ndarray, np.ndarray]:
    """Sweep a profile around the neck, open at the front. Lengths are in cm.

    Args:
        profile: (p, 4) distance from the neck and height at the back, then at the
            front.
        centre: (3,) centre of the neck.
        wide: half width of the neck.
        deep: half depth of the neck.
        gap: degrees left open on each side of the front.

    Returns:
        Vertices (V, 3) and triangles (T, 3).
    """
    angles = np.deg2rad(np.linspace(gap, 360 - gap, 61))
    front = ((1 + np.cos(angles)) / 2) ** 1.5
    away = profile[:, 0] + (profile[:, 2] - profile[:, 0]) * front[:, None]
    height = profile[:, 1] + (profile[:, 3] - profile[:, 1]) * front[:, None]
    x = centre[0] + np.sin(angles)[:, None] * (wide + away)
    z = centre[2] + np.cos(angles)[:, None] * (deep + away)
    grid = np.stack([x, centre[1] + height, z], -1)
    rings, steps = grid.shape[:2]
    first = (np.arange(rings - 1)[:, None] * steps + np.arange(steps - 1)).ravel()
    second, third = first + steps, first + 1
    triangles = np.stack([first, second, third, third, second, second + 1], -1)
    return grid.reshape(-1, 3), triangles.reshape(-1, 3)


# Profiles of `_sweep_around_neck`.
_SHIRT = np.array(
    [
        (0.35, -2.0, 0.3, -4.5),
        (0.35, 1.6, 0.35, -1.8),
        (0.6, 1.9, 0.6, -1.5),
        (0.95, 1.6, 0.9, -1.7),
        (1.35, 0.2, 1.6, -3.2),
        (1.7, -1.0, 2.4, -5.2),
    ]
)
_HOOD = np.array(
    [
        (0.6, -1.0, 0.6, -3.0),
        (0.8, 1.6, 0.7, -2.0),
        (1.8, 2.6, 1.2, -1.7),
        (3.2, 2.2, 2.0, -2.2),
        (4.2, 0.4, 2.4, -3.4),
        (4.0, -2.0, 2.4, -5.0),
    ]
)


def _collar(head: Head, kind: str, thickness: float) -> Garment:
    centre, wide, deep = _neck_ring(head)
    profile, gap = (_SHIRT, 16.0) if kind == "shirt" else (_HOOD, 4.0)
    fine = np.linspace(0, len(profile) - 1, 4 * len(profile))
    dense = np.stack(
        [np.interp(fine, np.arange(len(profile)), profile[:, k]) for k in range(4)], 1
    )
    dense[:, [0, 2]] += 0.5 * (thickness - 0.5)
    vertices, triangles = _sweep_around_neck(dense, centre, wide, deep, gap)
    below = vertices - [0, 30, 0]
    count = len(vertices)
    return Garment(
        vertices.astype(np.float32),
        triangles.astype(np.int32),
        vertex_normals(vertices, triangles),
        below,
        np.full(count, 9.0),
        np.full(count, 2.0),
        np.full(count, -1),
    )


def _join(parts: list[Garment]) -> Garment:
    meshes = [(part.vertices, part.triangles) for part in parts]
    vertices, triangles = merge_meshes(meshes)
    return Garment(
        vertices,
        triangles.astype(np.int32),
        np.concatenate([part.normals for part in parts]),
        np.concatenate([part.canonical for part in parts]),
        np.concatenate([part.cover for part in parts]),
        np.concatenate([part.layer for part in parts]),
        np.concatenate([part.source for part in parts]),
    )


def fit_garment(person: Person, head: Head) -> Garment:
    """Build the mesh of a person's clothes."""
    cut = CUTS[person.scene.garment]
    parts = [_shell(head, cut, cut.thickness, person.scene.seed)]
    if cut.inner:
        inner = _shell(head, Cut(cut.inner), 0.35, person.scene.seed + 1)
        parts.append(replace(inner, layer=np.zeros(len(inner.layer))))
    if cut.collar != "none":
        parts.append(_collar(head, cut.collar, cut.thickness))
    return _join(parts)


def paint_cloth(person: Person, garment_fields: dict[str, np.ndarray]) -> np.ndarray:
    """Albedo (n, 3) of cloth pixels.

    Args:
        person: the wearer.
        garment_fields: canonical, cover and layer at each pixel.
    """
    scene = person.scene
    rng = np.random.default_rng(scene.seed)
    places, cover = garment_fields["canonical"], garment_fields["cover"]
    tone = srgb_to_linear(np.array(scene.garment_rgb))
    albedo = np.broadcast_to(tone, (len(places), 3)).copy()
    kind = rng.random()
    if kind < 0.1:
        stripe = np.sin(places[:, 1] * 2 * np.pi / rng.uniform(1.2, 2.6))
        other = srgb_to_linear(rng.uniform(0.1, 0.95, 3))
        albedo = np.where((stripe > rng.uniform(-0.3, 0.4))[:, None], albedo, other)
    elif kind < 0.16:
        print_ = space_noise(lattice(scene.seed), places, rng.uniform(1.2, 2.5), 2)
        other = tone * rng.choice([0.35, 2.2]) + 0.03
        albedo = np.where((print_ > 0.25)[:, None], other, albedo)
    inner = garment_fields["layer"] < 0.5
    if inner.any():
        albedo[inner] = srgb_to_linear(np.full(3, rng.choice([0.9, 0.85, 0.15, 0.5])))
    weave = 1 + 0.12 * space_noise(lattice(scene.seed + 2), places, 0.3, 2)
    hem = CUTS[scene.garment].hem
    edge = abs(cover - hem) < 0.07 if hem else np.zeros(len(cover), bool)
    return albedo * weave[:, None] * np.where(edge, 0.72, 1.0)[:, None]
