"""Head shapes: vertices from traits and facial actions, measurements from vertices.

Shapes are linear in the MakeHuman deltas of `head_basis.npz`. A trait changes one
visible property over the human range. Attributes are measured on the neutral mesh, so
they state what the picture shows, whatever traits caused it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

BASIS_FILE = Path(__file__).parent / "head_basis.npz"
"""File written by `bake.py`."""

TRAITS: dict[str, tuple[tuple[str, str, float], ...]] = {
    "head_width": (("head-scale-horiz-incr", "head-scale-horiz-decr", 0.55),),
    "head_length": (
        ("head-scale-vert-incr", "head-scale-vert-decr", 0.45),
        ("chin-height-incr", "chin-height-decr", 0.35),
    ),
    "jaw_width": (
        ("head-square", "head-invertedtriangular", 0.5),
        ("chin-bones-incr", "chin-bones-decr", 0.6),
    ),
    "chin_width": (
        ("chin-width-incr", "chin-width-decr", 0.8),
        ("", "chin-triangle", 0.5),
    ),
    "chin_jut": (("chin-prominent-incr", "chin-prominent-decr", 0.5),),
    "chin_drop": (("chin-jaw-drop-incr", "chin-jaw-drop-decr", 0.3),),
    "cheek_fullness": (
        ("cheek-volume-incr", "cheek-volume-decr", 0.8),
        ("head-fat-incr", "head-fat-decr", 0.35),
    ),
    "cheekbones": (("cheek-bones-incr", "cheek-bones-decr", 0.7),),
    "forehead": (("forehead-temple-incr", "forehead-temple-decr", 0.5),),
    "forehead_height": (("forehead-scale-vert-incr", "forehead-scale-vert-decr", 0.4),),
    "eye_size": (("eye-scale-incr", "eye-scale-decr", 0.75),),
    "eye_spacing": (("eye-trans-out", "eye-trans-in", 0.65),),
    "eye_rotation": (
        ("eye-corner1-up", "eye-corner1-down", 1.3),
        ("eye-corner2-down", "eye-corner2-up", 0.6),
    ),
    "eye_openness": (
        ("eye-height1-incr", "eye-height1-decr", 0.5),
        ("eye-height2-incr", "eye-height2-decr", 0.55),
        ("eye-height3-incr", "eye-height3-decr", 0.5),
    ),
    "eye_hood": (
        ("eye-eyefold-down", "eye-eyefold-up", 0.8),
        ("eye-eyefold-angle-down", "eye-eyefold-angle-up", 0.4),
    ),
    "eye_fold": (("eye-epicanthus-in", "eye-epicanthus-out", 0.6),),
    "eye_bags": (("eye-bag-incr", "eye-bag-decr", 0.7),),
    "eye_depth": (("eye-push1-in", "eye-push1-out", 0.35),),
    "brow_height": (("eyebrows-trans-up", "eyebrows-trans-down", 0.4),),
    "brow_ridge": (("eyebrows-trans-forward", "eyebrows-trans-backward", 0.4),),
    "nose_width": (
        ("nose-scale-horiz-incr", "nose-scale-horiz-decr", 0.55),
        ("nose-nostrils-width-incr", "nose-nostrils-width-decr", 0.45),
        ("nose-width2-incr", "nose-width2-decr", 0.4),
    ),
    "nose_length": (("nose-scale-vert-incr", "nose-scale-vert-decr", 0.6),),
    "nose_position": (("nose-trans-up", "nose-trans-down", 0.45),),
    "nose_depth": (("nose-scale-depth-incr", "nose-scale-depth-decr", 0.3),),
    "nose_bridge": (
        ("nose-hump-incr", "nose-hump-decr", 0.7),
        ("nose-curve-convex", "nose-curve-concave", 0.6),
        ("nose-point-down", "nose-point-up", 0.45),
    ),
    "nose_tip": (
        ("nose-point-width-incr", "nose-point-width-decr", 0.8),
        ("nose-volume-incr", "nose-volume-decr", 0.45),
    ),
    "nose_flare": (("nose-flaring-incr", "nose-flaring-decr", 0.5),),
    "mouth_width": (("mouth-scale-horiz-incr", "mouth-scale-horiz-decr", 0.6),),
    "mouth_volume": (
        ("mouth-upperlip-height-incr", "mouth-upperlip-height-decr", 0.6),
        ("mouth-lowerlip-height-incr", "mouth-lowerlip-height-decr", 0.6),
        ("mouth-upperlip-volume-incr", "mouth-upperlip-volume-decr", 0.5),
        ("mouth-lowerlip-volume-incr", "mouth-lowerlip-volume-decr", 0.5),
        ("mouth-scale-vert-incr", "mouth-scale-vert-decr", 0.25),
    ),
    "mouth_position": (("mouth-trans-up", "mouth-trans-down", 0.5),),
    "cupids_bow": (("mouth-cupidsbow-incr", "mouth-cupidsbow-decr", 0.6),),
    "ear_size": (("ear-scale-incr", "ear-scale-decr", 0.4),),
    "ear_wing": (("ear-wing-incr", "ear-wing-decr", 0.5),),
    "ageing": (("head-age-incr", "head-age-decr", 0.6),),
    "neck_width": (("neck-scale-horiz-incr", "neck-scale-horiz-decr", 0.5),),
    "shoulders": (("measure-shoulder-dist-incr", "measure-shoulder-dist-decr", 0.5),),
}
"""Deltas of each trait: (delta at +1, delta at -1, gain); "" for none."""

OUTLINES = {
    "round": "head-round",
    "square": "head-square",
    "rectangular": "head-rectangular",
    "oval": "head-oval",
    "heart": "head-invertedtriangular",
    "diamond": "head-diamond",
    "pear": "head-triangular",
}
"""Delta of each face outline."""

LANDMARKS: dict[str, tuple[float, float]] = {
    "eye_outer_l": (4.45, -0.05),
    "eye_inner_l": (1.72, -0.43),
    "lid_top_l": (3.2, 0.21),
    "lid_low_l": (3.2, -0.61),
    "nose_wing_l": (1.82, -4.1),
    "nose_tip": (0.0, -4.2),
    "nose_root": (0.0, 0.1),
    "nose_base": (0.0, -5.2),
    "mouth_corner_l": (2.45, -7.45),
    "lip_top": (0.0, -6.45),
    "lip_seam": (0.0, -7.3),
    "lip_low": (0.0, -8.75),
    "chin": (0.0, -11.2),
    "crown": (0.0, 11.4),
    "trichion": (0.0, 6.3),
}
"""(x, y) in cm of points on the front of the mean head; the nearest vertex is used."""

SILHOUETTE: dict[str, tuple[float, float]] = {
    "forehead_l": (4.0, -5.5),
    "cheekbone_l": (-2.4, -5.5),
    "jaw_l": (-8.0, -5.5),
    "chin_side_l": (-10.2, -1.0),
}
"""(y, minimum z) in cm at which the outline is read, in front of ears and neck."""


@dataclass(frozen=True)
class Basis:
    """The shapes that `bake.py` writes, in cm.

    Attributes:
        mean: (V, 3) mean head.
        quads: (n, 4) vertex ids by surface name.
        archetypes: (V, 3) float32 deltas by sex, age and origin, or sex and weight.
        changes: (V, 3) float32 deltas of local changes and facial actions by name.
        landmarks: vertex id by landmark name.
    """

    mean: np.ndarray
    quads: dict[str, np.ndarray]
    archetypes: dict[str, np.ndarray]
    changes: dict[str, np.ndarray]
    landmarks: dict[str, int]


@dataclass(frozen=True)
class Identity:
    """Parameters of a neutral head shape.

    Attributes:
        masculinity: 0 (female) to 1 (male).
        oldness: 0 (young adult) to 1 (about 85 years).
        origins: weights of MakeHuman's african, asian and caucasian shapes, sum 1.
        heaviness: -1 (thin) to 1 (heavy).
        traits: values in about [-1, 1] by name in `TRAITS`.
        outlines: weights in [0, 1] by name in `OUTLINES`.
    """

    masculinity: float
    oldness: float
    origins: tuple[float, float, float]
    heaviness: float
    traits: Mapping[str, float]
    outlines: Mapping[str, float]


def _nearest(front: np.ndarray, ids: np.ndarray, x: float, y: float) -> int:
    away = np.hypot(front[:, 0] - x, front[:, 1] - y) - 0.15 * front[:, 2]
    return int(ids[np.argmin(away)])


def _find_landmarks(mean: np.ndarray, body: np.ndarray) -> dict[str, int]:
    ids = np.unique(body)
    points = mean[ids]
    found = {name: _nearest(points, ids, *at) for name, at in LANDMARKS.items()}
    for name, (height, back) in SILHOUETTE.items():
        level = abs(points[:, 1] - height) < 0.7
        outside = np.where(level & (points[:, 2] > back), points[:, 0], -99)
        found[name] = int(ids[np.argmax(outside)])
    for name in [n for n in found if n.endswith("_l")]:
        mirrored = mean[found[name]] * [-1, 1, 1]
        twin = np.argmin(np.linalg.norm(points - mirrored, axis=1))
        found[name[:-1] + "r"] = int(ids[twin])
    return found


@lru_cache(maxsize=1)
def basis() -> Basis:
    """Load the baked shapes; cached per process."""
    with np.load(BASIS_FILE) as file:
        quads = {k[6:]: file[k] for k in file.files if k.startswith("quads_")}
        mean = file["mean"]
        archetypes = file["archetypes"].astype(np.float32)
        changes = file["changes"].astype(np.float32)
        return Basis(
            mean,
            quads,
            dict(zip(file["archetype_names"].tolist(), archetypes, strict=True)),
            dict(zip(file["change_names"].tolist(), changes, strict=True)),
            _find_landmarks(mean, quads["body"]),
        )


def neutral_vertices(identity: Identity) -> np.ndarray:
    """Return the (V, 3) float32 vertices of a neutral face, in cm."""
    shapes = basis()
    vertices = shapes.mean.copy()
    sexes = {"female": 1 - identity.masculinity, "male": identity.masculinity}
    ages = {"young": 1 - identity.oldness, "old": identity.oldness}
    for sex, sex_weight in sexes.items():
        for age, age_weight in ages.items():
            for origin, weight in zip(
                ("african", "asian", "caucasian"), identity.origins, strict=True
            ):
                blend = np.float32(sex_weight * age_weight * weight)
                vertices += blend * shapes.archetypes[f"{sex}-{age}-{origin}"]
        side = "heavy" if identity.heaviness > 0 else "thin"
        blend = np.float32(sex_weight * abs(identity.heaviness))
        vertices += blend * shapes.archetypes[f"{sex}-{side}"]
    for name, value in identity.traits.items():
        for up, down, gain in TRAITS[name]:
            delta = up if value > 0 else down
            if delta:
                vertices += np.float32(abs(value) * gain) * shapes.changes[delta]
    for name, value in identity.outlines.items():
        vertices += np.float32(value) * shapes.changes[OUTLINES[name]]
    return vertices


def apply_actions(vertices: np.ndarray, actions: Mapping[str, float]) -> np.ndarray:
    """Add facial actions (values about 0-1 by basis name) to neutral vertices."""
    moved = vertices.copy()
    for name, value in actions.items():
        moved += np.float32(value) * basis().changes[name]
    return moved


def eye_centres(vertices: np.ndarray) -> np.ndarray:
    """Return the (2, 3) eyeball centres: first the person's left, then the right."""
    quads = basis().quads
    return np.stack([vertices[np.unique(quads[k])].mean(0) for k in ("eye_l", "eye_r")])


