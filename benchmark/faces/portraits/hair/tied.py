"""Tied hair: strands that run to knots, and the tails, braids and buns there."""

from __future__ import annotations

import numpy as np

from benchmark.faces.portraits.hair.frame import HeadFrame
from benchmark.faces.portraits.hair.march import StrandPlan, march_strands
from benchmark.faces.portraits.hair.scalp import Roots
from benchmark.faces.portraits.hair.strand_guidance import local_places, unit_vectors
from benchmark.faces.portraits.hair.style import Style, Tie

TAIL_STRANDS = 1300
"""Number of strands per tail."""
BRAID_STRANDS = 420
"""Number of strands per braid."""
BUN_STRANDS = 1300
"""Number of strands per bun."""
BRAID_TURN = 4.2
"""Length in cm over which the pattern of a braid repeats."""


def knot_position(frame: HeadFrame, tie: Tie) -> np.ndarray:
    """Return the (3,) position of a knot on a head."""
    return frame.origin + np.array(tie.place) * frame.extents


def guide_to_ties(
    style: Style,
    frame: HeadFrame,
    roots: Roots,
    plan: StrandPlan,
    rng: np.random.Generator,
) -> None:
    """Guide strands to the knot on their side, except loose ones.

    Args:
        style: The hair style; ``ties`` and ``loose`` are used.
        frame: The frame of the head.
        roots: S strand roots.
        plan: Growth parameters of the strands; changed in place.
        rng: Random number generator.
    """
    place = local_places(frame, roots)
    knots = np.stack([knot_position(frame, tie) for tie in style.ties])
    side = place[:, 0] + 0.02 * np.sin(place[:, 2] * 9)
    nearest = np.zeros(len(roots), int)
    if len(knots) > 1:
        nearest = (side > 0).astype(int) * int(np.argmax(knots[:, 0]))
        nearest += (side <= 0) * int(np.argmin(knots[:, 0]))
    target = knots[nearest]
    way = target - roots.points
    distance = np.linalg.norm(way, axis=1)
    along = way - roots.normals * (way * roots.normals).sum(1, keepdims=True) * 0.9
    tied = np.ones(len(roots), bool)
    if style.loose:
        height = place[:, 1] + 0.15 * (place[:, 2] < 0) + rng.normal(0, 0.05, len(side))
        tied = height > style.loose
    plan.target[tied] = target[tied]
    plan.pull[tied] = 1.5
    plan.start[tied] = unit_vectors(unit_vectors(along) + 0.22 * roots.normals)[tied]
    plan.comb_weight[tied] = 0.0
    plan.gravity[tied] = 0.0
    plan.hug[tied] = 0.8
    plan.cut[tied] = -1e3
    plan.front[tied] = 0.0
    plan.length[tied] = (distance * 1.7 + 1.0)[tied]


