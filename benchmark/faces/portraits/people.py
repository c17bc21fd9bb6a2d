"""Sample synthetic people.

There are three domains: ``train`` (also used for the in-distribution part of
validation), ``validation-shifted`` and ``heldout``. Each domain has its own hair
families, skin models, light rigs, backgrounds and cameras.

The other distributions are the same in all domains:

- Age: scaled beta distribution over 18-80, median about 38. Sex: even.
- Skin depth: uniform. Undertone: independent of depth.
- Head shape: origin weights follow skin depth; for a third of people they do not.
- Hair colour: follows skin depth and age (grey from 35, white from 58); 18 % of people
  have a colour drawn uniformly.
- Facial hair: 46 % of men have none; a full beard is rarer below 26.
- Glasses: 21 %, and 40 % from age 55.

A person depends on (seed, domain, index) only, not on the batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

import numpy as np

from benchmark.avatars.colour import rgb_to_hex
from benchmark.faces.portraits.expressions import mouth_attributes, sample_expression
from benchmark.faces.portraits.hair.families import HairFamily, families
from benchmark.faces.portraits.scene import Scene, sample_scene
from benchmark.faces.portraits.shape import (
    OUTLINES,
    TRAITS,
    Identity,
    neutral_vertices,
    raw_measurements,
)
from benchmark.faces.portraits.tones import (
    eye_colour,
    hair_colour,
    skin_albedo,
)

Domain = Literal["train", "validation-shifted", "heldout"]
DOMAINS: tuple[Domain, ...] = get_args(Domain)
"""Domains that people are drawn from. No two share hair, skin, light or cameras."""

SKIN_MODELS: dict[str, tuple[str, ...]] = {
    "train": ("even", "porous", "ruddy", "freckled"),
    "validation-shifted": ("weathered", "dewy"),
    "heldout": ("mottled", "glossy", "spotted"),
}
"""Names of `skin.MODELS` by domain."""

POPULATION: dict[str, tuple[float, float]] = {
    "head_width": (0.53347, 0.03077),
    "head_length": (0.67846, 0.04227),
    "jaw_width": (0.92403, 0.04011),
    "chin_width": (0.59115, 0.04022),
    "cheekbone_width": (1.06639, 0.02513),
    "forehead_width": (1.00958, 0.02802),
    "eye_size": (0.10836, 0.01041),
    "eye_spacing": (0.24074, 0.01346),
    "eye_rotation": (8.27190, 4.91687),
    "eye_openness": (0.36028, 0.07918),
    "nose_width": (0.14565, 0.02040),
    "nose_height": (0.20596, 0.01330),
    "nose_position": (-0.19834, 0.01498),
    "mouth_width": (0.18463, 0.01714),
    "mouth_volume": (0.09299, 0.01472),
    "mouth_position": (0.15354, 0.02142),
}
"""Mean and standard deviation of each raw measurement (see `calibrate`)."""

_DOMAIN_SEED = {"train": 11, "validation-shifted": 23, "heldout": 37}
_HAIR_DOMAIN = {"validation-shifted": "validation"}


@dataclass(frozen=True, kw_only=True)
class Person:
    """One person and the scene of their picture.

    The fields up to `part` are recorded with the portrait (see `attributes`). Unless
    stated otherwise, numbers are in 0-1 and 0.5 is the population mean.

    Attributes:
        age: years, 18-80.
        sex: female or male.
        skin_rgb: mean albedo, #hex sRGB.
        skin_depth: 0 (lightest) to 1 (deepest).
        skin_undertone: -1 (cool) to 1 (warm).
        mouth_curve: -1 (frown) to 1 (smile).
        mouth_open: 0 (closed) to 1 (wide open).
        part: in-distribution or shifted.
        hair_family: name of a `hair.families` family, which sets the hair_* words.
        identity: head shape.
        actions: facial actions by name, values about 0-1.
        scene: light, background, camera, pose and clothes.
        skin_model: one of `SKIN_MODELS`.
        seed: random seed of skin, hair, glasses and film.
        domain: domain that the person was drawn from.
    """

    age: int
    sex: str
    skin_rgb: str
    skin_depth: float
    skin_undertone: float
    hair_family: str
    hair_length: str
    hair_texture: str
    hair_fringe: str
    hair_parting: str
    hair_tied: str
    hair_sides: str
    hair_volume: float
    hair_top: float
    hair_recession: float
    hair_rgb: str
    hair_colour: str
    brow_thickness: float
    brow_arch: float
    brow_angle: float
    facial_hair: str
    glasses: str
    eye_rgb: str
    eye_size: float
    eye_spacing: float
    eye_rotation: float
    eye_openness: float
    eye_hood: float
    nose_width: float
    nose_height: float
    nose_position: float
    nose_bridge: float
    nose_tip: float
    mouth_width: float
    mouth_volume: float
    mouth_position: float
    mouth_curve: float
    mouth_open: float
    mouth_teeth: bool
    expression: str
    head_width: float
    head_length: float
    jaw_width: float
    jaw_angularity: float
    chin_width: float
    cheek_fullness: float
    cheekbone_width: float
    forehead_width: float
    part: str
    identity: Identity
    actions: Mapping[str, float]
    scene: Scene
    skin_model: str
    seed: int
    domain: Domain


_NOT_RECORDED = ("identity", "actions", "scene", "skin_model", "seed", "domain")
ATTRIBUTES: tuple[str, ...] = tuple(
    f.name for f in fields(Person) if f.name not in _NOT_RECORDED
)
"""Names of the recorded attributes of a portrait."""


def attributes(person: Person) -> dict[str, Any]:
    """Return the record of a person: `ATTRIBUTES`, floats rounded to 4 digits."""
    record = {name: getattr(person, name) for name in ATTRIBUTES}
    return {k: round(v, 4) if isinstance(v, float) else v for k, v in record.items()}


def _age(rng: np.random.Generator) -> int:
    return int(np.clip(18 + 62 * rng.beta(1.1, 1.9), 18, 80))


def _origins(rng: np.random.Generator, depth: float) -> tuple[float, float, float]:
    lean = np.array([depth**1.5, 0.45 * (1 - abs(depth - 0.4)), (1 - depth) ** 1.2])
    if rng.random() < 0.33:
        lean = np.ones(3)
    weights = rng.dirichlet(0.3 + 2.2 * lean / lean.sum())
    first, second, third = (float(w) for w in weights)
    return first, second, third


def _traits(rng: np.random.Generator, sex: str, age: int) -> dict[str, float]:
    # Nearly uniform, so that extreme values are common enough to be learnt.
    values = {
        name: float(np.clip(rng.uniform(-1, 1) + rng.normal(0, 0.12), -1.15, 1.15))
        for name in TRAITS
    }
    male = 1 if sex == "male" else -1
    values["jaw_width"] += 0.15 * male
    values["brow_ridge"] = 0.4 * male + 0.3 * values["brow_ridge"]
    values["neck_width"] = 0.35 * male + 0.4 * values["neck_width"]
    values["shoulders"] = 0.4 * values["shoulders"]
    values["ageing"] = float(np.clip((age - 45) / 30, -0.5, 1.1))
    values["eye_bags"] = float(np.clip((age - 40) / 35 + rng.normal(0, 0.3), -0.6, 1.1))
    values["eye_openness"] += 0.35
    values["forehead_height"] *= 0.5
    for name in ("chin_jut", "chin_drop", "brow_height", "eye_fold", "eye_depth"):
        values[name] *= 0.6
    return values


def _outlines(rng: np.random.Generator) -> dict[str, float]:
    first, second = rng.choice(list(OUTLINES), 2, replace=False)
    strength = rng.uniform(0.2, 0.7)
    if rng.random() < 0.15:
        strength *= 0.2
    return {str(first): float(strength), str(second): float(0.2 * rng.random())}


def sample_identity(
    rng: np.random.Generator, sex: str, age: int, depth: float
) -> Identity:
    """Draw a head shape for a sex, an age in years and a skin depth (0-1)."""
    masculine = rng.uniform(0.72, 1.0) if sex == "male" else rng.uniform(0.0, 0.25)
    return Identity(
        masculinity=float(masculine),
        oldness=float(np.clip((age - 25) / 60, 0, 1)),
        origins=_origins(rng, depth),
        heaviness=float(np.clip(rng.normal(0.05, 0.45), -0.9, 1.0)),
        traits=_traits(rng, sex, age),
        outlines=_outlines(rng),
    )


def measurements(identity: Identity) -> dict[str, float]:
    """Measure the geometry of a neutral face, scaled by the population.

    Returns:
        Values by attribute name: 0.5 at the population mean, 0 and 1 at two standard
        deviations from it, clipped.
    """
    raw = raw_measurements(neutral_vertices(identity))
    scaled = {}
    for name, value in raw.items():
        mean, deviation = POPULATION[name]
        scaled[name] = float(np.clip(0.5 + (value - mean) / (4 * deviation), 0, 1))
    return scaled


def _to_unit_range(value: float) -> float:
    return float(np.clip(0.5 + 0.5 * value, 0, 1))


def _geometry(identity: Identity) -> dict[str, float]:
    traits, outlines = identity.traits, identity.outlines
    edge = outlines.get("square", 0) + outlines.get("rectangular", 0)
    soft = outlines.get("round", 0) + outlines.get("oval", 0)
    fullness = 0.55 * traits["cheek_fullness"] + 0.45 * identity.heaviness
    return {
        **measurements(identity),
        "eye_hood": _to_unit_range(traits["eye_hood"]),
        "nose_bridge": _to_unit_range(traits["nose_bridge"]),
        "nose_tip": _to_unit_range(traits["nose_tip"]),
        "jaw_angularity": _to_unit_range(
            0.9 * (edge - soft) + 0.35 * traits["jaw_width"]
        ),
        "cheek_fullness": _to_unit_range(1.15 * fullness),
    }


def _pick_family(
    rng: np.random.Generator, domain: str, sex: str, age: int
) -> HairFamily:
    choices = [
        family
        for family in families(_HAIR_DOMAIN.get(domain, domain))
        if family.ages[0] <= age <= family.ages[1] and family.weight(sex) > 0
    ]
    weights = np.array([family.weight(sex) for family in choices])
    return choices[int(rng.choice(len(choices), p=weights / weights.sum()))]


def _hair(rng: np.random.Generator, family: HairFamily) -> dict[str, Any]:
    return {
        "hair_family": family.name,
        "hair_length": family.hair_length,
        "hair_texture": family.hair_texture,
        "hair_fringe": family.hair_fringe,
        "hair_parting": family.hair_parting,
        "hair_tied": family.hair_tied,
        "hair_sides": family.hair_sides,
        "hair_volume": float(rng.uniform(*family.hair_volume)),
        "hair_top": float(rng.uniform(*family.hair_top)),
        "hair_recession": float(rng.uniform(*family.hair_recession)),
    }


def _facial_hair(rng: np.random.Generator, sex: str, age: int) -> str:
    if sex == "female" or rng.random() < 0.46:
        return "none"
    young = age < 26
    kinds = ("stubble", "moustache", "goatee", "short_beard", "full_beard")
    weights = np.array([0.4, 0.12, 0.13, 0.2, 0.05 if young else 0.16])
    return str(rng.choice(kinds, p=weights / weights.sum()))


def _glasses(rng: np.random.Generator, age: int) -> str:
    if rng.random() > (0.4 if age >= 55 else 0.21):
        return "none"
    return str(rng.choice(("round", "rectangle", "oval", "browline")))


def _brows(rng: np.random.Generator, sex: str) -> dict[str, float]:
    base = 0.58 if sex == "male" else 0.4
    return {
        "brow_thickness": float(np.clip(base + rng.uniform(-0.42, 0.42), 0, 1)),
        "brow_arch": float(rng.uniform(0, 1)),
        "brow_angle": float(rng.uniform(0, 1)),
    }


def sample_person(index: int, seed: int, domain: Domain) -> Person:
    """Draw person `index` of a seed and domain.

    Args:
        index: number of the person, 0 or more.
        seed: random seed of the whole set.
        domain: one of `DOMAINS`.

    Raises:
        ValueError: if the domain is unknown.
    """
    if domain not in DOMAINS:
        raise ValueError(f"domain {domain!r} is unknown; expected one of {DOMAINS}")
    rng = np.random.default_rng([seed, _DOMAIN_SEED[domain], index])
    sex = str(rng.choice(("female", "male")))
    age = _age(rng)
    depth = float(rng.uniform(0, 1))
    undertone = float(np.clip(rng.normal(0, 0.55), -1, 1))
    identity = sample_identity(rng, sex, age, depth)
    family = _pick_family(rng, domain, sex, age)
    colour, hair_rgb = hair_colour(rng, depth, age)
    facial_hair = _facial_hair(rng, sex, age)
    glasses = _glasses(rng, age)
    expression, actions = sample_expression(rng)
    scene = sample_scene(rng, domain, sex)
    return Person(
        age=age,
        sex=sex,
        skin_rgb=rgb_to_hex(skin_albedo(depth, undertone) * 255),
        skin_depth=depth,
        skin_undertone=undertone,
        **_hair(rng, family),
        hair_rgb=hair_rgb,
        hair_colour=colour,
        **_brows(rng, sex),
        facial_hair=facial_hair,
        glasses=glasses,
        eye_rgb=eye_colour(rng, depth),
        **_geometry(identity),
        **mouth_attributes(actions),
        expression=expression,
        part="in-distribution" if domain == "train" else "shifted",
        identity=identity,
        actions=actions,
        scene=scene,
        skin_model=str(rng.choice(SKIN_MODELS[domain])),
        seed=int(rng.integers(2**31)),
        domain=domain,
    )


def sample_people(count: int, seed: int, domain: Domain) -> list[Person]:
    """Draw the first `count` people of a seed and domain."""
    return [sample_person(index, seed, domain) for index in range(count)]


def calibrate(count: int = 2000) -> dict[str, tuple[float, float]]:
    """Compute the table `POPULATION` from `count` random people."""
    rows = []
    for index in range(count):
        rng = np.random.default_rng([7, index])
        sex, age = str(rng.choice(("female", "male"))), _age(rng)
        identity = sample_identity(rng, sex, age, float(rng.uniform()))
        rows.append(raw_measurements(neutral_vertices(identity)))
    return {
        name: (
            float(np.mean([row[name] for row in rows])),
            float(np.std([row[name] for row in rows])),
        )
        for name in rows[0]
    }
