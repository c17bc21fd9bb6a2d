"""The moment of the picture: light, background, camera, pose and clothes, by world."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmark.faces.portraits.light import RIGS

BACKGROUNDS: dict[str, tuple[str, ...]] = {
    "train": ("studio", "wall", "bokeh", "foliage", "room", "outdoors"),
    "validation-shifted": ("sky", "shelves"),
    "heldout": ("night", "panels", "beach"),
}
"""Backgrounds by world (`background.py` draws them)."""

CAMERAS: dict[str, tuple[str, ...]] = {
    "train": ("phone_front", "phone_rear", "portrait_lens", "reflex"),
    "validation-shifted": ("webcam", "instant"),
    "heldout": ("compact", "film", "wide"),
}
"""Cameras by world (`film.py` develops their pictures)."""

GARMENTS: tuple[str, ...] = (
    "crew_neck",
    "v_neck",
    "scoop_neck",
    "shirt",
    "turtleneck",
    "hoodie",
    "jacket",
    "tank_top",
)
"""What people wear (`clothes.py`)."""

_DISTANCE = {
    "phone_front": (48, 70),
    "phone_rear": (80, 140),
    "portrait_lens": (140, 240),
    "reflex": (100, 180),
    "webcam": (55, 85),
    "instant": (90, 130),
    "compact": (80, 140),
    "film": (120, 200),
    "wide": (42, 55),
}


@dataclass(frozen=True)
class Scene:
    """Everything about the picture that is not the person.

    Attributes:
        rig: name of a light rig.
        background: name of a background.
        camera: name of a camera.
        garment: name of a garment.
        garment_rgb: its sRGB, 0-1.
        seed: of rig, background, garment and film.
        yaw: degrees the head turns to its left.
        pitch: degrees the face looks up.
        roll: degrees the head leans.
        distance: from eyes to camera in cm.
        zoom: of the crop, 1 the normal one.
        shift: of the crop, as parts of its edge (right, down).
        gaze: degrees the eyes look off the camera (left, up).
    """

    rig: str
    background: str
    camera: str
    garment: str
    garment_rgb: tuple[float, float, float]
    seed: int
    yaw: float
    pitch: float
    roll: float
    distance: float
    zoom: float
    shift: tuple[float, float]
    gaze: tuple[float, float]


def _cloth_colour(rng: np.random.Generator) -> tuple[float, float, float]:
    kind = rng.random()
    if kind < 0.45:  # white, grey, black
        level = float(rng.choice([0.08, 0.15, 0.3, 0.5, 0.75, 0.9]))
        tone = level + rng.normal(0, 0.02, 3)
    elif kind < 0.7:  # navy, denim, olive, wine
        shades = [(0.12, 0.16, 0.3), (0.3, 0.4, 0.55), (0.3, 0.32, 0.2)]
        tone = np.array([*shades, (0.38, 0.12, 0.16)][rng.integers(4)])
        tone = tone + rng.normal(0, 0.03, 3)
    else:
        hue = rng.random() * 6
        pure = np.clip(np.abs((hue + np.array([0, 4, 2])) % 6 - 3) - 1, 0, 1)
        value = rng.uniform(0.35, 0.85)
        tone = value * (1 - rng.uniform(0.35, 0.8) * (1 - pure))
    red, green, blue = (float(v) for v in np.clip(tone, 0.03, 0.95))
    return red, green, blue


def sample_scene(rng: np.random.Generator, world: str, sex: str) -> Scene:
    """Draw the moment of a picture in a world."""
    camera = str(rng.choice(CAMERAS[world]))
    weights = np.array([3, 2, 1, 2, 1.2, 1.2, 1.5 if sex == "male" else 0.8, 1.0])
    if sex == "female":
        weights[2], weights[7] = 2.2, 1.6
    return Scene(
        rig=str(rng.choice(list(RIGS[world]))),
        background=str(rng.choice(BACKGROUNDS[world])),
        camera=camera,
        garment=str(rng.choice(GARMENTS, p=weights / weights.sum())),
        garment_rgb=_cloth_colour(rng),
        seed=int(rng.integers(2**31)),
        yaw=float(np.clip(rng.normal(0, 5.5), -12, 12)),
        pitch=float(np.clip(rng.normal(0, 3.2), -8, 8)),
        roll=float(np.clip(rng.normal(0, 1.8), -4, 4)),
        distance=float(rng.uniform(*_DISTANCE[camera])),
        zoom=float(rng.uniform(0.95, 1.06)),
        shift=(float(rng.normal(0, 0.008)), float(rng.normal(0, 0.01))),
        gaze=(float(rng.normal(0, 2.5)), float(rng.normal(0, 1.5))),
    )
