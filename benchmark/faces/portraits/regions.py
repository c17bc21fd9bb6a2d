"""Soft regions of a head as functions of canonical coordinates.

Canonical coordinates are positions on the mean head in cm (see `head.py`). Functions
take (n, 3) points; regions are (n,) weights in [0, 1].
"""

from __future__ import annotations

import numpy as np

AXIS_Z = -7.0
"""z in cm of the vertical axis from which azimuths are measured."""

# Azimuth (degrees from the front) and height (cm) of the hairline.
_HAIRLINE = np.array(
    [
        (0, 6.3),
        (20, 6.3),
        (34, 5.6),
        (44, 4.2),
        (52, 2.8),
        (62, 0.8),
        (68, -1.6),
        (76, -3.0),
        (82, -2.0),
        (86, 0.9),
        (104, 1.0),
        (114, -1.5),
        (122, -5.0),
        (140, -8.6),
        (180, -9.2),
    ]
)


def smoothstep(low: float, high: float, value: np.ndarray) -> np.ndarray:
    """Hermite step: 0 below `low`, 1 above `high`; falls if `low` > `high`."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def azimuth(points: np.ndarray) -> np.ndarray:
    """Absolute azimuth in degrees, (n,) in [0, 180]; 0 is the front."""
    return np.rad2deg(np.arctan2(abs(points[:, 0]), points[:, 2] - AXIS_Z))


def above_hairline(points: np.ndarray) -> np.ndarray:
    """Height above the full hairline in cm, (n,); negative below it."""
    line = np.interp(azimuth(points), _HAIRLINE[:, 0], _HAIRLINE[:, 1])
    return points[:, 1] - line


def ears(points: np.ndarray) -> np.ndarray:
    """Weight of the ears."""
    outside = smoothstep(6.9, 7.25, abs(points[:, 0]))
    high = smoothstep(-5.7, -5.2, points[:, 1]) * smoothstep(1.3, 0.8, points[:, 1])
    deep = smoothstep(-11.5, -10.5, points[:, 2]) * smoothstep(-5.6, -6.1, points[:, 2])
    return outside * high * deep


def lip_weight(points: np.ndarray) -> np.ndarray:
    """Weight of the lips."""
    x = abs(points[:, 0])
    y = points[:, 1]
    reach = np.clip(1 - (x / 2.52) ** 2, 0, 1)
    bow = 0.12 * np.exp(-((x / 0.28) ** 2))
    top = -7.38 + 0.98 * reach**0.75 - bow
    low = -7.42 - 1.32 * reach**0.72
    inside = smoothstep(-0.07, 0.07, top - y) * smoothstep(-0.07, 0.07, y - low)
    front = smoothstep(1.2, 1.6, points[:, 2]) * smoothstep(2.62, 2.5, x)
    return inside * front


def _chin_to_cheek(points: np.ndarray) -> np.ndarray:
    """Weight of the area of a full beard, without the moustache."""
    x, y, z = abs(points[:, 0]), points[:, 1], points[:, 2]
    line = np.interp(x, [0, 2.4, 3.6, 5.0, 6.2, 7.0], [-8.8, -7.6, -7.0, -6.3, -4.2, 0])
    below = smoothstep(0.3, -0.6, y - line)
    neck = smoothstep(-14.2, -12.6, y + 0.25 * np.clip(-z - 1, 0, 6) * 0.6)
    front = smoothstep(-6.2, -5.2, z)
    return below * neck * front


def region_weights(canonical: np.ndarray, on_body: np.ndarray) -> dict[str, np.ndarray]:
    """Compute all region weights of the vertices.

    Args:
        canonical: (V, 3) canonical coordinates in cm.
        on_body: (V,) bool; False for eyes, teeth and tongue, which have no region.

    Returns:
        (V,) float32 weights by name: scalp (up to the full hairline), brow_l, brow_r,
        moustache, chin, beard (cheeks, jaw and chin without moustache), lips, ears,
        nose, neck, face, torso, mouth_inside.
    """
    p = canonical
    x, y, z = p[:, 0], p[:, 1], p[:, 2]
    lips = lip_weight(p)
    inside = (
        smoothstep(1.1, 0.7, z) * (abs(x) < 2.6) * (y < -5.6) * (y > -10) * (z > -5.5)
    )
    ear = ears(p)
    brow = {
        side: smoothstep(0.75, 0.35, abs(y - 1.75 - 0.12 * (sign * x - 1.2)))
        * smoothstep(0.9, 1.4, sign * x)
        * smoothstep(5.9, 5.2, sign * x)
        * (z > -2)
        for side, sign in (("l", 1), ("r", -1))
    }
    outer = on_body & (inside <= 0)
    beard = _chin_to_cheek(p) * (1 - lips) * (1 - ear)
    moustache = (
        smoothstep(-5.0, -5.5, y)
        * smoothstep(-7.7, -7.2, y)
        * smoothstep(3.3, 2.7, abs(x))
        * smoothstep(0.3, 1.0, z)
        * (1 - lips)
    )
    nose_half = np.interp(y, [-5.2, -4.2, -2.5, 0.5], [1.9, 2.1, 1.3, 0.8])
    nose = (
        smoothstep(0.15, -0.15, abs(x) - nose_half)
        * smoothstep(-5.45, -5.15, y)
        * smoothstep(0.9, 0.3, y)
        * (z > 1.0)
    )
    jaw_floor = np.interp(-z, [-3, 0, 3.5, 6, 20], [-11.4, -12.0, -11.3, -7.5, -8.0])
    neck = smoothstep(0.3, -0.3, y - jaw_floor) * smoothstep(-19, -17, y)
    regions = {
        "scalp": smoothstep(-0.25, 0.35, above_hairline(p)) * (1 - ear) * (y > -10.5),
        "brow_l": brow["l"],
        "brow_r": brow["r"],
        "moustache": moustache,
        "chin": beard * smoothstep(3.4, 2.4, abs(x)) * smoothstep(-13, -12, y),
        "beard": beard,
        "lips": lips,
        "ears": ear,
        "nose": nose,
        "neck": neck,
        "torso": smoothstep(-16, -19, y),
        "face": smoothstep(0.3, -0.3, above_hairline(p)) * (1 - neck) * (1 - ear),
        "mouth_inside": inside,
    }
    weights = {k: np.where(outer, v, 0).astype(np.float32) for k, v in regions.items()}
    weights["mouth_inside"] = np.where(on_body, inside, 0).astype(np.float32)
    return weights
