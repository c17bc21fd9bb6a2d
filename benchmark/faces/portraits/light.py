"""Light rigs: an environment and a few soft lamps.

Colours are linear RGB. Directions are in head space (y up, face towards +z).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Lamp:
    """A directional lamp.

    Attributes:
        direction: (3,) unit vector from the head towards the lamp.
        colour: (3,) linear RGB irradiance on a surface that faces the lamp.
        softness: angular radius in radians (0.005 for the sun, 0.3 for a softbox).
    """

    direction: np.ndarray
    colour: np.ndarray
    softness: float


@dataclass(frozen=True)
class Environment:
    """Ambient light: three tinted zones and one bright patch (window or sky).

    Attributes:
        up: linear RGB radiance from above.
        side: linear RGB radiance from the horizon.
        down: linear RGB radiance from below.
        patch_direction: (3,) unit vector to the centre of the patch.
        patch: linear RGB radiance of the patch.
        patch_width: width of the patch in radians.
    """

    up: Colour
    side: Colour
    down: Colour
    patch_direction: np.ndarray = field(default_factory=lambda: np.array([0.0, 0, 1]))
    patch: Colour = (0.0, 0.0, 0.0)
    patch_width: float = 0.6

    def radiance(self, directions: np.ndarray) -> np.ndarray:
        """Return (..., 3) linear RGB radiance from unit directions (..., 3)."""
        y = directions[..., 1:2]
        sky = np.clip(y, 0, 1) ** 0.7
        floor = np.clip(-y, 0, 1) ** 0.7
        base = (
            np.array(self.up) * sky
            + np.array(self.down) * floor
            + np.array(self.side) * (1 - sky - floor)
        )
        angle = np.arccos(np.clip(directions @ self.patch_direction, -1, 1))
        glow = np.exp(-((angle / self.patch_width) ** 4))[..., None]
        return base + np.array(self.patch) * glow


@dataclass(frozen=True)
class Lights:
    """A light rig: lamps and the environment."""

    lamps: tuple[Lamp, ...]
    environment: Environment


def direction_from_angles(azimuth: float, elevation: float) -> np.ndarray:
    """Unit vector from degrees; azimuth 0 is the front, positive is picture right."""
    a, e = np.deg2rad([azimuth, elevation])
    return np.array([np.sin(a) * np.cos(e), np.sin(e), np.cos(a) * np.cos(e)])


def black_body_rgb(temperature: float) -> np.ndarray:
    """Linear RGB tint of a black body, green 1; a fit for 2,000 to 12,000 K.

    Args:
        temperature: colour temperature in kelvin.

    Returns:
        (3,) linear RGB; white near 6,500 K.
    """
    mired = 1e6 / temperature
    red = np.exp(0.0033 * (mired - 154))
    blue = np.exp(-0.0052 * (mired - 154))
    return np.array([red, 1.0, blue])


def _lamp(
    rng: np.random.Generator,
    azimuth: float,
    elevation: float,
    power: float,
    temperature: float,
    softness: float,
) -> Lamp:
    direction = direction_from_angles(
        azimuth + rng.normal(0, 6), elevation + rng.normal(0, 5)
    )
    colour = power * rng.uniform(0.85, 1.15) * black_body_rgb(temperature)
    return Lamp(direction, colour, softness)


def _uniform_environment(
    level: float, temperature: float, floor: float = 0.5
) -> Environment:
    tint = level * black_body_rgb(temperature)
    return Environment(
        _as_colour(tint * 1.1), _as_colour(tint * 0.9), _as_colour(tint * floor)
    )


def _as_colour(values: np.ndarray) -> Colour:
    red, green, blue = (float(value) for value in values)
    return red, green, blue


def _window(rng: np.random.Generator, side: int) -> Lights:
    kind = rng.uniform(5600, 7500)
    window = direction_from_angles(side * rng.uniform(40, 70), rng.uniform(5, 25))
    room = 0.24 * black_body_rgb(rng.uniform(4300, 5800))
    environment = Environment(
        _as_colour(room), _as_colour(room), _as_colour(room * 0.6), window,
        _as_colour(2.0 * black_body_rgb(kind)), 0.55,
    )  # fmt: skip
    return Lights((_lamp(rng, side * 48, 22, 1.2, kind, 0.3),), environment)


def _studio(rng: np.random.Generator) -> Lights:
    side = rng.choice([-1, 1])
    lamps = (
        _lamp(rng, side * 32, 35, 1.9, 5600, 0.25),
        _lamp(rng, -side * 40, 10, 0.55, 5600, 0.35),
        _lamp(rng, -side * 150, 25, 1.2, 5600, 0.1),
    )
    return Lights(lamps, _uniform_environment(0.22, 5600))


def _overcast(rng: np.random.Generator) -> Lights:
    sky = rng.uniform(0.85, 1.1) * black_body_rgb(rng.uniform(6500, 7800))
    ground = 0.35 * sky * np.array([1.0, 0.98, 0.85])
    environment = Environment(
        _as_colour(sky * 1.3),
        _as_colour(sky * 0.75),
        _as_colour(ground),
        direction_from_angles(0, 45),
        _as_colour(sky * 0.7),
        0.9,
    )
    return Lights((_lamp(rng, 0, 50, 0.35, 6800, 0.35),), environment)


def _indoor_warm(rng: np.random.Generator) -> Lights:
    warm = rng.uniform(2900, 3700)
    side = rng.choice([-1, 1])
    lamps = (
        _lamp(rng, side * 25, 50, 1.3, warm, 0.15),
        _lamp(rng, -side * 70, 15, 0.5, warm + 900, 0.3),
    )
    return Lights(lamps, _uniform_environment(0.28, warm + 400, 0.55))


def _sun(rng: np.random.Generator) -> Lights:
    side = rng.choice([-1, 1])
    sky = black_body_rgb(8500)
    lamps = (
        _lamp(rng, side * rng.uniform(25, 75), rng.uniform(30, 55), 2.4, 5300, 0.04),
    )
    environment = Environment(
        _as_colour(sky * 0.6),
        _as_colour(sky * 0.35),
        _as_colour(0.25 * black_body_rgb(4800)),
    )
    return Lights(lamps, environment)


def _shade(rng: np.random.Generator) -> Lights:
    green = np.array([0.92, 1.0, 0.8])
    environment = Environment(
        _as_colour(0.9 * black_body_rgb(7500) * green),
        _as_colour(0.6 * green),
        _as_colour(0.35 * black_body_rgb(4800) * green),
        direction_from_angles(rng.uniform(-50, 50), 30),
        _as_colour(1.0 * black_body_rgb(6500)),
        0.8,
    )
    return Lights(
        (_lamp(rng, rng.uniform(120, 200), 35, 1.6, 5200, 0.05),), environment
    )


def _screen(rng: np.random.Generator) -> Lights:
    lamps = (_lamp(rng, 0, -5, 0.9, 7500, 0.3), _lamp(rng, 20, 60, 0.5, 4200, 0.2))
    return Lights(lamps, _uniform_environment(0.28, 5200))


def _ceiling(rng: np.random.Generator) -> Lights:
    lamps = (
        _lamp(rng, 20, 65, 1.2, 4300, 0.3),
        _lamp(rng, -30, 60, 0.9, 4300, 0.3),
    )
    return Lights(lamps, _uniform_environment(0.32, 4500, 0.6))


def _flash(rng: np.random.Generator) -> Lights:
    return Lights(
        (_lamp(rng, 4, 8, 2.3, 5800, 0.03),), _uniform_environment(0.16, 3800)
    )


def _rim_pair(rng: np.random.Generator) -> Lights:
    lamps = (
        _lamp(rng, 105, 15, 1.8, 5200, 0.12),
        _lamp(rng, -105, 15, 1.8, 6800, 0.12),
        _lamp(rng, 0, 25, 0.8, 5600, 0.3),
    )
    return Lights(lamps, _uniform_environment(0.28, 5600))


def _clamshell(rng: np.random.Generator) -> Lights:
    lamps = (_lamp(rng, 0, 40, 1.6, 5600, 0.3), _lamp(rng, 0, -35, 0.7, 5600, 0.3))
    return Lights(lamps, _uniform_environment(0.35, 5600))


def _split(rng: np.random.Generator) -> Lights:
    side = rng.choice([-1, 1])
    lamps = (
        _lamp(rng, side * 82, 12, 2.3, 5200, 0.15),
        _lamp(rng, -side * 30, 10, 0.3, 6500, 0.3),
    )
    return Lights(lamps, _uniform_environment(0.22, 6000))


def _golden_hour(rng: np.random.Generator) -> Lights:
    side = rng.choice([-1, 1])
    lamps = (_lamp(rng, side * 60, 10, 2.4, 3300, 0.04),)
    sky = black_body_rgb(9500)
    environment = Environment(
        _as_colour(0.5 * sky),
        _as_colour(0.45 * black_body_rgb(5000)),
        _as_colour(0.25 * black_body_rgb(3800)),
    )
    return Lights(lamps, environment)


def _two_tone(rng: np.random.Generator) -> Lights:
    pink = Lamp(direction_from_angles(-55, 15), np.array([1.7, 0.65, 1.25]), 0.2)
    teal = Lamp(direction_from_angles(55, 15), np.array([0.55, 1.25, 1.6]), 0.2)
    lamps = (pink, teal) if rng.random() < 0.5 else (teal, pink)
    return Lights(
        (*lamps, _lamp(rng, 0, 25, 0.6, 5600, 0.3)), _uniform_environment(0.25, 6500)
    )


def _snow(rng: np.random.Generator) -> Lights:
    sky = black_body_rgb(7200)
    environment = Environment(
        _as_colour(1.1 * sky), _as_colour(0.9 * sky), _as_colour(0.95 * sky)
    )
    return Lights((_lamp(rng, 30, 30, 0.8, 6000, 0.1),), environment)


RIGS: dict[str, dict[str, Callable[[np.random.Generator], Lights]]] = {
    "train": {
        "window_left": lambda rng: _window(rng, -1),
        "window_right": lambda rng: _window(rng, 1),
        "studio": _studio,
        "overcast": _overcast,
        "indoor_warm": _indoor_warm,
        "sun": _sun,
        "shade": _shade,
        "screen": _screen,
        "ceiling": _ceiling,
        "flash": _flash,
    },
    "validation-shifted": {"rim_pair": _rim_pair, "clamshell": _clamshell},
    "heldout": {
        "split": _split,
        "golden_hour": _golden_hour,
        "two_tone": _two_tone,
        "snow": _snow,
    },
}
"""Light rigs by domain and name. No rig occurs in two domains."""


def light_rig(name: str, seed: int) -> Lights:
    """Create a light rig.

    Args:
        name: name of a rig in `RIGS`, of any domain.
        seed: random seed of small changes in direction, power and tint.

    Raises:
        ValueError: if no rig has that name.
    """
    for rigs in RIGS.values():
        if name in rigs:
            return rigs[name](np.random.default_rng(seed))
    known = ", ".join(sorted(key for rigs in RIGS.values() for key in rigs))
    raise ValueError(f"light rig {name!r} is unknown; known rigs: {known}")
