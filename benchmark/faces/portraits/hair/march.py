"""Grow strands step by step over a head, and curl them (Warp kernels).

Each strand has its own parameters in a ``StrandPlan``: combing direction, gravity, tie
point and so on. The kernels do not depend on hair families.
"""

# pyright: reportInvalidTypeForm=false, reportArgumentType=false
# pyright: reportIndexIssue=false, reportAttributeAccessIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false
# pyright: reportGeneralTypeIssues=false, reportCallIssue=false

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import warp as wp

from benchmark.faces.portraits.hair.frame import (
    AZIMUTHS,
    ROWS_ABOVE,
    ROWS_BELOW,
    HeadFrame,
    vec3_array,
)

wp.set_module_options({"enable_backward": False})

STEPS = 36
"""Points per strand before it is cut and resampled."""
EASE = wp.constant(1.4)
"""Exponent of the step spacing: steps are shorter at the root, where hair bends."""


@dataclass
class StrandPlan:
    """Growth parameters of S strands. Lengths are in cm, strengths are per step.

    Attributes:
        roots: (S, 3) start points.
        start: (S, 3) unit directions at the root.
        comb: (S, 3) combing directions.
        comb_weight: (S,) strength of combing.
        comb_fade: (S,) how early combing fades along the strand; 0 for never.
        gravity: (S,) strength of gravity.
        hold: (S,) 0 to 1; at 1, gravity starts only beside the face.
        target: (S, 3) tie points.
        pull: (S,) strength of the pull towards the tie point.
        stiffness: (S,) weight of the previous direction.
        length: (S,) full lengths.
        clearance: (S,) distance from the head.
        cut: (S,) height in head space at which the strand is cut.
        front: (S,) -1 falls behind the shoulder, 1 in front of it.
        rise: (S,) length over which the strand reaches its clearance.
        hug: (S,) strength of the pull towards the head, per cm of distance.
    """

    roots: np.ndarray
    start: np.ndarray
    comb: np.ndarray
    comb_weight: np.ndarray
    comb_fade: np.ndarray
    gravity: np.ndarray
    hold: np.ndarray
    target: np.ndarray
    pull: np.ndarray
    stiffness: np.ndarray
    length: np.ndarray
    clearance: np.ndarray
    cut: np.ndarray
    front: np.ndarray
    rise: np.ndarray
    hug: np.ndarray


@wp.struct
class _Table:
    origin: wp.vec3
    extents: wp.vec3
    chin: float
    depth: float
    radii: wp.array2d(dtype=wp.float32)


@wp.func
def _pushed(table: _Table, point: wp.vec3, clearance: float):
    """Move a point away from the head to at least a distance of `clearance`."""
    local = point - table.origin
    flat = wp.sqrt(local[0] * local[0] + local[2] * local[2])
    radius = flat
    row = float(ROWS_ABOVE - 1) - local[1] / table.depth * float(ROWS_BELOW)
    if local[1] >= 0.0:
        radius = wp.length(local)
        elevation = wp.atan2(local[1], flat)
        row = (1.0 - elevation / 1.5707964) * float(ROWS_ABOVE - 1)
    row = wp.clamp(row, 0.0, float(ROWS_ABOVE + ROWS_BELOW) - 1.01)
    column = wp.atan2(local[0], local[2]) / 6.2831853 * float(AZIMUTHS)
    if column < 0.0:
        column = column + float(AZIMUTHS)
    top = int(row)
    left = int(column) % AZIMUTHS
    right = (left + 1) % AZIMUTHS
    across = column - wp.floor(column)
    down = row - float(top)
    upper = table.radii[top, left] * (1.0 - across) + table.radii[top, right] * across
    lower = (
        table.radii[top + 1, left] * (1.0 - across)
        + table.radii[top + 1, right] * across
    )
    wanted = upper * (1.0 - down) + lower * down + clearance
    result = point
    if radius < wanted:
        grow = wanted / wp.max(radius, 0.05)
        if local[1] >= 0.0:
            result = table.origin + local * grow
        else:
            result = table.origin + wp.vec3(local[0] * grow, local[1], local[2] * grow)
    return result


@wp.func
def _smoothstep(value: float, low: float, high: float):
    x = wp.clamp((value - low) / (high - low), 0.0, 1.0)
    return x * x * (3.0 - 2.0 * x)


