"""Strands as data, and painting them: back to front, anti-aliased, behind the head."""

# pyright: reportInvalidTypeForm=false, reportArgumentType=false
# pyright: reportIndexIssue=false, reportAttributeAccessIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false
# pyright: reportGeneralTypeIssues=false, reportCallIssue=false

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import warp as wp

from benchmark.faces.portraits.camera import Camera, project

DEPTH_BIAS = 0.3
"""How far, in cm, a strand may lie behind the drawn surface and still show."""


@dataclass(frozen=True)
class Strands:
    """A bundle of strands with equally many points.

    Attributes:
        points: (S, P, 3) float32, root to tip, in the head's coordinates (cm).
        radius: (S, P) float32 half widths in cm.
        root: (S, 3) float32 linear RGB albedo at the root.
        tip: (S, 3) float32 linear RGB albedo at the tip.
        gloss: (S,) float32 strength of the highlights.
        opacity: (S,) float32, 0 to 1.
        part: Part class of every strand (hair, brows or skin).
    """

    points: np.ndarray
    radius: np.ndarray
    root: np.ndarray
    tip: np.ndarray
    gloss: np.ndarray
    opacity: np.ndarray
    part: int

    def __len__(self) -> int:
        return len(self.points)

    def albedo(self) -> np.ndarray:
        """Return (S, P, 3) linear RGB along the strands."""
        t = np.linspace(0, 1, self.points.shape[1], dtype=np.float32)[None, :, None]
        return self.root[:, None] * (1 - t) + self.tip[:, None] * t

    def mass(self) -> np.ndarray:
        """Return (S, P) projected areas in cm² that the points stand for."""
        step = np.linalg.norm(np.diff(self.points, axis=1), axis=2)
        length = np.concatenate([step, step[:, -1:]], 1)
        return 2 * self.radius * length * self.opacity[:, None]


@dataclass(frozen=True)
class Layer:
    """A drawn layer to lay over a picture.

    Attributes:
        rgb: (H, W, 3) float32 linear RGB, premultiplied by alpha.
        alpha: (H, W) float32, 0 to 1.
        depth: (H, W) float32 cm along the optical axis; infinite where bare.
        part: (H, W) uint8 part classes; 0 where alpha is below one half.
    """

    rgb: np.ndarray
    alpha: np.ndarray
    depth: np.ndarray
    part: np.ndarray


@wp.kernel
def _paint(
    segments: wp.array2d(dtype=wp.float32),
    colours: wp.array2d(dtype=wp.float32),
    parts: wp.array(dtype=wp.int32),
    order: wp.array(dtype=wp.int32),
    behind: wp.array2d(dtype=wp.float32),
    bias: float,
    rgba: wp.array3d(dtype=wp.float32),
    shares: wp.array3d(dtype=wp.float32),
    nearest: wp.array2d(dtype=wp.float32),
):
    height = behind.shape[0]
    width = behind.shape[1]
    for place in range(order.shape[0]):
        item = order[place]
        x0 = segments[item, 0]
        y0 = segments[item, 1]
        dx = segments[item, 3] - x0
        dy = segments[item, 4] - y0
        squared = dx * dx + dy * dy + 1.0e-6
        opacity = segments[item, 8]
        reach = wp.max(wp.max(segments[item, 6], segments[item, 7]), 0.5) + 0.5
        left = wp.max(int(wp.floor(wp.min(x0, x0 + dx) - reach)), 0)
        right = wp.min(int(wp.ceil(wp.max(x0, x0 + dx) + reach)), width)
        top = wp.max(int(wp.floor(wp.min(y0, y0 + dy) - reach)), 0)
        bottom = wp.min(int(wp.ceil(wp.max(y0, y0 + dy) + reach)), height)
        part = parts[item]
        for row in range(top, bottom):
            for column in range(left, right):
                px = float(column) + 0.5 - x0
                py = float(row) + 0.5 - y0
                raw = (px * dx + py * dy) / squared
                t = wp.clamp(raw, 0.0, 1.0)
                ox = px - dx * t
                oy = py - dy * t
                away = wp.sqrt(ox * ox + oy * oy)
                half = segments[item, 6] * (1.0 - t) + segments[item, 7] * t
                drawn = wp.max(half, 0.5)
                cover = wp.clamp(drawn + 0.5 - away, 0.0, 1.0) * (half / drawn)
                # Ends are butted, so that neighbours do not cover a joint twice.
                past = wp.max(-raw, raw - 1.0) * wp.sqrt(squared)
                cover = cover * wp.clamp(0.5 - past, 0.0, 1.0) * opacity
                z = segments[item, 2] * (1.0 - t) + segments[item, 5] * t
                gap = (behind[row, column] + bias - z) / bias
                cover = cover * wp.clamp(gap, 0.0, 1.0)
                if cover > 0.004:
                    keep = 1.0 - cover
                    for channel in range(3):
                        tint = colours[item, channel] * (1.0 - t)
                        tint = tint + colours[item, channel + 3] * t
                        rgba[row, column, channel] = (
                            rgba[row, column, channel] * keep + tint * cover
                        )
                        shares[row, column, channel] = (
                            shares[row, column, channel] * keep
                        )
                    rgba[row, column, 3] = rgba[row, column, 3] * keep + cover
                    shares[row, column, part] = shares[row, column, part] + cover
                    if cover > 0.2:
                        nearest[row, column] = wp.min(nearest[row, column], z)


