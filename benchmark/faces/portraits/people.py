"""Who stands before the camera: people sampled from stated distributions.

Worlds: ``train`` (also the in-distribution part of validation), ``validation-shifted``
and ``heldout`` (each with hair, skins, light, backgrounds and cameras of its own).

Distributions: age is a triangle-like mix over 18-80 (median about 38); the sexes are
even; skin depth is uniform over the whole range and undertone independent of it; head
shapes lean to the origin that a skin depth suggests, with a third drawn freely. Hair
colour depends on skin depth and age (grey sets in from 35, white from 60) with 18 % of
adults wearing any colour. Men's facial hair depends on age (half are shaven); a quarter
wear glasses (40 % from 55 on). A person is drawn from (seed, world, index) alone, so
that person i is the same whatever the batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

import numpy as np

from benchmark.faces.portraits.expressions import expression_for, read_mouth
from benchmark.faces.portraits.hair.families import HairFamily, families
from benchmark.faces.portraits.scene import Scene, sample_scene
from benchmark.faces.portraits.shape import (
    OUTLINES,
    TRAITS,
    Identity,
    neutral_vertices,
    raw_measures,
)
from benchmark.faces.portraits.tones import (
    eye_colour,
    hair_colour,
    hex_of,
    skin_albedo,
)

World = Literal["train", "validation-shifted", "heldout"]
VERSIONS: tuple[World, ...] = get_args(World)
"""Where people come from; hair, skins, rigs, backgrounds and cameras differ."""

SKIN_MODELS: dict[str, tuple[str, ...]] = {
    "train": ("even", "porous", "ruddy", "freckled"),
    "validation-shifted": ("weathered", "dewy"),
    "heldout": ("mottled", "glossy", "spotted"),
}
"""Skin models by world (`skin.py` says what each does)."""

MEASURES: dict[str, tuple[float, float]] = {
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
"""Population mean and standard deviation of each raw measure (`calibrate`)."""

_WORLD_SALT = {"train": 11, "validation-shifted": 23, "heldout": 37}
_HAIR_WORLD = {"validation-shifted": "validation"}


@dataclass(frozen=True, kw_only=True)
class Person:
    """One person and the moment of the picture.

    The attributes up to `part` are those that a portrait's record holds (see
    `attributes`); ranges are 0-1 with 0.5 the population's mean, unless said.

    Attributes:
        age: years, 18-80.
        sex: female or male.
        skin_rgb: mean albedo, #hex sRGB.
        skin_depth: 0 lightest to 1.
        skin_undertone: -1 cool to 1 warm.
        mouth_curve: -1 frown to 1 smile.
        mouth_open: 0 shut to 1 wide.
        part: in-distribution or shifted.
        hair_family: a name of `hair.families`; the other hair_* words follow from it.
        identity: the head's shape.
        actions: facial actions by name, 0-1.
        scene: light, background, camera, clothes.
        skin_model: one of `SKIN_MODELS`.
        seed: noise of skin, hair strands and film.
        world: where the person comes from.
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
    world: World


_HIDDEN = ("identity", "actions", "scene", "skin_model", "seed", "world")
ATTRIBUTES: tuple[str, ...] = tuple(
    f.name for f in fields(Person) if f.name not in _HIDDEN
)
"""Names of the attributes that a portrait's record holds."""


def attributes(person: Person) -> dict[str, Any]:
    """Return the JSON record of a person: the names of `ATTRIBUTES`, floats rounded."""
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
    # A uniform core with soft ends: extremes must be common enough to be learnt.
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
    """Draw a head's shape."""
    masculine = rng.uniform(0.72, 1.0) if sex == "male" else rng.uniform(0.0, 0.25)
    return Identity(
        masculinity=float(masculine),
        oldness=float(np.clip((age - 25) / 60, 0, 1)),
        origins=_origins(rng, depth),
        heaviness=float(np.clip(rng.normal(0.05, 0.45), -0.9, 1.0)),
        traits=_traits(rng, sex, age),
        outlines=_outlines(rng),
    )