@wp.kernel
def _march(
    table: _Table,
    roots: wp.array(dtype=wp.vec3),
    start: wp.array(dtype=wp.vec3),
    comb: wp.array(dtype=wp.vec3),
    target: wp.array(dtype=wp.vec3),
    scalars: wp.array2d(dtype=wp.float32),
    out: wp.array2d(dtype=wp.vec3),
):
    strand = wp.tid()
    comb_weight = scalars[0, strand]
    comb_fade = scalars[1, strand]
    gravity = scalars[2, strand]
    hold = scalars[3, strand]
    pull = scalars[4, strand]
    stiffness = scalars[5, strand]
    length = scalars[6, strand]
    clearance = scalars[7, strand]
    front = scalars[8, strand]
    hugging = scalars[9, strand]
    rising = scalars[10, strand]
    point = roots[strand]
    heading = start[strand]
    out[0, strand] = point
    for index in range(1, STEPS):
        before = wp.pow(float(index - 1) / float(STEPS - 1), EASE)
        t = wp.pow(float(index) / float(STEPS - 1), EASE)
        step = length * (t - before)
        local = point - table.origin
        outward = wp.normalize(wp.vec3(local[0], wp.max(local[1], 0.0), local[2]))
        aside = wp.max(
            wp.abs(local[0]) / table.extents[0], -local[2] / table.extents[2]
        )
        falling = 1.0 - hold * (1.0 - _smoothstep(aside, 0.55, 1.0))
        held = 1.0 - falling + (1.0 - hold) * falling * wp.pow(1.0 - t, comb_fade)
        along = comb[strand] - outward * wp.dot(comb[strand], outward) * 0.85
        push = along * (comb_weight * held)
        push = push + wp.vec3(0.0, -gravity * falling, 0.0)
        if pull > 0.0:
            toward = target[strand] - point
            toward = toward - outward * wp.dot(toward, outward) * 0.6
            push = push + wp.normalize(toward) * pull
        # Below the jaw, guide hair in front of the shoulder or behind it.
        ahead = point[2] - table.origin[2]
        if point[1] < table.chin + 6.0 and front * ahead < 6.0:
            push = push + wp.vec3(0.0, 0.0, front * 0.4)
        above = 0.12 + clearance * _smoothstep(t * length, 0.0, rising)
        shell = _pushed(table, point, above + 40.0)
        gap = 40.0 - wp.length(shell - point)
        hug = wp.clamp(gap, 0.0, 2.0) * hugging
        hug = hug * _smoothstep(point[1], table.chin, table.chin + 6.0)
        push = push - outward * hug
        rate = wp.clamp(step, 0.2, 1.5)
        heading = wp.normalize(heading * stiffness + push * rate)
        point = _pushed(table, point + heading * step, above)
        out[index, strand] = point


@wp.kernel
def _bend(
    table: _Table,
    paths: wp.array2d(dtype=wp.vec3),
    leader: wp.array(dtype=wp.int32),
    scalars: wp.array2d(dtype=wp.float32),
    out: wp.array2d(dtype=wp.vec3),
):
    """Gather strands into locks, then wind them around the path of the lock."""
    strand = wp.tid()
    gather = scalars[0, strand]
    spread = scalars[1, strand]
    amplitude = scalars[2, strand]
    wavelength = scalars[3, strand]
    phase = scalars[4, strand]
    round_ = scalars[5, strand]
    steps = paths.shape[0]
    lead = leader[strand]
    offset = paths[0, strand] - paths[0, lead]
    side = wp.vec3(0.0, 0.0, 0.0)
    travelled = wp.float32(0.0)
    previous = paths[0, strand]
    out[0, strand] = previous
    for index in range(1, steps):
        t = float(index) / float(steps - 1)
        goal = paths[index, lead] + offset * spread
        own = paths[index, strand]
        point = own + (goal - own) * wp.min(gather * _smoothstep(t, 0.0, 0.6), 1.0)
        tangent = wp.normalize(paths[index, lead] - paths[index - 1, lead])
        if index == 1:
            outward = paths[0, strand] - table.origin
            side = wp.normalize(wp.cross(tangent, outward))
        side = wp.normalize(side - tangent * wp.dot(side, tangent))
        other = wp.cross(tangent, side)
        travelled = travelled + wp.length(paths[index, strand] - previous)
        previous = paths[index, strand]
        angle = phase + travelled / wavelength * 6.2831853
        swing = amplitude * _smoothstep(travelled, 0.0, wavelength * 0.8)
        point = point + side * (swing * wp.sin(angle))
        point = point + other * (swing * round_ * wp.cos(angle))
        out[index, strand] = _pushed(table, point, 0.1)


