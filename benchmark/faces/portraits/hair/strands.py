"""Strands as data, and anti-aliased drawing of strands with a depth test."""

# pyright: reportInvalidTypeForm=false, reportArgumentType=false
# pyright: reportIndexIssue=false, reportAttributeAccessIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false
# pyright: reportGeneralTypeIssues=false, reportCallIssue=false

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import warp as wp

from benchmark.faces.portraits.camera import Camera, project

wp.set_module_options({"enable_backward": False})

DEPTH_BIAS = 0.3
"""Distance in cm by which a strand may lie behind the surface and still be visible."""


@dataclass(frozen=True)
class Strands:
    """A bundle of S strands with P points each.

    Attributes:
        points: (S, P, 3) float32, root to tip, in head space (cm).
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
        """Return (S, P) projected areas in cm² by point."""
        step = np.linalg.norm(np.diff(self.points, axis=1), axis=2)
        length = np.concatenate([step, step[:, -1:]], 1)
        return 2 * self.radius * length * self.opacity[:, None]


@dataclass(frozen=True)
class Layer:
    """A layer to be composited over a picture.

    Attributes:
        rgb: (H, W, 3) float32 linear RGB, premultiplied by alpha.
        alpha: (H, W) float32, 0 to 1.
        depth: (H, W) float32 cm along the optical axis; infinite where alpha is below
            one half.
        part: (H, W) uint8 part classes; 0 where alpha is below one half.
    """

    rgb: np.ndarray
    alpha: np.ndarray
    depth: np.ndarray
    part: np.ndarray


@wp.kernel
def _draw_segments(
    segments: wp.array2d(dtype=wp.float32),
    colours: wp.array2d(dtype=wp.float32),
    parts: wp.array(dtype=wp.int32),
    order: wp.array(dtype=wp.int32),
    behind: wp.array2d(dtype=wp.float32),
    bias: float,
    rgb: wp.array2d(dtype=wp.vec3),
    left_over: wp.array2d(dtype=wp.float32),
    shares: wp.array2d(dtype=wp.vec3),
    nearest: wp.array2d(dtype=wp.float32),
):
    """Draw segments from front to back, so that hidden pixels are skipped."""
    height = behind.shape[0]
    width = behind.shape[1]
    for place in range(order.shape[0]):
        item = order[place]
        x0 = segments[item, 0]
        y0 = segments[item, 1]
        z0 = segments[item, 2]
        dx = segments[item, 3] - x0
        dy = segments[item, 4] - y0
        dz = segments[item, 5] - z0
        half0 = segments[item, 6]
        half1 = segments[item, 7]
        opacity = segments[item, 8]
        squared = dx * dx + dy * dy + 1.0e-6
        length = wp.sqrt(squared)
        near = wp.vec3(colours[item, 0], colours[item, 1], colours[item, 2])
        far = wp.vec3(colours[item, 3], colours[item, 4], colours[item, 5])
        part = wp.vec3(0.0, 0.0, 0.0)
        part[parts[item]] = 1.0
        reach = wp.max(wp.max(half0, half1), 0.5) + 0.5
        left = wp.max(int(wp.floor(wp.min(x0, x0 + dx) - reach)), 0)
        right = wp.min(int(wp.ceil(wp.max(x0, x0 + dx) + reach)), width)
        top = wp.max(int(wp.floor(wp.min(y0, y0 + dy) - reach)), 0)
        bottom = wp.min(int(wp.ceil(wp.max(y0, y0 + dy) + reach)), height)
        for row in range(top, bottom):
            for column in range(left, right):
                open_ = left_over[row, column]
                px = float(column) + 0.5 - x0
                py = float(row) + 0.5 - y0
                away = wp.abs(px * dy - py * dx) / length
                if open_ > 0.004 and away < reach:
                    raw = (px * dx + py * dy) / squared
                    t = wp.clamp(raw, 0.0, 1.0)
                    half = half0 + (half1 - half0) * t
                    drawn = wp.max(half, 0.5)
                    cover = wp.clamp(drawn + 0.5 - away, 0.0, 1.0) * (half / drawn)
                    # Flat ends, so that neighbouring segments do not overlap.
                    past = wp.max(-raw, raw - 1.0) * length
                    cover = cover * wp.clamp(0.5 - past, 0.0, 1.0) * opacity
                    z = z0 + dz * t
                    gap = (behind[row, column] + bias - z) / bias
                    cover = cover * wp.clamp(gap, 0.0, 1.0)
                    if cover > 0.004:
                        seen = cover * open_
                        tint = near + (far - near) * t
                        rgb[row, column] = rgb[row, column] + tint * seen
                        shares[row, column] = shares[row, column] + part * seen
                        left_over[row, column] = open_ - seen
                        if open_ > 0.5 and open_ - seen <= 0.5:
                            nearest[row, column] = z


def _segments(
    bundle: Strands, colour: np.ndarray, camera: Camera, behind: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Visible segments of a bundle: (n, 9) geometry and (n, 6) colours of both ends."""
    pixels, depth = project(camera, bundle.points)
    x, y = np.float32(pixels[..., 0]), np.float32(pixels[..., 1])
    z = np.float32(depth)
    half = np.float32(bundle.radius * (camera.focal / depth))
    margin, size = float(half.max()) + 1, camera.size
    column = np.clip(x, 0, size - 1).astype(np.int32)
    row = np.clip(y, 0, size - 1).astype(np.int32)
    # Tolerance: the segment of a hidden point may be partly visible.
    shown = z < behind[row, column] + 1.0
    shown &= (x > -margin) & (x < size + margin) & (y > -margin) & (y < size + margin)
    moved = (x[:, 1:] != x[:, :-1]) | (y[:, 1:] != y[:, :-1])
    chosen = (shown[:, 1:] | shown[:, :-1]) & moved
    opacity = np.broadcast_to(bundle.opacity[:, None], chosen.shape)
    columns = [part[:, :-1][chosen] for part in (x, y, z)]
    columns += [part[:, 1:][chosen] for part in (x, y, z)]
    columns += [half[:, :-1][chosen], half[:, 1:][chosen], opacity[chosen]]
    geometry = np.stack(columns, -1).astype(np.float32)
    tints = np.concatenate([colour[:, :-1][chosen], colour[:, 1:][chosen]], -1)
    return geometry, tints