def raw_measurements(vertices: np.ndarray) -> dict[str, float]:
    """Measure the visible geometry of a neutral face.

    Args:
        vertices: (V, 3) neutral shape in cm.

    Returns:
        Ratios and angles (degrees) by attribute name, not scaled to 0-1. Lengths are
        relative to the edge of the crop (see `camera.frame_head`).
    """
    at = {name: vertices[index] for name, index in basis().landmarks.items()}
    eyes = eye_centres(vertices)
    mouth = (at["mouth_corner_l"] + at["mouth_corner_r"]) / 2
    eye_line = float(eyes[:, 1].mean())
    down = eye_line - float(mouth[1])
    crop = 2.0 * float(eyes[0, 0] - eyes[1, 0]) + 1.8 * down

    def width(name: str) -> float:
        return float(at[f"{name}_l"][0] - at[f"{name}_r"][0])

    levels = {n: width(n) for n in ("forehead", "cheekbone", "jaw", "chin_side")}
    across = (levels["forehead"] + levels["cheekbone"] + levels["jaw"]) / 3
    slit = at["eye_outer_l"] - at["eye_inner_l"]
    slit_width = float(np.hypot(slit[0], slit[1]))
    nose_length = float(at["nose_root"][1] - at["nose_base"][1])
    nose_middle = float(at["nose_base"][1])
    return {
        "head_width": across / crop,
        "head_length": float(at["trichion"][1] - at["chin"][1]) / crop,
        "jaw_width": levels["jaw"] / across,
        "chin_width": levels["chin_side"] / across,
        "cheekbone_width": levels["cheekbone"] / across,
        "forehead_width": levels["forehead"] / across,
        "eye_size": slit_width / crop,
        "eye_spacing": float(eyes[0, 0] - eyes[1, 0]) / crop,
        "eye_rotation": float(np.rad2deg(np.arctan2(slit[1], slit[0]))),
        "eye_openness": float(at["lid_top_l"][1] - at["lid_low_l"][1]) / slit_width,
        "nose_width": width("nose_wing") / crop,
        "nose_height": nose_length / crop,
        "nose_position": (nose_middle - eye_line) / crop,
        "mouth_width": width("mouth_corner") / crop,
        "mouth_volume": float(at["lip_top"][1] - at["lip_low"][1]) / crop,
        "mouth_position": (float(mouth[1]) - float(at["chin"][1])) / crop,
    }
