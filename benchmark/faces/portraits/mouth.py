"""Teeth, gums, tongue and the inside of the mouth."""

from __future__ import annotations

import numpy as np

from benchmark.faces.portraits.regions import smoothstep

ENAMEL = np.array([0.74, 0.68, 0.58])
GUM = np.array([0.42, 0.15, 0.14])
TONGUE = np.array([0.38, 0.13, 0.12])
CAVITY = np.array([0.16, 0.035, 0.03])

# Distance (cm, along the arch) of each gap between teeth from the middle.
_UPPER_GAPS = (0.0, 0.86, 1.52, 2.24, 2.9, 3.5)
_LOWER_GAPS = (0.0, 0.54, 1.12, 1.78, 2.45, 3.1)


def paint_teeth(places: np.ndarray, age: int, *, upper: bool) -> np.ndarray:
    """Albedo (n, 3) of a row of teeth and its gums.

    Args:
        places: (n, 3) canonical coordinates in cm.
        age: years; enamel becomes more yellow with age.
        upper: True for the upper row, False for the lower one.
    """
    # Approximate arc length from the middle of the dental arch.
    arc = np.hypot(abs(places[:, 0]), 0.55 * (1.9 - places[:, 2]))
    gaps = np.array(_UPPER_GAPS if upper else _LOWER_GAPS)
    near = np.min(abs(arc[:, None] - gaps), axis=1)
    crease = 1 - 0.5 * np.exp(-((near / 0.05) ** 2))
    middle = abs((near / 0.38).clip(0, 1))
    line = -6.0 - 0.18 * middle if upper else -8.35 + 0.18 * middle
    sign = 1 if upper else -1
    gum = smoothstep(-0.08, 0.08, sign * (places[:, 1] - line))[:, None]
    yellow = np.array([0.0, 0.03, 0.1]) * np.clip((age - 25) / 50, 0, 1)
    back = smoothstep(2.0, -1.0, places[:, 2])[:, None]
    enamel = (ENAMEL - yellow) * crease[:, None] * (1 - 0.6 * back)
    return enamel * (1 - gum) + GUM * gum