def draw_strands(
    bundles: list[Strands],
    colours: list[np.ndarray],
    camera: Camera,
    depth: np.ndarray,
    base: Layer,
) -> Layer:
    """Draw shaded strands over a base layer.

    Args:
        bundles: The strands, with at most three part classes.
        colours: (S, P, 3) shaded linear RGB for each bundle.
        camera: The view.
        depth: (H, W) depth in cm of what is already drawn; infinite where nothing is.
        base: The layer under the strands (the scalp tint).

    Returns:
        The base layer with the strands on top.
    """
    behind = np.minimum(np.where(np.isfinite(depth), depth, 1e6), 1e6)
    behind = np.ascontiguousarray(behind, np.float32)
    drawn = [
        _segments(bundle, colour, camera, behind)
        for bundle, colour in zip(bundles, colours, strict=True)
    ]
    geometry = np.concatenate([item[0] for item in drawn])
    tints = np.concatenate([item[1] for item in drawn])
    order = np.argsort(geometry[:, 2] + geometry[:, 5], kind="stable")
    slots = {part: slot for slot, part in enumerate(sorted({b.part for b in bundles}))}
    slot = np.repeat(
        [slots[bundle.part] for bundle in bundles], [len(item[0]) for item in drawn]
    )
    arrays = [geometry, tints, slot.astype(np.int32), order.astype(np.int32), behind]
    inputs = [wp.array(np.ascontiguousarray(a), device="cpu") for a in arrays]
    rgb = wp.zeros(depth.shape, dtype=wp.vec3, device="cpu")
    left_over = wp.full(depth.shape, 1.0, dtype=wp.float32, device="cpu")
    shares = wp.zeros(depth.shape, dtype=wp.vec3, device="cpu")
    nearest = wp.full(depth.shape, 1e6, dtype=wp.float32, device="cpu")
    outputs = [rgb, left_over, shares, nearest]
    wp.launch(
        _draw_segments, dim=1, inputs=[*inputs, DEPTH_BIAS, *outputs], device="cpu"
    )
    return _composite_over(base, *(output.numpy() for output in outputs), slots)


def _composite_over(
    base: Layer,
    rgb: np.ndarray,
    left_over: np.ndarray,
    shares: np.ndarray,
    nearest: np.ndarray,
    slots: dict[int, int],
) -> Layer:
    """Composite drawn strands over the base layer."""
    alpha = 1 - left_over * (1 - base.alpha)
    ids = np.zeros(3, np.uint8)
    total = shares.copy()
    for part, slot in slots.items():
        ids[slot] = part
        total[..., slot] += left_over * base.alpha * (base.part == part)
    part = np.where(alpha >= 0.5, ids[total.argmax(-1)], 0).astype(np.uint8)
    near = np.where(left_over <= 0.5, nearest, base.depth)
    near = np.where(alpha >= 0.5, near, np.inf).astype(np.float32)
    return Layer(rgb + base.rgb * left_over[..., None], alpha, near, part)
