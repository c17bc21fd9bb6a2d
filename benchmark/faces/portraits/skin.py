"""Skin: pigment, blood, spots, gloss and relief by canonical coordinates.

Pigment and blood act like thin absorbing layers: they add to the logarithm of the
albedo. Pigment absorbs blue most, blood absorbs green most.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmark.avatars.colour import hex_to_rgb, srgb_to_linear
from benchmark.faces.portraits.noise import lattice, space_noise
from benchmark.faces.portraits.people import Person
from benchmark.faces.portraits.regions import lip_weight, smoothstep

PIGMENT = np.array([-0.55, -0.8, -1.0])
"""Change of log-albedo (linear RGB) per unit of pigment."""
BLOOD = np.array([-0.06, -0.62, -0.5])
"""Change of log-albedo (linear RGB) per unit of blood."""


@dataclass(frozen=True)
class SkinModel:
    """Parameters of a kind of skin.

    Attributes:
        patchiness: strength of low-frequency pigment variation.
        ruddiness: strength of blood in cheeks, nose and ears.
        freckles: strength of freckles, 0-1.
        spots: strength of age spots and moles, about 0-1.
        pores: strength of the fine relief.
        gloss: strength of specular light.
        roughness: GGX roughness; 0.2 looks wet, 0.6 dull.
    """

    patchiness: float
    ruddiness: float
    freckles: float
    spots: float
    pores: float
    gloss: float
    roughness: float


MODELS: dict[str, SkinModel] = {
    "even": SkinModel(0.05, 0.6, 0.0, 0.1, 0.5, 0.8, 0.42),
    "porous": SkinModel(0.09, 0.8, 0.0, 0.25, 1.1, 1.0, 0.4),
    "ruddy": SkinModel(0.08, 1.5, 0.05, 0.2, 0.8, 0.9, 0.42),
    "freckled": SkinModel(0.08, 0.9, 1.0, 0.3, 0.7, 0.8, 0.44),
    "weathered": SkinModel(0.16, 1.3, 0.2, 0.8, 1.3, 0.75, 0.48),
    "dewy": SkinModel(0.05, 0.7, 0.0, 0.1, 0.5, 1.3, 0.33),
    "mottled": SkinModel(0.22, 1.0, 0.1, 0.3, 0.9, 0.8, 0.45),
    "glossy": SkinModel(0.06, 0.7, 0.0, 0.15, 0.7, 1.6, 0.34),
    "spotted": SkinModel(0.1, 0.9, 0.3, 1.2, 0.9, 0.85, 0.43),
}
"""Skin models by name. `people.SKIN_MODELS` lists the names by domain."""


@dataclass(frozen=True)
class Skin:
    """Skin properties at n points.

    Attributes:
        albedo: (n, 3) linear RGB.
        relief: (n,) float32 height of pores and wrinkles in cm.
        gloss: (n,) strength of specular light.
        roughness: (n,) GGX roughness.
        lips: (n,) weight of the lips.
    """

    albedo: np.ndarray
    relief: np.ndarray
    gloss: np.ndarray
    roughness: np.ndarray
    lips: np.ndarray


def _blob(p: np.ndarray, x: float, y: float, rx: float, ry: float) -> np.ndarray:
    """Gaussian spot (n,) on the front of the head, on both sides."""
    away = ((abs(p[:, 0]) - x) / rx) ** 2 + ((p[:, 1] - y) / ry) ** 2
    return np.exp(-away) * (p[:, 2] > -6)


def _blood(p: np.ndarray, ears: np.ndarray, ruddiness: float) -> np.ndarray:
    cheeks = 0.26 * _blob(p, 4.6, -4.0, 2.2, 2.0)
    nose = 0.3 * _blob(p, 0, -4.2, 1.6, 1.3) + 0.12 * _blob(p, 1.7, -4.3, 0.6, 0.8)
    chin = 0.12 * _blob(p, 0, -10.2, 1.8, 1.2)
    lids = 0.16 * _blob(p, 3.1, -0.1, 1.7, 0.8)
    forehead = -0.06 * _blob(p, 0, 5, 5, 2)
    neck = -0.1 * smoothstep(-11, -14, p[:, 1])
    return ruddiness * (cheeks + nose + chin + forehead + 0.25 * ears) + lids + neck


def _pigment(p: np.ndarray, age: int) -> np.ndarray:
    bags = 0.1 + 0.16 * np.clip((age - 30) / 40, 0, 1)
    under_eyes = bags * _blob(p, 2.9, -1.5, 1.4, 0.6)
    sockets = 0.12 * _blob(p, 3.0, 0.5, 2.0, 0.8)
    return under_eyes + sockets - 0.04 * _blob(p, 3.6, -2.8, 2.0, 1.2)


def _lid_lines(p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights (n,) of the crease above the upper lid and of the rim of both lids."""
    x, y = abs(p[:, 0]), p[:, 1]
    across = np.clip((x - 3.08) / 1.37, -1, 1)
    arch = 1 - across**2
    middle = -0.43 + 0.38 * (across + 1) / 2
    top, low = middle + 0.45 * arch, middle - 0.4 * arch
    crease = np.exp(-(((y - top - 0.2 - 0.12 * arch) / 0.07) ** 2))
    inside = smoothstep(1.15, 0.95, abs(x - 3.08) / 1.37) * (p[:, 2] > 0)
    upper = np.exp(-((np.clip(y - top, -0.3, 9) / 0.1) ** 2))
    lower = np.exp(-((np.clip(low - y, -0.3, 9) / 0.08) ** 2))
    return crease * inside, np.maximum(upper, 0.6 * lower) * inside


