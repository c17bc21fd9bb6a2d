"""Sample the scene of a picture: light, background, camera, pose and clothes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmark.faces.portraits.light import RIGS

BACKGROUNDS: dict[str, tuple[str, ...]] = {
    "train": ("studio", "wall", "bokeh", "foliage", "room", "outdoors"),
    "validation-shifted": ("sky", "shelves"),
    "heldout": ("night", "panels", "beach"),
}
"""Names of `background.PAINTERS` by domain."""

CAMERAS: dict[str, tuple[str, ...]] = {
    "train": ("phone_front", "phone_rear", "portrait_lens", "reflex"),
    "validation-shifted": ("webcam", "instant"),
    "heldout": ("compact", "film", "wide"),
}
"""Names of `film.FILMS` by domain."""

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
"""Names of `clothes.CUTS`, in all domains."""

# Range of the distance from the eyes to the camera in cm.
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
    """Everything in a picture apart from the person.

    Attributes:
        rig: name of a light rig.
        background: name of a background.
        camera: name of a camera.
        garment: name of a garment.
        garment_rgb: sRGB of the garment, 0-1.
        seed: random seed of rig, background and garment.
        yaw: degrees the head turns to its left.
        pitch: degrees the face looks up.
        roll: degrees the head leans, clockwise in the picture.
        distance: from eyes to camera in cm.
        zoom: zoom of the crop; above 1 shows less.
        shift: shift of the crop (right, down), as fractions of its edge.
        gaze: degrees the eyes look away from the camera (left, up).
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


def sample_scene(rng: np.random.Generator, domain: str, sex: str) -> Scene:
    """Draw a scene of a domain. The garment depends on the sex of the person."""
    camera = str(rng.choice(CAMERAS[domain]))
    weights = np.array([3, 2, 1, 2, 1.2, 1.2, 1.5 if sex == "male" else 0.8, 1.0])
    if sex == "female":
        weights[2], weights[7] = 2.2, 1.6
    return Scene(
        rig=str(rng.choice(list(RIGS[domain]))),
        background=str(rng.choice(BACKGROUNDS[domain])),
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
