"""Expressions as facial actions, and the mouth attributes that follow from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

# Per expression: its frequency and the range of each facial action.
_EXPRESSIONS: dict[str, tuple[float, dict[str, tuple[float, float]]]] = {
    "neutral": (0.2, {"mouthSmile": (0.0, 0.06)}),
    "soft_smile": (
        0.16,
        {"mouthSmile": (0.3, 0.5), "cheekSquint": (0.0, 0.3)},
    ),
    "closed_smile": (
        0.14,
        {"mouthSmile": (0.7, 1.15), "cheekSquint": (0.3, 0.7), "eyeSquint": (0, 0.4)},
    ),
    "teeth_smile": (
        0.17,
        {
            "mouthSmile": (1.0, 1.35),
            "mouthUpperUp": (0.7, 1.0),
            "mouthLowerDown": (0.5, 0.85),
            "jawOpen": (0.14, 0.24),
            "cheekSquint": (0.2, 0.6),
            "eyeSquint": (0.0, 0.35),
        },
    ),
    "open_laugh": (
        0.09,
        {
            "mouthSmile": (1.0, 1.35),
            "mouthUpperUp": (0.4, 0.7),
            "jawOpen": (0.32, 0.58),
            "cheekSquint": (0.3, 0.7),
            "eyeSquint": (0.1, 0.4),
        },
    ),
    "straight": (0.07, {"mouthPress": (0.4, 0.8), "mouthRollLower": (0.1, 0.4)}),
    "frown": (0.07, {"mouthFrown": (0.6, 1.2), "browDown": (0.1, 0.6)}),
    "pout": (0.05, {"mouthPucker": (0.35, 0.65), "mouthShrugLower": (0.1, 0.4)}),
    "smirk": (0.05, {"mouthSmileLeft": (0.6, 1.0), "cheekSquint": (0.0, 0.3)}),
}


def sample_expression(rng: np.random.Generator) -> tuple[str, dict[str, float]]:
    """Draw an expression.

    Returns:
        Its name, and its facial actions by their names in the head basis.
    """
    names = list(_EXPRESSIONS)
    weights = np.array([_EXPRESSIONS[name][0] for name in names])
    name = str(rng.choice(names, p=weights / weights.sum()))
    actions = {
        action: float(rng.uniform(*bounds))
        for action, bounds in _EXPRESSIONS[name][1].items()
    }
    if name == "smirk" and rng.random() < 0.5:
        actions["mouthSmileRight"] = actions.pop("mouthSmileLeft")
    actions["browInnerUp"] = float(max(0, rng.normal(0, 0.12)))
    actions["browOuterUp"] = float(max(0, rng.normal(0, 0.15)))
    return name, actions


def mouth_attributes(actions: Mapping[str, float]) -> dict[str, Any]:
    """Derive mouth_curve, mouth_open and mouth_teeth from facial actions."""
    smile = actions.get("mouthSmile", 0.0)
    one_sided = actions.get("mouthSmileLeft", 0.0) + actions.get("mouthSmileRight", 0.0)
    frown = actions.get("mouthFrown", 0.0)
    opened = actions.get("jawOpen", 0.0)
    lips = actions.get("mouthUpperUp", 0.0) + actions.get("mouthLowerDown", 0.0)
    return {
        "mouth_curve": float(
            np.clip(0.77 * smile + 0.35 * one_sided - 0.83 * frown, -1, 1)
        ),
        "mouth_open": float(np.clip(1.5 * opened + 0.15 * lips, 0, 1)),
        "mouth_teeth": opened + lips > 0.3,
    }