def _speckles(
    grid: np.ndarray, p: np.ndarray, size: float, rarity: float
) -> np.ndarray:
    """Weights (n,) of small spots, where noise exceeds the threshold `rarity`."""
    value = space_noise(grid, p, size)
    return smoothstep(rarity, rarity + 0.35, value)


def _wrinkles(grid: np.ndarray, p: np.ndarray, age: int) -> np.ndarray:
    """Height (n,) in cm of age wrinkles; negative in creases."""
    strength = float(np.clip((age - 32) / 38, 0, 1.2))
    x, y = abs(p[:, 0]), p[:, 1]
    wave = 0.5 * space_noise(grid, p, 3.5)
    brow = np.sin((y + wave + 0.03 * x * x) * 2 * np.pi / 0.95)
    brow = -smoothstep(0.55, 1.0, brow) * smoothstep(5.8, 4, x)
    brow = brow * smoothstep(2.3, 3.0, y) * smoothstep(6.0, 5.0, y)
    fan = np.arctan2(y + 0.3, x - 3.6)
    crow = -smoothstep(0.5, 1.0, np.sin(fan * 11 + 2 * wave))
    crow = crow * _blob(p, 5.6, -0.5, 0.8, 1.2)
    fold_x = np.interp(y, [-8.6, -7.2, -5.5, -4.2], [3.25, 3.3, 2.9, 2.1])
    fold = -np.exp(-(((x - fold_x) / 0.18) ** 2))
    fold = fold * smoothstep(-9.4, -7.8, y) * smoothstep(-3.8, -4.8, y)
    bag = -np.exp(-(((y + 1.6 - 0.12 * (x - 3) ** 2) / 0.13) ** 2))
    bag = bag * smoothstep(1.5, 2.2, x) * smoothstep(4.8, 3.8, x)
    frown = -np.exp(-(((x - 0.75) / 0.12) ** 2)) * _blob(p, 0.75, 1.7, 1, 0.8)
    front = p[:, 2] > -3
    lines = 0.05 * brow + 0.04 * crow + 0.05 * bag + 0.035 * frown
    return front * (strength * lines + (0.015 + 0.06 * strength) * fold)