def measures(identity: Identity) -> dict[str, float]:
    """Read a face's geometry, scaled so that the population fills 0-1.

    Returns:
        0.5 at the population's mean, 0 and 1 two standard deviations off, clipped.
    """
    raw = raw_measures(neutral_vertices(identity))
    scaled = {}
    for name, value in raw.items():
        mean, deviation = MEASURES[name]
        scaled[name] = float(np.clip(0.5 + (value - mean) / (4 * deviation), 0, 1))
    return scaled


def _unit(value: float) -> float:
    return float(np.clip(0.5 + 0.5 * value, 0, 1))


def _geometry(identity: Identity) -> dict[str, float]:
    traits, outlines = identity.traits, identity.outlines
    edge = outlines.get("square", 0) + outlines.get("rectangular", 0)
    soft = outlines.get("round", 0) + outlines.get("oval", 0)
    fullness = 0.55 * traits["cheek_fullness"] + 0.45 * identity.heaviness
    return {
        **measures(identity),
        "eye_hood": _unit(traits["eye_hood"]),
        "nose_bridge": _unit(traits["nose_bridge"]),
        "nose_tip": _unit(traits["nose_tip"]),
        "jaw_angularity": _unit(0.9 * (edge - soft) + 0.35 * traits["jaw_width"]),
        "cheek_fullness": _unit(1.15 * fullness),
    }


def _pick_family(
    rng: np.random.Generator, world: str, sex: str, age: int
) -> HairFamily:
    choices = [
        family
        for family in families(_HAIR_WORLD.get(world, world))
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


def sample_person(index: int, seed: int, world: World) -> Person:
    """Draw person `index` of a seed and world.

    Args:
        index: any non-negative number.
        seed: of the whole set.
        world: one of `VERSIONS`.

    Raises:
        ValueError: if the world is unknown.
    """
    if world not in VERSIONS:
        raise ValueError(f"world {world!r} is unknown; expected one of {VERSIONS}")
    rng = np.random.default_rng([seed, _WORLD_SALT[world], index])
    sex = str(rng.choice(("female", "male")))
    age = _age(rng)
    depth = float(rng.uniform(0, 1))
    undertone = float(np.clip(rng.normal(0, 0.55), -1, 1))
    identity = sample_identity(rng, sex, age, depth)
    family = _pick_family(rng, world, sex, age)
    colour, hair_rgb = hair_colour(rng, depth, age)
    facial_hair = _facial_hair(rng, sex, age)
    glasses = _glasses(rng, age)
    expression, actions = expression_for(rng)
    scene = sample_scene(rng, world, sex)
    return Person(
        age=age,
        sex=sex,
        skin_rgb=hex_of(skin_albedo(depth, undertone)),
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
        **read_mouth(actions),
        expression=expression,
        part="in-distribution" if world == "train" else "shifted",
        identity=identity,
        actions=actions,
        scene=scene,
        skin_model=str(rng.choice(SKIN_MODELS[world])),
        seed=int(rng.integers(2**31)),
        world=world,
    )


def sample_people(count: int, seed: int, world: World) -> list[Person]:
    """Draw the first `count` people of a seed and world."""
    return [sample_person(index, seed, world) for index in range(count)]


def calibrate(count: int = 2000) -> dict[str, tuple[float, float]]:
    """Measure the population once; its result is the table `MEASURES`."""
    rows = []
    for index in range(count):
        rng = np.random.default_rng([7, index])
        sex, age = str(rng.choice(("female", "male"))), _age(rng)
        identity = sample_identity(rng, sex, age, float(rng.uniform()))
        rows.append(raw_measures(neutral_vertices(identity)))
    return {
        name: (
            float(np.mean([row[name] for row in rows])),
            float(np.std([row[name] for row in rows])),
        )
        for name in rows[0]
    }