def _segments(
    bundle: Strands, colour: np.ndarray, camera: Camera
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One bundle's (n, 9) geometry, (n, 6) end colours and (n,) depths."""
    pixels, depth = project(camera, bundle.points)
    half = bundle.radius * (camera.focal / depth)
    ends = np.concatenate([pixels, depth[..., None]], -1).astype(np.float32)
    opacity = np.repeat(bundle.opacity[:, None], ends.shape[1] - 1, 1)
    parts = [ends[:, :-1], ends[:, 1:], half[:, :-1, None], half[:, 1:, None]]
    geometry = np.concatenate([*parts, opacity[..., None]], -1)
    geometry = geometry.reshape(-1, 9).astype(np.float32)
    colours = np.concatenate([colour[:, :-1], colour[:, 1:]], -1).reshape(-1, 6)
    size = camera.size
    low, high = np.minimum(geometry[:, :2], geometry[:, 3:5]), geometry[:, 6:8].max(1)
    top = np.maximum(geometry[:, :2], geometry[:, 3:5])
    inside = (top > -high[:, None] - 1).all(1) & (low < size + high[:, None] + 1).all(1)
    inside &= (geometry[:, :2] != geometry[:, 3:5]).any(1)
    geometry, colours = geometry[inside], colours[inside]
    return geometry, colours, geometry[:, 2] + geometry[:, 5]


def paint(
    bundles: list[Strands],
    colours: list[np.ndarray],
    camera: Camera,
    depth: np.ndarray,
    base: Layer,
) -> Layer:
    """Paint shaded strands over a base layer.

    Args:
        bundles: The strands.
        colours: For each bundle, (S, P, 3) linear RGB as seen by the camera.
        camera: The view; its size is the picture's.
        depth: (H, W) depth of what is already drawn (cm, infinite where nothing is).
        base: What lies directly under the strands (the tinted scalp).

    Returns:
        The layer with the strands on top.
    """
    drawn = [_segments(b, c, camera) for b, c in zip(bundles, colours, strict=True)]
    geometry = np.concatenate([item[0] for item in drawn])
    tint = np.concatenate([item[1] for item in drawn])
    order = np.argsort(-np.concatenate([item[2] for item in drawn]), kind="stable")
    slots = {part: slot for slot, part in enumerate(sorted({b.part for b in bundles}))}
    parts = np.concatenate(
        [
            np.full(len(item[0]), slots[bundle.part], np.int32)
            for item, bundle in zip(drawn, bundles, strict=True)
        ]
    )
    rgba = np.concatenate([base.rgb, base.alpha[..., None]], -1).astype(np.float32)
    shares = np.zeros((*depth.shape, 3), np.float32)
    for part, slot in slots.items():
        shares[..., slot] = base.alpha * (base.part == part)
    nearest = base.depth.astype(np.float32).copy()
    behind = np.minimum(np.where(np.isfinite(depth), depth, 1e6), 1e6)
    arrays = [geometry, tint, parts, order.astype(np.int32)]
    buffers = [wp.array(a, device="cpu") for a in (rgba, shares, nearest)]
    inputs = [wp.array(np.ascontiguousarray(a), device="cpu") for a in arrays]
    inputs += [wp.array(behind.astype(np.float32), device="cpu"), DEPTH_BIAS]
    wp.launch(_paint, dim=1, inputs=[*inputs, *buffers], device="cpu")
    return _layer(*(buffer.numpy() for buffer in buffers), slots)


def _layer(
    rgba: np.ndarray, shares: np.ndarray, nearest: np.ndarray, slots: dict[int, int]
) -> Layer:
    ids = np.zeros(3, np.uint8)
    for part, slot in slots.items():
        ids[slot] = part
    winner = ids[shares.argmax(-1)]
    alpha = rgba[..., 3]
    part = np.where(alpha >= 0.5, winner, 0).astype(np.uint8)
    nearest = np.where(alpha > 0.02, nearest, np.inf).astype(np.float32)
    return Layer(rgba[..., :3], alpha, nearest, part)
