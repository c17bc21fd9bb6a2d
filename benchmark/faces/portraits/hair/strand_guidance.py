"""Turn a hair style into growth parameters for every strand."""

from __future__ import annotations

import numpy as np

from benchmark.faces.portraits.hair.frame import HeadFrame
from benchmark.faces.portraits.hair.march import StrandPlan
from benchmark.faces.portraits.hair.scalp import Roots
from benchmark.faces.portraits.hair.style import Style


def unit_vectors(vectors: np.ndarray) -> np.ndarray:
    """Normalise (..., 3) vectors."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-6)


def _ramp(value: np.ndarray, low: float, high: float) -> np.ndarray:
    """Linear ramp: 0 below `low`, 1 above `high`."""
    return np.clip((value - low) / (high - low), 0, 1)


def local_places(frame: HeadFrame, roots: Roots) -> np.ndarray:
    """Return (S, 3) root positions relative to the half-extents of the skull."""
    return (roots.points - frame.origin) / frame.extents


def head_zones(place: np.ndarray) -> dict[str, np.ndarray]:
    """Return (S,) weights of roots for top, sides, back and front, which sum to 1."""
    top = _ramp(place[:, 1], 0.42, 0.72)
    front = top * _ramp(place[:, 2], 0.1, 0.45)
    back = (1 - top) * _ramp(-place[:, 2], 0.3, 0.7)
    return {"top": top - front, "front": front, "back": back, "sides": 1 - top - back}


def _parting(style: Style, place: np.ndarray) -> np.ndarray:
    """(S,) side of the parting on which a root lies: -1 or 1."""
    line = style.part * _ramp(place[:, 2], -0.75, 0.1)
    wiggle = 0.02 * np.sin(place[:, 2] * 9)
    return np.where(place[:, 0] > line + wiggle, 1.0, -1.0)


def _flow(style: Style, place: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """(S, 3) combing directions, not normalised."""
    x, y, z = place.T
    ones = np.ones_like(x)
    if style.flow == "radial":
        return normals + 0.15 * np.stack([0 * x, ones, 0 * x], -1)
    if style.flow == "up":
        return np.stack([-0.6 * x, ones, 0.1 * z], -1)
    if style.lanes:
        return np.stack([0 * x, 0 * x, -ones], -1)
    if style.flow == "back":
        spread = np.where(style.raise_ > 4, -0.45, 0.25)
        return np.stack([spread * x, -0.35 * (y < 0.5), -ones], -1)
    if style.flow == "forward":
        side = _ramp(np.abs(x), 0.6, 0.9)
        return np.stack([0.3 * x, -0.9 * side - 0.25, 1 - 0.75 * side], -1)
    if style.flow == "part":
        side = _parting(style, place)
        drift = np.where(z > 0.3, -0.3, -0.15) - 0.4 * _ramp(z, 0.4, 0.8)
        return np.stack([side, -0.25 * (np.abs(x) > 0.7), drift], -1)
    if style.flow == "over":
        across = _ramp(x, 0.45, 0.7) * _ramp(y, 0.02, 0.2)
        over = np.stack([-ones, 0.5 * ones, 0.15 * ones], -1)
        down = np.stack([0 * x, -ones, -0.4 * ones], -1)
        return down + (over - down) * across[:, None]
    if style.flow == "whorl":
        whorl = np.array([0.15, 0.95, -0.45])
        return (place - whorl) * np.array([1.0, 0.8, 1.0])
    return np.stack([0.4 * x, -ones, 0 * x], -1)


def _lengths(
    style: Style, place: np.ndarray, zone: dict[str, np.ndarray]
) -> np.ndarray:
    length = (
        style.top * zone["top"]
        + style.sides * zone["sides"]
        + style.back * zone["back"]
        + style.front * zone["front"]
    )
    if style.flow == "over":
        combed = (place[:, 0] > 0.5) & (place[:, 1] > 0.05)
        length = np.where(combed, style.top, length)
    low = _ramp(place[:, 1], -0.6, 0.35)
    return length * (style.taper + (1 - style.taper) * low)


def _globe(
    style: Style, frame: HeadFrame, roots: Roots, volume: float, top: float
) -> np.ndarray:
    """(S,) lengths (cm on the mean head) whose tips form a round outline."""
    gap = style.globe * (0.35 + 0.65 * volume)
    rise = gap + style.raise_ * (top - 0.5)
    middle = frame.origin + np.array([0.0, 0.12, -0.1]) * frame.extents
    radii = frame.extents / frame.scale + np.array([gap, rise, gap])
    local = (roots.points - middle) / frame.scale / radii
    way = roots.normals / radii
    # Solve |local + way s| = 1 for the distance s to the outline.
    a, b = (way**2).sum(1), (way * local).sum(1)
    c = (local**2).sum(1) - 1
    return np.maximum((-b + np.sqrt(np.maximum(b * b - a * c, 0))) / a, 0.6)


def in_lanes(style: Style, frame: HeadFrame, roots: Roots) -> np.ndarray:
    """Return (S,) mask of roots that lie on the rows of a braided style."""
    place = local_places(frame, roots)
    around = np.arctan2(place[:, 0], np.maximum(place[:, 1] + 0.35, 0.05))
    row = around * frame.extents[0] * 1.15 / style.lanes
    return np.abs(row - np.round(row)) < 0.19


def _is_shaved(style: Style, place: np.ndarray) -> np.ndarray:
    return (place[:, 1] < style.shave_below) | (
        np.abs(place[:, 0]) > style.shave_beside
    )


def in_fringe(style: Style, place: np.ndarray) -> np.ndarray:
    """Return (S,) mask of roots whose hair covers the forehead; ``place`` is (S, 3)."""
    if style.fringe in ("none", "curtain"):
        return np.zeros(len(place), bool)
    depth = 0.18 if style.fringe == "full" else 0.36
    return (place[:, 2] > depth) & (np.abs(place[:, 0]) < 0.66) & (place[:, 1] > 0.3)


def _guide_fringe(
    style: Style,
    frame: HeadFrame,
    plan: StrandPlan,
    place: np.ndarray,
    normals: np.ndarray,
    rng: np.random.Generator,
) -> None:
    """Guide the fringe over the forehead and cut it; changes ``plan``."""
    fringe = in_fringe(style, place)
    count = int(fringe.sum())
    if not count:
        return
    x = place[fringe, 0]
    if style.fringe == "full":
        way = np.stack([0.12 * x, -0.4 + 0 * x, 1 + 0 * x], -1)
        plan.hold[fringe] = 0.0
        edge = style.fringe_cut - 0.8 * np.abs(x) ** 2
    else:
        side = _parting(style, place[fringe])
        way = np.stack([side * 1.0, -0.15 + 0 * x, 0.35 + 0 * x], -1)
        plan.hold[fringe] = 0.5
        edge = style.fringe_cut - 2.5 * np.abs(x - style.part)
    plan.comb[fringe] = unit_vectors(way)
    plan.start[fringe] = unit_vectors(plan.comb[fringe] + 0.4 * normals[fringe])
    plan.comb_fade[fringe] = 1.5
    plan.gravity[fringe] = np.maximum(plan.gravity[fringe], 0.2)
    plan.clearance[fringe] = 0.25 + 0.5 * plan.clearance[fringe]
    ragged = style.ragged * 0.6
    plan.cut[fringe] = frame.height(edge + rng.normal(0, ragged, count))
    plan.length[fringe] = np.maximum(plan.length[fringe], 6.0)


def _cuts(style: Style, place: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    if style.cut is None:
        return np.full(len(place), -1e3, np.float32)
    behind = _ramp(-place[:, 2], 0.0, 0.5)
    back = style.cut if style.cut_back is None else style.cut_back
    cut = style.cut + (back - style.cut) * behind
    cut = cut - style.cut_slant * _ramp(place[:, 0], -0.6, 0.6)
    if style.sidelock is not None:
        beside = (place[:, 2] > 0.12) & (np.abs(place[:, 0]) > 0.5)
        cut = np.where(beside, style.sidelock, cut)
    cut = cut + style.ragged * rng.normal(0, 0.6, len(place))
    return cut + style.layers * 12 * rng.random(len(place)) ** 3 * (style.layers > 0)


def plan_strands(
    style: Style,
    frame: HeadFrame,
    roots: Roots,
    *,
    volume: float,
    top: float,
    rng: np.random.Generator,
) -> StrandPlan:
    """Compute the growth parameters of every strand.

    Args:
        style: The hair style.
        frame: The frame of the head.
        roots: S strand roots.
        volume: ``hair_volume`` of the person, 0 to 1.
        top: ``hair_top`` of the person, 0 to 1.
        rng: Random number generator.

    Returns:
        The plan, in cm on this head.
    """
    count, size = len(roots), frame.scale
    place = local_places(frame, roots)
    zone = head_zones(place)
    comb = unit_vectors(_flow(style, place, roots.normals))
    lift = style.lift + (style.front_lift - style.lift) * zone["front"]
    lift = np.clip(lift + 0.08 * rng.normal(size=count), 0, 1)[:, None]
    up = roots.normals
    if style.flow == "back":
        # Hair combed back leans to the middle instead of spreading like a fan.
        up = unit_vectors(up * np.array([0.25, 1.0, 0.8]))
    start = unit_vectors(up * (0.12 + lift) + comb * (1.05 - lift))
    layer = rng.random(count) ** 0.8
    low, high = style.volume
    flat = 0.65 if style.flow == "part" else 0.4
    clearance = (low + (high - low) * volume) * (1 - flat * zone["top"])
    tall = zone["top"] + (0.9 if style.flow == "back" else 0.55) * zone["front"]
    if style.flow == "back":
        tall = tall * (0.12 + 0.88 * _ramp(place[:, 2], -0.2, 0.6))
        tall = tall * (1 - 0.75 * np.minimum(place[:, 0] ** 2, 1))
    clearance = clearance + style.raise_ * top * tall
    length = _lengths(style, place, zone)
    if style.flow in ("up", "radial", "back", "forward", "whorl"):
        length = length * (1 + 0.45 * (top - 0.35) * (zone["top"] + zone["front"]))
        length = length * (0.85 + 0.35 * volume)
    length = length * (1 - style.layers * rng.random(count) ** 2)
    if style.globe:
        length = _globe(style, frame, roots, volume, top)
        length = length * (1 - style.layers * rng.random(count) ** 1.5)
    length = np.where(_is_shaved(style, place), 0.35 + 0.15 * rng.random(count), length)
    clearance = np.minimum(clearance * layer, 0.55 * length)
    side = np.where(rng.random(count) < style.before, 1.0, -1.0)
    front = np.where(place[:, 2] > style.before_from, side, -0.6)
    hold = np.full(count, float(style.flow == "part"))
    long = length > 0.6
    plan = StrandPlan(
        roots=roots.points,
        start=start,
        comb=comb,
        comb_weight=np.full(count, style.comb) * long,
        comb_fade=np.full(count, style.fade),
        gravity=np.full(count, style.gravity) * long,
        hold=hold,
        target=np.zeros((count, 3), np.float32),
        pull=np.zeros(count, np.float32),
        stiffness=np.full(count, style.stiffness),
        length=length * size,
        clearance=clearance * size,
        cut=frame.height(_cuts(style, place, rng)),
        front=front,
        rise=_rise(style, place, clearance * size),
        hug=np.full(count, style.hug),
    )
    _guide_fringe(style, frame, plan, place, roots.normals, rng)
    if style.fringe == "curtain":
        _guide_curtain_fringe(style, frame, plan, place)
    _limit_length_to_cut(plan, style)
    return plan


def _rise(style: Style, place: np.ndarray, clearance: np.ndarray) -> np.ndarray:
    """(S,) length in cm over which strands reach their clearance.

    It is short beside a parting; otherwise hair lies flat there and bulges on both
    sides.
    """
    rise = 0.8 + 0.45 * clearance
    if style.flow != "part":
        return rise
    line = style.part * _ramp(place[:, 2], -0.75, 0.1)
    return rise * (0.12 + 0.88 * _ramp(np.abs(place[:, 0] - line), 0.08, 0.5))


def _guide_curtain_fringe(
    style: Style, frame: HeadFrame, plan: StrandPlan, place: np.ndarray
) -> None:
    """Guide the front hair in two arcs beside the forehead; changes ``plan``."""
    front = (place[:, 2] > 0.3) & (place[:, 1] > 0.35)
    side = _parting(style, place[front])
    plan.comb[front] = unit_vectors(
        np.stack([side, 0 * side - 0.1, 0 * side + 0.25], -1)
    )
    plan.hold[front] = 0.75
    # The shortest strands are next to the eyes; farther out they get longer.
    outer = np.maximum(np.abs(place[front, 0]) - 0.12, 0) * 22
    outer = outer + style.ragged * np.abs(place[front, 2] * 7 % 1.0)
    plan.cut[front] = np.maximum(
        plan.cut[front], frame.height(style.fringe_cut - outer)
    )
    plan.clearance[front] += 0.4


def _limit_length_to_cut(plan: StrandPlan, style: Style) -> None:
    """Limit lengths to the length that reaches the cut, so that steps stay short."""
    if style.cut is None:
        return
    reach = plan.roots[:, 1] - plan.cut + 9.0 + 2.0 * plan.clearance
    plan.length[:] = np.clip(reach, 2.0, plan.length)


def crosses_face(style: Style, frame: HeadFrame, paths: np.ndarray) -> np.ndarray:
    """Find strands that hang into the face outside the fringe.

    Args:
        style: The hair style.
        frame: The frame of the head.
        paths: (S, P, 3) strands.

    Returns:
        (S,) bool mask.
    """
    local = (paths - frame.origin) / frame.extents
    aside = np.clip((np.abs(local[..., 0]) - 0.15) / 0.5, 0, 1)
    # In the middle of the forehead, only a full fringe may reach down to its cut.
    centre = {"none": 4.8, "full": style.fringe_cut, "side": 3.0, "curtain": 4.4}
    edge = 4.8 if style.fringe == "none" else style.fringe_cut
    floor = centre[style.fringe] * (1 - aside) + edge * aside - 0.6
    low = paths[..., 1] < frame.height(floor)
    middle = (np.abs(local[..., 0]) < 0.68) & (local[..., 2] > 0.4)
    above_chin = paths[..., 1] > frame.chin
    return np.any(low & middle & above_chin, axis=1)
