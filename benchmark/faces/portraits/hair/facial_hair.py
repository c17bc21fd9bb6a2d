"""Beards and moustaches: short strands on the beard regions of the head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmark.faces.portraits.hair.frame import HeadFrame
from benchmark.faces.portraits.head import Head


@dataclass(frozen=True)
class Beard:
    """Parameters of a kind of facial hair.

    Attributes:
        regions: Density (0 to 1) by head region.
        count: Number of sampled roots; those of low density are dropped.
        length: Length of a strand in cm.
        radius: Half width of a strand in cm.
        opacity: Opacity of a strand, 0 to 1.
        hang: Weight of the downward direction against the skin normal.
    """

    regions: dict[str, float]
    count: int
    length: float
    radius: float
    opacity: float
    hang: float


BEARDS: dict[str, Beard] = {
    "stubble": Beard({"beard": 0.8, "moustache": 1.0}, 15000, 0.1, 0.018, 0.45, 0.6),
    "moustache": Beard({"moustache": 1.0}, 2600, 0.8, 0.03, 0.8, 1.7),
    "goatee": Beard({"chin": 1.0, "moustache": 1.0}, 4500, 0.8, 0.03, 0.75, 1.6),
    "short_beard": Beard({"beard": 1.0, "moustache": 1.0}, 15000, 0.5, 0.024, 0.7, 1.7),
    "full_beard": Beard({"beard": 1.0, "moustache": 1.0}, 13000, 2.4, 0.032, 0.8, 1.6),
}
"""Parameters by value of ``Person.facial_hair``, except ``none``."""


def _beard_roots(
    beard: Beard, head: Head, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sample roots by area and region weight: points, normals, moustache weights."""
    weight = np.zeros(len(head.vertices), np.float32)
    for name, density in beard.regions.items():
        weight = np.maximum(weight, density * head.regions[name])
    triangles = head.triangles[weight[head.triangles].max(1) > 0.02]
    corners = head.vertices[triangles]
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(cross, axis=1)
    sums = np.cumsum(area)
    chosen = np.searchsorted(sums, rng.random(beard.count) * sums[-1], side="right")
    mix = rng.dirichlet(np.ones(3), beard.count)[..., None].astype(np.float32)
    ids = triangles[chosen]
    keep = rng.random(beard.count) < (weight[ids][..., None] * mix).sum(1)[:, 0]
    ids, mix = ids[keep], mix[keep]
    points = (head.vertices[ids] * mix).sum(1)
    normals = (head.normals[ids] * mix).sum(1)
    lip = (head.regions["moustache"][ids][..., None] * mix).sum(1)[:, 0]
    return points, normals, lip


def grow_beard(
    kind: str, head: Head, frame: HeadFrame, rng: np.random.Generator
) -> np.ndarray:
    """Grow facial hair.

    Args:
        kind: A name in ``BEARDS``.
        head: The head in its expression.
        frame: The frame of the head.
        rng: Random number generator.

    Returns:
        (S, 5, 3) float32 strands.

    Raises:
        ValueError: If ``kind`` is unknown.
    """
    if kind not in BEARDS:
        raise ValueError(f"facial_hair {kind!r} is unknown; known: {sorted(BEARDS)}")
    beard = BEARDS[kind]
    points, normals, lip = _beard_roots(beard, head, rng)
    count = len(points)
    side = np.sign(points[:, :1])
    down = np.array([0.0, -1.0, 0.12]) + rng.normal(0, 0.16, (count, 3))
    # Moustache hair points away from the middle, chin hair towards it.
    down[:, 0] += (lip * 0.9 * side[:, 0]) - (1 - lip) * 0.05 * points[:, 0]
    down -= normals * (down * normals).sum(1, keepdims=True) * 0.8
    length = beard.length * rng.uniform(0.55, 1.1, count) * frame.scale
    if beard.length > 0.5:
        length = np.where(lip > 0.4, np.minimum(length, 0.8), length)
        chin = np.clip((frame.chin + 4 - points[:, 1]) / 4, 0, 1)
        length = np.where(lip > 0.4, length, length * (0.45 + 0.55 * chin))
    t = np.linspace(0, 1, 5)[None, :, None]
    wave = rng.normal(0, 0.12, (count, 1, 3)) * np.sin(
        t * 5 + rng.random((count, 1, 1))
    )
    off = normals[:, None] * (0.55 * t - 0.25 * t**2)
    fall = down[:, None] * beard.hang * (0.35 * t + 0.5 * t**2)
    paths = points[:, None] + (off + fall + wave * t) * length[:, None, None]
    return (paths + normals[:, None] * 0.03).astype(np.float32)
