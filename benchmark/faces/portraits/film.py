"""Camera effects: exposure, white balance, blur, tone curve, grain and JPEG."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage

from benchmark.avatars.colour import linear_to_srgb


@dataclass(frozen=True)
class Film:
    """Parameters of a camera's effects. Pairs are (low, high) of a uniform draw.

    Attributes:
        soft: standard deviation of the blur in pixels of a 256 px picture.
        shake: longest motion blur in pixels of a 256 px picture.
        noise: strength of the grain.
        balance: standard deviation of white-balance errors (log gain).
        adapt: share of the light's tint that white balance removes, 0-1.
        contrast: slope around mid grey.
        saturation: factor on the distance from grey.
        vignette: loss of light in the corners, 0-1.
        sharpen: strength of the unsharp mask.
        quality: JPEG quality.
        fade: lift of black, 0-1.
    """

    soft: tuple[float, float] = (0.35, 0.8)
    shake: float = 0.0
    noise: tuple[float, float] = (0.004, 0.015)
    balance: float = 0.03
    adapt: float = 0.75
    contrast: tuple[float, float] = (0.95, 1.12)
    saturation: tuple[float, float] = (0.92, 1.1)
    vignette: tuple[float, float] = (0.0, 0.15)
    sharpen: tuple[float, float] = (0.0, 0.4)
    quality: tuple[int, int] = (84, 96)
    fade: float = 0.0


FILMS: dict[str, Film] = {
    "phone_front": Film(noise=(0.006, 0.018), sharpen=(0.3, 0.8), quality=(78, 92)),
    "phone_rear": Film(noise=(0.005, 0.014), sharpen=(0.2, 0.7)),
    "portrait_lens": Film(vignette=(0.05, 0.25), noise=(0.002, 0.007)),
    "reflex": Film(noise=(0.003, 0.01), contrast=(1.0, 1.15)),
    "webcam": Film(
        soft=(0.8, 1.3), noise=(0.015, 0.03), adapt=0.5, quality=(62, 80), balance=0.06
    ),
    "instant": Film(contrast=(0.8, 0.92), fade=0.035, vignette=(0.2, 0.35), adapt=0.4),
    "compact": Film(
        shake=2.0, noise=(0.012, 0.028), contrast=(1.05, 1.25), sharpen=(0.5, 1.0)
    ),
    "film": Film(
        noise=(0.02, 0.035), saturation=(0.7, 0.95), adapt=0.35, fade=0.02,
        soft=(0.5, 0.9),
    ),
    "wide": Film(noise=(0.006, 0.02), saturation=(1.05, 1.25), vignette=(0.1, 0.3)),
}  # fmt: skip
"""Camera effects by camera name. `scene.CAMERAS` lists the names by domain."""


def tone_curve(light: np.ndarray) -> np.ndarray:
    """Convert linear light to sRGB with a soft shoulder instead of clipping."""
    knee = 0.72
    over = np.maximum(light - knee, 0)
    rolled = knee + (1 - knee) * (1 - np.exp(-over / (1 - knee)))
    return linear_to_srgb(np.where(light > knee, rolled, light))


def expose(light: np.ndarray, face: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Scale the light so that the face is well exposed, with a small error.

    Args:
        light: (H, W, 3) linear RGB.
        face: (H, W) bool mask of the skin; if it is empty, all pixels are metered.
        rng: random number generator.

    Returns:
        (H, W, 3) scaled light.
    """
    metered = light[face] if face.any() else light.reshape(-1, 3)
    luma = metered @ np.array([0.21, 0.72, 0.07])
    bright = float(np.percentile(luma, 75))
    # The square root corrects only half of the difference: deep skin stays deep.
    gain = (0.34 / max(bright, 1e-3)) ** 0.5 * 1.0
    gain *= np.exp(rng.normal(0, 0.09))
    return light * gain


def white_balance(
    light: np.ndarray, lamp: np.ndarray, film: Film, rng: np.random.Generator
) -> np.ndarray:
    """Remove a share of the tint `lamp` (3,) from the light, with a random error."""
    tint = lamp / lamp.mean()
    gains = tint**-film.adapt * np.exp(rng.normal(0, film.balance, 3))
    return light * (gains / gains.mean())


def _lens(picture: np.ndarray, film: Film, rng: np.random.Generator) -> np.ndarray:
    size = picture.shape[0]
    scale = size / 256
    sigma = rng.uniform(*film.soft) * scale
    picture = ndimage.gaussian_filter(picture, (sigma, sigma, 0))
    steps = int(rng.uniform(0, film.shake) * scale)
    if steps > 0:
        picture = ndimage.uniform_filter1d(
            picture, steps + 1, axis=int(rng.integers(2))
        )
    line = np.linspace(-1, 1, size) ** 2
    corner = (line[:, None] + line[None]) / 2
    return picture * (1 - rng.uniform(*film.vignette) * corner)[..., None]


def _grade(picture: np.ndarray, film: Film, rng: np.random.Generator) -> np.ndarray:
    luma = picture @ np.array([0.3, 0.59, 0.11])
    picture = luma[..., None] + (picture - luma[..., None]) * rng.uniform(
        *film.saturation
    )
    picture = 0.45 + (picture - 0.45) * rng.uniform(*film.contrast)
    return film.fade + (1 - film.fade) * picture


def _sensor(picture: np.ndarray, film: Film, rng: np.random.Generator) -> np.ndarray:
    size = picture.shape[0]
    # Small pictures have less grain, as downsampling averages it.
    amount = 0.75 * rng.uniform(*film.noise) * min(1.0, (size / 256) ** 0.7)
    grain = rng.standard_normal((size, size, 1))
    colour = ndimage.gaussian_filter(rng.standard_normal((size, size, 3)), (1, 1, 0))
    dark = 1.3 - 0.7 * np.clip(picture.mean(-1, keepdims=True), 0, 1)
    picture = picture + amount * dark * (0.7 * grain + 1.0 * colour)
    sharp = rng.uniform(*film.sharpen)
    blurred = ndimage.gaussian_filter(picture, (1, 1, 0))
    return picture + sharp * (picture - blurred)


def develop(light: np.ndarray, camera: str, seed: int) -> np.ndarray:
    """Apply lens, grading, sensor and JPEG effects.

    Args:
        light: (H, W, 3) linear RGB, exposed and white-balanced.
        camera: name of a camera in `FILMS`.
        seed: random seed of grain and settings.

    Returns:
        (H, W, 3) uint8 sRGB, decoded from a JPEG.
    """
    film = FILMS[camera]
    rng = np.random.default_rng([seed, 5])
    picture = tone_curve(np.maximum(_lens(light, film, rng), 0))
    picture = _sensor(_grade(picture, film, rng), film, rng)
    pixels = np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8)
    stream = io.BytesIO()
    quality = int(rng.integers(*film.quality))
    Image.fromarray(pixels).save(stream, "JPEG", quality=quality, subsampling=0)
    return np.asarray(Image.open(stream).convert("RGB"))
