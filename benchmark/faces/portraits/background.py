"""Out-of-focus backgrounds as linear RGB pictures."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import ndimage

from benchmark.avatars.colour import srgb_to_linear
from benchmark.faces.portraits.noise import picture_noise

EDGE = 128
"""Edge in pixels at which backgrounds are painted before they are scaled up."""

Painter = Callable[[np.random.Generator], np.ndarray]


def _tone(
    rng: np.random.Generator, low: float, high: float, chroma: float
) -> np.ndarray:
    """Draw a linear RGB colour with an sRGB level in [low, high]."""
    level = rng.uniform(low, high)
    return srgb_to_linear(np.clip(level + rng.normal(0, chroma, 3), 0.02, 0.98))


def _grid() -> tuple[np.ndarray, np.ndarray]:
    line = np.linspace(0, 1, EDGE)
    x, y = np.meshgrid(line, line)
    return x, y


def _blur(picture: np.ndarray, sigma: float) -> np.ndarray:
    return ndimage.gaussian_filter(picture, (sigma, sigma, 0), mode="nearest")


def _mix(first: np.ndarray, second: np.ndarray, share: np.ndarray) -> np.ndarray:
    return first * (1 - share[..., None]) + second * share[..., None]


def _studio(rng: np.random.Generator) -> np.ndarray:
    x, y = _grid()
    away = np.hypot(x - rng.uniform(0.3, 0.7), y - rng.uniform(0.3, 0.7))
    tone = _tone(rng, 0.12, 0.9, 0.04)
    fall = rng.uniform(0.3, 0.85)
    return _mix(tone, tone * fall, np.clip(away * 1.3, 0, 1))


def _wall(rng: np.random.Generator) -> np.ndarray:
    x, y = _grid()
    tone = _tone(rng, 0.45, 0.92, 0.022)
    slope = 1 + rng.normal(0, 0.2) * (x - 0.5) + rng.normal(0, 0.15) * (y - 0.5)
    picture = tone * (slope + 0.03 * picture_noise(rng, EDGE, 0.3, 3))[..., None]
    if rng.random() < 0.5:
        left, top = rng.uniform(-0.1, 0.9), rng.uniform(-0.2, 0.35)
        wide, tall = rng.uniform(0.15, 0.4, 2)
        inside = (abs(x - left) < wide / 2) & (abs(y - top) < tall / 2)
        picture[inside] = _tone(rng, 0.15, 0.8, 0.1)
    if rng.random() < 0.3:
        picture[y > rng.uniform(0.7, 0.9)] *= 0.75
    return _blur(picture, rng.uniform(1, 4))


def _discs(
    rng: np.random.Generator, count: int, radius: tuple[float, float]
) -> np.ndarray:
    """Light of out-of-focus discs (EDGE, EDGE, 3), to be added to a picture."""
    x, y = _grid()
    glow = np.zeros((EDGE, EDGE, 3))
    for _ in range(count):
        size = rng.uniform(*radius)
        away = np.hypot(x - rng.random(), y - rng.random()) / size
        disc = np.clip((1 - away) * 12, 0, 1) * (0.75 + 0.25 * np.clip(away, 0, 1))
        warm = np.array([1.0, rng.uniform(0.7, 1.0), rng.uniform(0.4, 1.0)])
        glow += disc[..., None] * warm * rng.uniform(0.03, 0.35)
    return glow


def _bokeh(rng: np.random.Generator) -> np.ndarray:
    base = _patches(rng, 9, 0.06, 0.4, 0.035)
    return _blur(base, 9) + _blur(_discs(rng, 16, (0.025, 0.08)), 0.8)


def _patches(
    rng: np.random.Generator, count: int, low: float, high: float, chroma: float
) -> np.ndarray:
    """Overlapping rectangles, which look like a room or street when blurred."""
    x, y = _grid()
    picture = np.broadcast_to(_tone(rng, low, high, chroma), (EDGE, EDGE, 3)).copy()
    for _ in range(count):
        middle_x, middle_y = rng.random(2)
        wide, tall = rng.uniform(0.08, 0.5), rng.uniform(0.08, 0.7)
        inside = (abs(x - middle_x) < wide / 2) & (abs(y - middle_y) < tall / 2)
        picture[inside] = _tone(rng, low, high, chroma)
    return picture


def _foliage(rng: np.random.Generator) -> np.ndarray:
    _, y = _grid()
    dark, light = np.array([0.02, 0.045, 0.012]), np.array([0.3, 0.42, 0.12])
    leaves = picture_noise(rng, EDGE, rng.uniform(0.08, 0.2), 4)
    share = np.clip(0.35 + 0.35 * leaves + 0.25 * (0.5 - y), 0, 1)
    green = _mix(dark, light * rng.uniform(0.6, 1.2), share**1.5)
    green *= 1 + 0.15 * rng.normal(0, 1, 3)
    sky = picture_noise(rng, EDGE, 0.1, 3) > rng.uniform(0.9, 1.6)
    green[sky] = [0.8, 0.9, 0.9]
    return _blur(np.maximum(green, 0), rng.uniform(2, 5))


def _room(rng: np.random.Generator) -> np.ndarray:
    x, y = _grid()
    picture = _patches(rng, 14, 0.12, 0.8, 0.035)
    if rng.random() < 0.6:
        left = rng.choice([rng.uniform(0, 0.25), rng.uniform(0.75, 1)])
        window = (abs(x - left) < rng.uniform(0.08, 0.18)) & (y < 0.55)
        picture[window] = [1.1, 1.15, 1.2]
    return _blur(picture, rng.uniform(3, 8))


def _outdoors(rng: np.random.Generator) -> np.ndarray:
    _, y = _grid()
    sky = np.array([0.45, 0.62, 0.9]) * rng.uniform(0.6, 1.1)
    picture = _mix(sky, np.array([0.85, 0.88, 0.9]), np.clip(y * 1.6, 0, 1))
    line = rng.uniform(0.3, 0.6) + 0.07 * picture_noise(rng, EDGE, 0.3, 3)[:1]
    ground = _tone(rng, 0.25, 0.5, 0.025) * np.array([0.95, 1.0, 0.75])
    texture = (1 + 0.4 * picture_noise(rng, EDGE, 0.12, 3))[..., None]
    picture = np.where(
        (y > line)[..., None], ground * np.clip(texture, 0.2, 2), picture
    )
    return _blur(picture, rng.uniform(2.5, 6))


def _sky(rng: np.random.Generator) -> np.ndarray:
    _, y = _grid()
    top = np.array([0.12, 0.3, 0.72]) * rng.uniform(0.8, 1.3)
    picture = _mix(top, np.array([0.6, 0.72, 0.88]), np.clip(y, 0, 1))
    clouds = np.clip(picture_noise(rng, EDGE, 0.35, 5) * 0.7 + 0.1, 0, 1)
    return _blur(_mix(picture, np.array([0.95, 0.95, 0.96]), clouds), 2)


def _shelves(rng: np.random.Generator) -> np.ndarray:
    x, y = _grid()
    picture = np.broadcast_to(_tone(rng, 0.2, 0.5, 0.05), (EDGE, EDGE, 3)).copy()
    for row in range(5):
        edges = np.cumsum(rng.uniform(0.02, 0.07, 40))
        book = np.searchsorted(edges, x[0])
        tones = np.array([_tone(rng, 0.08, 0.6, 0.06) for _ in range(41)])
        tall = rng.uniform(0.12, 0.17, 41)[book]
        inside = (y > row * 0.22 + 0.18 - tall) & (y < row * 0.22 + 0.18)
        picture = np.where(inside[..., None], tones[book][None], picture)
    return _blur(picture, rng.uniform(1.5, 4))


def _night(rng: np.random.Generator) -> np.ndarray:
    base = _blur(_patches(rng, 8, 0.02, 0.16, 0.04), 6)
    return base + _blur(_discs(rng, 45, (0.01, 0.05)), 0.6)


def _panels(rng: np.random.Generator) -> np.ndarray:
    x, y = _grid()
    turn = rng.uniform(-0.6, 0.6)
    along = (x * np.cos(turn) + y * np.sin(turn)) * rng.uniform(4, 9)
    tones = np.array([_tone(rng, 0.15, 0.85, 0.12) for _ in range(24)])
    return _blur(tones[np.floor(along).astype(int) % 24], rng.uniform(0.7, 3))


def _beach(rng: np.random.Generator) -> np.ndarray:
    _, y = _grid()
    sea_line, sand_line = rng.uniform(0.2, 0.4), rng.uniform(0.5, 0.75)
    sky, sea = np.array([0.5, 0.68, 0.92]), np.array([0.1, 0.36, 0.45])
    picture = np.where((y > sea_line)[..., None], sea, sky)
    waves = (1 + 0.2 * picture_noise(rng, EDGE, 0.1, 3))[..., None]
    sand = np.array([0.62, 0.5, 0.34]) * waves
    return _blur(np.where((y > sand_line)[..., None], sand, picture), 3)


PAINTERS: dict[str, Painter] = {
    "studio": _studio,
    "wall": _wall,
    "bokeh": _bokeh,
    "foliage": _foliage,
    "room": _room,
    "outdoors": _outdoors,
    "sky": _sky,
    "shelves": _shelves,
    "night": _night,
    "panels": _panels,
    "beach": _beach,
}
"""Painters by name. `scene.BACKGROUNDS` lists the names by domain."""


def paint_background(name: str, seed: int, size: int) -> np.ndarray:
    """Paint a background.

    Args:
        name: name of a painter in `PAINTERS`.
        seed: random seed of the details.
        size: edge in pixels.

    Returns:
        (size, size, 3) linear RGB.
    """
    picture = PAINTERS[name](np.random.default_rng(seed))
    scaled = ndimage.zoom(picture, (size / EDGE, size / EDGE, 1), order=1)
    return np.maximum(np.asarray(scaled)[:size, :size], 0)
