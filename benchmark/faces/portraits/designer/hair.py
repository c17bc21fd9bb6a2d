"""Hair by nearest description: the option that a person's hair resembles most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmark.avatars import Discrete, Parameter
from benchmark.faces.portraits.designer.appearance import Appearance


@dataclass(frozen=True)
class HairShape:
    """What a hair option shows, in the words that describe a person's hair."""

    length: str
    texture: str
    fringe: str = "none"
    parting: str = "none"
    tied: str = "none"
    sides: str = "full"
    volume: float = 0.5
    top: float = 0.4
    recession: float = 0.0


@dataclass(frozen=True)
class HairWeights:
    """How much a full mismatch of each feature counts."""

    length: float
    texture: float
    fringe: float
    parting: float
    tied: float
    sides: float
    volume: float
    top: float
    recession: float


LENGTHS = {
    "bald": -1.0,
    "buzz": 0.1,
    "short": 0.3,
    "chin": 0.6,
    "shoulder": 0.8,
    "long": 1.0,
}
"""Where hair ends, 1 being over the breast; bald stands far from everything else."""

TEXTURES = {"straight": 0.0, "wavy": 0.33, "curly": 0.9, "coily": 1.0}
"""How tightly hair winds."""

SIDES = {"shaved": 0.0, "short": 0.5, "full": 1.0}
"""How much hair stands over the ears."""

FRINGES = {
    frozenset(("none", "side")): 0.1,
    frozenset(("none", "curtain")): 0.4,
    frozenset(("none", "full")): 1.0,
    frozenset(("side", "curtain")): 0.4,
    frozenset(("side", "full")): 0.6,
    frozenset(("curtain", "full")): 0.8,
}
"""How different two fringes appearance."""

PARTINGS = {
    frozenset(("none", "left")): 0.6,
    frozenset(("none", "centre")): 0.4,
    frozenset(("none", "right")): 0.6,
    frozenset(("left", "centre")): 0.6,
    frozenset(("centre", "right")): 0.6,
    frozenset(("left", "right")): 0.7,
}
"""How different two partings appearance."""

TIES = {
    frozenset(("none", "bun")): 1.0,
    frozenset(("none", "top_bun")): 1.0,
    frozenset(("none", "ponytail")): 0.9,
    frozenset(("none", "braids")): 0.8,
    frozenset(("none", "pigtails")): 0.8,
    frozenset(("bun", "top_bun")): 0.5,
    frozenset(("bun", "ponytail")): 0.4,
    frozenset(("bun", "braids")): 0.8,
    frozenset(("bun", "pigtails")): 0.8,
    frozenset(("top_bun", "ponytail")): 0.7,
    frozenset(("top_bun", "braids")): 1.0,
    frozenset(("top_bun", "pigtails")): 1.0,
    frozenset(("ponytail", "braids")): 0.7,
    frozenset(("ponytail", "pigtails")): 0.7,
    frozenset(("braids", "pigtails")): 0.2,
}
"""How different two ways of gathering hair appearance."""


def seen_hair(appearance: Appearance) -> HairShape:
    """A person's hair in the words of the options."""
    words, numbers = appearance.words, appearance.numbers
    return HairShape(
        length=words["hair_length"],
        texture=words["hair_texture"],
        fringe=words["hair_fringe"],
        parting=words["hair_parting"],
        tied=words["hair_tied"],
        sides=words["hair_sides"],
        volume=numbers["hair_volume"],
        top=numbers["hair_top"],
        recession=numbers["hair_recession"],
    )


def mismatch(
    seen: HairShape, option: HairShape, weights: HairWeights
) -> dict[str, float]:
    """What each feature adds to the difference between a head of hair and an option.

    A shaved head has nothing but its length, a buzz cut neither fringe nor parting, and
    gathered hair hides how long it is.
    """
    away = {"length": abs(LENGTHS[seen.length] - LENGTHS[option.length])}
    if "bald" in (seen.length, option.length):
        return {"length": weights.length * away["length"]}
    if seen.tied != "none" and option.tied != "none":
        away["length"] = 0.0
    if "buzz" not in (seen.length, option.length):
        away["fringe"] = _apart(FRINGES, seen.fringe, option.fringe)
        away["parting"] = _apart(PARTINGS, seen.parting, option.parting)
    away |= {
        "texture": abs(TEXTURES[seen.texture] - TEXTURES[option.texture]),
        "tied": _apart(TIES, seen.tied, option.tied),
        "sides": abs(SIDES[seen.sides] - SIDES[option.sides]),
        "volume": abs(seen.volume - option.volume),
        "top": abs(seen.top - option.top),
        "recession": abs(_bare(seen.recession) - _bare(option.recession)),
    }
    return {name: getattr(weights, name) * value for name, value in away.items()}


@dataclass(frozen=True)
class NearestHair:
    """The hair option with the least mismatch in all."""

    options: Mapping[str, HairShape]
    weights: HairWeights

    def read(self, parameter: Parameter, appearance: Appearance) -> str:
        """The nearest option; the earlier one of equals."""
        assert isinstance(parameter, Discrete)
        seen = seen_hair(appearance)

        def away(option: str) -> float:
            shape = self.options[option]
            return sum(mismatch(seen, shape, self.weights).values())

        return min(parameter.options, key=away)


def _apart(table: Mapping[frozenset[str], float], one: str, other: str) -> float:
    return 0.0 if one == other else table[frozenset((one, other))]


def _bare(recession: float) -> float:
    """How bare the front reads: a slightly high hairline goes unnoticed."""
    return max(0.0, recession - 0.2) / 0.8