def _disc(count: int, toward: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(count, 3) random points on a unit disc perpendicular to ``toward``."""
    first = unit_vectors(np.cross(toward, np.array([0.37, 0.11, 0.92])))
    second = np.cross(toward, first)
    radius, angle = np.sqrt(rng.random(count)), rng.uniform(0, 2 * np.pi, count)
    return (radius * np.cos(angle))[:, None] * first + (radius * np.sin(angle))[
        :, None
    ] * second


def _plan_hanging_strands(
    frame: HeadFrame, tie: Tie, offsets: np.ndarray, rng: np.random.Generator
) -> StrandPlan:
    """Growth parameters of strands that hang from a knot."""
    count = len(offsets)
    toward = unit_vectors(np.array(tie.toward))
    full = np.ones(count)
    vary = rng.uniform(0.82, 1.05, count)
    return StrandPlan(
        roots=knot_position(frame, tie) + offsets * 0.4,
        start=unit_vectors(toward + offsets * 0.16),
        comb=np.repeat(toward[None], count, 0),
        comb_weight=0.1 * full,
        comb_fade=3 * full,
        gravity=0.28 * full,
        hold=0 * full,
        target=np.zeros((count, 3)),
        pull=0 * full,
        stiffness=full,
        length=tie.length * vary * frame.scale,
        clearance=rng.uniform(0.2, 1.2, count),
        cut=-1e3 * full,
        front=full * np.sign(tie.toward[2] + 0.05),
        rise=2.0 * full,
        hug=0 * full,
    )


def grow_tail(
    frame: HeadFrame, tie: Tie, points: int, rng: np.random.Generator
) -> np.ndarray:
    """Return (TAIL_STRANDS, points, 3) strands of a tail."""
    toward = unit_vectors(np.array(tie.toward))
    offsets = _disc(TAIL_STRANDS, toward, rng) * tie.size
    paths = march_strands(
        frame, _plan_hanging_strands(frame, tie, offsets, rng), points
    )
    t = np.linspace(0, 1, points)[None, :, None]
    swell = np.sin(np.pi * np.minimum(t * 1.1 + 0.12, 1)) * 0.8 + 0.15 * t
    phase = rng.integers(0, 9, (TAIL_STRANDS, 1, 1)) * 0.7
    wave = np.sin(t * tie.length / 1.6 + phase) * t * 0.35
    sway = wave * np.array([1.0, 0.0, 0.6])
    return (paths + offsets[:, None] * swell + sway).astype(np.float32)


def grow_braid(
    frame: HeadFrame, tie: Tie, points: int, rng: np.random.Generator
) -> np.ndarray:
    """Return (BRAID_STRANDS, points, 3) strands of a three-part braid."""
    plan = _plan_hanging_strands(frame, tie, np.zeros((2, 3)), rng)
    plan.length[:] = tie.length * frame.scale
    plan.clearance[:] = tie.size * 0.9
    middle = march_strands(frame, plan, points)[0]
    tangent = unit_vectors(np.gradient(middle, axis=0))
    side = unit_vectors(np.cross(tangent, np.array([0.0, 0.0, 1.0])))
    ahead = np.cross(side, tangent)
    travelled = np.linspace(0, tie.length, points)
    lobe = rng.integers(0, 3, BRAID_STRANDS)
    angle = travelled / BRAID_TURN * 2 * np.pi + lobe[:, None] * 2 * np.pi / 3
    width = tie.size * np.interp(travelled / tie.length, [0, 0.8, 1], [1, 0.75, 0.35])
    across = 0.55 * width * np.sin(angle)
    forth = 0.4 * width * np.sin(2 * angle)
    radius = np.sqrt(rng.random((BRAID_STRANDS, 1))) * 0.5 * width
    turn = rng.uniform(0, 2 * np.pi, (BRAID_STRANDS, 1))
    across = across + radius * np.cos(turn)
    forth = forth + radius * np.sin(turn)
    paths = middle + across[..., None] * side + forth[..., None] * ahead
    return paths.astype(np.float32)


def grow_bun(
    frame: HeadFrame, tie: Tie, points: int, rng: np.random.Generator
) -> np.ndarray:
    """Return (BUN_STRANDS, points, 3) strands wound into a bun."""
    base = knot_position(frame, tie)
    axis = unit_vectors((base - frame.origin) / frame.extents)
    first = unit_vectors(np.cross(axis, np.array([0.31, 0.2, 0.93])))
    second = np.cross(axis, first)
    centre = base + axis * tie.size * 0.45
    count = BUN_STRANDS
    start = rng.uniform(0, 2 * np.pi, (count, 1))
    t = np.linspace(0, 1, points)[None]
    angle = start + t * rng.uniform(2.2, 4.5, (count, 1))
    tilt = np.arcsin(rng.uniform(-0.9, 0.98, (count, 1)))
    tilt = tilt + 0.5 * np.sin(angle * 2 + rng.normal(0, 0.5, (count, 1)))
    radius = tie.size * rng.uniform(0.8, 1.0, (count, 1)) ** 0.5
    radius = radius * (1 + 0.06 * np.sin(3 * angle + 4 * tilt))
    loose = rng.random((count, 1)) < 0.03
    radius = radius * np.where(loose, 1 + 0.3 * t, 1.0)
    flat = (radius * np.cos(tilt))[..., None]
    ring = np.cos(angle)[..., None] * first + np.sin(angle)[..., None] * second
    high = (0.82 * radius * np.sin(tilt))[..., None] * axis
    return (centre + flat * ring + high).astype(np.float32)


def grow_ties(
    style: Style, frame: HeadFrame, rng: np.random.Generator
) -> list[np.ndarray]:
    """Grow the tails, braids and buns of a style.

    Args:
        style: The hair style; ``ties`` are used.
        frame: The frame of the head.
        rng: Random number generator.

    Returns:
        (S, P, 3) float32 strands for each tie.
    """
    growers = {"tail": grow_tail, "braid": grow_braid, "bun": grow_bun}
    points = {"tail": 26, "braid": 44, "bun": 20}
    return [growers[tie.kind](frame, tie, points[tie.kind], rng) for tie in style.ties]
