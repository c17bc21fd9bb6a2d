"""Choose the hair option whose description is nearest to a person's hair."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmark.avatars import Discrete, Parameter
from benchmark.faces.portraits.designer.appearance import Appearance


@dataclass(frozen=True)
class HairShape:
    """What a hair option shows, in the words of `appearance.WORDS`.

    Partings are left or right as seen in the picture. `volume`, `top` (height over the
    crown) and `recession` lie in 0-1.
    """

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
    """Cost of a full mismatch (difference 1) in each feature of `HairShape`."""

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
"""Position of each length on one scale: 1 ends on the chest, bald is far from all."""

TEXTURES = {"straight": 0.0, "wavy": 0.33, "curly": 0.9, "coily": 1.0}
"""Curl tightness of each texture, 0-1."""

SIDES = {"shaved": 0.0, "short": 0.5, "full": 1.0}
"""Amount of hair over the ears, 0-1."""

FRINGES = {
    frozenset(("none", "side")): 0.1,
    frozenset(("none", "curtain")): 0.4,
    frozenset(("none", "full")): 1.0,
    frozenset(("side", "curtain")): 0.4,
    frozenset(("side", "full")): 0.6,
    frozenset(("curtain", "full")): 0.8,
}
"""Difference (0-1) between two fringes."""

PARTINGS = {
    frozenset(("none", "left")): 0.6,
    frozenset(("none", "centre")): 0.4,
    frozenset(("none", "right")): 0.6,
    frozenset(("left", "centre")): 0.6,
    frozenset(("centre", "right")): 0.6,
    frozenset(("left", "right")): 0.7,
}
"""Difference (0-1) between two partings."""

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
"""Difference (0-1) between two ways of tying hair."""


def person_hair(appearance: Appearance) -> HairShape:
    """Describe a person's hair in the same terms as the options."""
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
    person: HairShape, option: HairShape, weights: HairWeights
) -> dict[str, float]:
    """Weighted difference of each feature between a person's hair and an option.

    If either is bald, only length counts. If either is a buzz cut, fringe and parting
    do not count. If both are tied, length does not count: tied hair hides it.
    """
    length = abs(LENGTHS[person.length] - LENGTHS[option.length])
    if "bald" in (person.length, option.length):
        return {"length": weights.length * length}
    both_tied = person.tied != "none" and option.tied != "none"
    differences = {"length": 0.0 if both_tied else length}
    if "buzz" not in (person.length, option.length):
        differences["fringe"] = _difference(FRINGES, person.fringe, option.fringe)
        differences["parting"] = _difference(PARTINGS, person.parting, option.parting)
    differences |= {
        "texture": abs(TEXTURES[person.texture] - TEXTURES[option.texture]),
        "tied": _difference(TIES, person.tied, option.tied),
        "sides": abs(SIDES[person.sides] - SIDES[option.sides]),
        "volume": abs(person.volume - option.volume),
        "top": abs(person.top - option.top),
        "recession": abs(
            _visible_recession(person.recession) - _visible_recession(option.recession)
        ),
    }
    return {name: getattr(weights, name) * value for name, value in differences.items()}


@dataclass(frozen=True)
class NearestHair:
    """The hair option with the smallest sum of mismatches."""

    options: Mapping[str, HairShape]
    weights: HairWeights

    def evaluate(self, parameter: Parameter, appearance: Appearance) -> str:
        """The nearest option; of equally near ones, the first in option order."""
        assert isinstance(parameter, Discrete)
        person = person_hair(appearance)

        def distance(option: str) -> float:
            shape = self.options[option]
            return sum(mismatch(person, shape, self.weights).values())

        return min(parameter.options, key=distance)


def _difference(table: Mapping[frozenset[str], float], one: str, other: str) -> float:
    return 0.0 if one == other else table[frozenset((one, other))]


def _visible_recession(recession: float) -> float:
    # A slightly high hairline (up to 0.2) does not count.
    return max(0.0, recession - 0.2) / 0.8