def _table(frame: HeadFrame) -> _Table:
    table = _Table()
    table.origin = wp.vec3(*frame.origin.tolist())
    table.extents = wp.vec3(*frame.extents.tolist())
    table.chin = float(frame.chin)
    table.depth = float(frame.depth)
    table.radii = wp.array(frame.radii, dtype=wp.float32, device="cpu")
    return table


def march_strands(frame: HeadFrame, plan: StrandPlan, points: int) -> np.ndarray:
    """Grow the strands of a plan and cut them.

    Args:
        frame: The frame of the head.
        plan: Parameters of S strands.
        points: Points per strand in the result.

    Returns:
        (S, points, 3) float32 from root to tip, denser at the root.
    """
    count = len(plan.roots)
    scalars = [plan.comb_weight, plan.comb_fade, plan.gravity, plan.hold, plan.pull]
    scalars += [plan.stiffness, plan.length, plan.clearance, plan.front]
    scalars += [plan.hug, plan.rise]
    out = wp.empty((STEPS, count), dtype=wp.vec3, device="cpu")
    inputs = [_table(frame), vec3_array(plan.roots), vec3_array(plan.start)]
    inputs += [vec3_array(plan.comb), vec3_array(plan.target)]
    inputs += [wp.array(np.stack(scalars).astype(np.float32), device="cpu"), out]
    wp.launch(_march, dim=count, inputs=inputs, device="cpu")
    paths = out.numpy()
    return _resample(paths, _end(paths, plan), points)


def _end(paths: np.ndarray, plan: StrandPlan) -> np.ndarray:
    """(S,) fractional step at which each strand is cut or reaches its tie point."""
    low = paths[..., 1] < plan.cut
    low[:2] = False
    first = np.where(low.any(0), low.argmax(0), STEPS - 1)
    strand = np.arange(paths.shape[1])
    after, before = paths[first, strand, 1], paths[first - 1, strand, 1]
    part = np.clip((before - plan.cut) / np.maximum(before - after, 1e-4), 0, 1)
    end = np.where(low.any(0), first - 1 + part, STEPS - 1.0)
    if (plan.pull > 0).any():
        near = np.linalg.norm(paths - plan.target, axis=-1) < 1.3
        near &= plan.pull > 0
        end = np.where(near.any(0), np.minimum(end, near.argmax(0)), end)
    return np.maximum(end, 1.0)


def _resample(paths: np.ndarray, end: np.ndarray, points: int) -> np.ndarray:
    at = np.linspace(0, 1, points)[:, None] * np.minimum(end, STEPS - 1.001)
    low = at.astype(int)
    strand = np.arange(paths.shape[1])
    part = (at - low)[..., None].astype(np.float32)
    grown = paths[low, strand] * (1 - part) + paths[low + 1, strand] * part
    return np.ascontiguousarray(grown.transpose(1, 0, 2), np.float32)


def curl_strands(
    frame: HeadFrame,
    paths: np.ndarray,
    leader: np.ndarray,
    *,
    gather: np.ndarray,
    spread: np.ndarray,
    amplitude: np.ndarray,
    wavelength: np.ndarray,
    phase: np.ndarray,
    roundness: np.ndarray,
) -> np.ndarray:
    """Gather strands into locks and curl them.

    Args:
        frame: The frame of the head.
        paths: (S, P, 3) strands.
        leader: (S,) index of the leading strand of each strand's lock.
        gather: (S,) 0 (loose) to 1 (tips meet in the lock); above 1, closer to the
            root.
        spread: (S,) share of the root distance to the leader that is kept.
        amplitude: (S,) radius of the curl in cm.
        wavelength: (S,) length of one turn in cm.
        phase: (S,) phase at the root in radians.
        roundness: (S,) 0 (flat wave) to 1 (helix).

    Returns:
        (S, P, 3) float32 strands, all outside the head.
    """
    scalars = [gather, spread, amplitude, wavelength, phase, roundness]
    source = vec3_array(paths.transpose(1, 0, 2))
    out = wp.empty(source.shape, dtype=wp.vec3, device="cpu")
    inputs = [_table(frame), source, wp.array(leader.astype(np.int32), device="cpu")]
    inputs += [wp.array(np.stack(scalars).astype(np.float32), device="cpu"), out]
    wp.launch(_bend, dim=len(paths), inputs=inputs, device="cpu")
    return np.ascontiguousarray(out.numpy().transpose(1, 0, 2), np.float32)