def _beard_shadow(person: Person, beard: np.ndarray) -> np.ndarray:
    """Log-albedo (n, 3) of shaven stubble on men; stronger for dark hair."""
    if person.sex == "female":
        return np.zeros((len(beard), 3))
    dark = 1 - (hex_to_rgb(person.hair_rgb) / 255).mean()
    strength = 0.16 * dark * (1 - 0.6 * person.skin_depth)
    return beard[:, None] * strength * np.array([-1.0, -0.8, -0.55])


def paint_skin(
    person: Person,
    places: np.ndarray,
    ears: np.ndarray,
    beard: np.ndarray,
    resolution: float,
) -> Skin:
    """Compute the skin at points of the head.

    Args:
        person: the owner of the skin.
        places: (n, 3) canonical coordinates in cm.
        ears: (n,) weight of the ears region.
        beard: (n,) weight of the beard and moustache regions.
        resolution: pixels per cm; finer relief fades out.

    Returns:
        The skin properties.
    """
    model = MODELS[person.skin_model]
    grid = lattice(person.seed)
    p = places
    lips = lip_weight(p)
    line, rim = _lid_lines(p)
    slow = space_noise(grid, p, 4.0, 3)
    blotch = space_noise(grid, p + 11, 1.6, 3)
    pigment = _pigment(p, person.age) + model.patchiness * slow
    pigment += 0.035 * space_noise(grid, p + 5, 0.35, 2)
    freckled = _blob(p, 3.2, -3.2, 3.4, 2.2) + 0.25
    pigment += 0.3 * model.freckles * freckled * _speckles(grid, p + 3, 0.16, 0.7)
    aged = model.spots * (0.25 + np.clip((person.age - 45) / 35, 0, 1))
    pigment += 0.45 * aged * _speckles(grid, p + 17, 0.55, 1.35)
    blood = _blood(p, ears, model.ruddiness) + 0.16 * model.ruddiness * blotch
    blood = blood * (1 - 0.45 * person.skin_depth)
    pigment += 0.55 * line + 0.25 * rim
    blood += 0.35 * rim
    log_albedo = pigment[:, None] * PIGMENT + blood[:, None] * BLOOD
    log_albedo += _beard_shadow(person, beard)
    lip_tone = 0.75 + 0.35 * float(np.sin(person.seed))
    lip_log = lip_tone * (0.75 * BLOOD + (0.12 + 0.3 * person.skin_depth) * PIGMENT)
    fine_lip = 0.08 * np.sin(p[:, 0] * 2 * np.pi / 0.16 + 2 * blotch)
    log_albedo += lips[:, None] * (lip_log + fine_lip[:, None] * BLOOD)
    base = srgb_to_linear(hex_to_rgb(person.skin_rgb) / 255)
    pores = 0.0035 * model.pores * space_noise(grid, p + 29, 0.14, 2)
    cheeks = 0.4 + _blob(p, 3.5, -3.5, 2.5, 2) + _blob(p, 0, -3.5, 1.6, 2)
    sharp = float(np.clip((0.14 * resolution - 1) / 1.5, 0, 1))
    relief = sharp * pores * cheeks * (1 - lips) + _wrinkles(grid, p, person.age)
    relief += 0.006 * sharp * lips * np.sin(p[:, 0] * 2 * np.pi / 0.2 + 2 * blotch)
    oily = 0.55 + 0.6 * _blob(p, 0, -3.5, 1.3, 2.4) + 0.45 * _blob(p, 0, 4, 3.5, 2)
    oily += 0.25 * _blob(p, 4.2, -2.2, 1.6, 1.0) + 0.2 * _blob(p, 0, -10, 1.2, 1)
    sockets = 1 - 0.85 * _blob(p, 3.0, 0.7, 2.2, 1.3)
    gloss = (
        0.75
        * model.gloss
        * oily
        * sockets
        * (1 + 0.15 * space_noise(grid, p + 41, 0.5, 2))
    )
    return Skin(
        albedo=base * np.exp(log_albedo),
        relief=relief.astype(np.float32),
        gloss=np.clip(gloss * (1 - lips) + 1.5 * lips, 0, 4),
        roughness=model.roughness * (1 - lips) + 0.3 * lips,
        lips=lips,
    )
