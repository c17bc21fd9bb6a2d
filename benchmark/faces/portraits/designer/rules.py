"""Rule types of a designer's table: sliders, swatches and ordered conditions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from math import exp, log
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars import AvatarError, Discrete, Parameter
from benchmark.avatars.colour import hex_to_rgb, srgb_to_lab
from benchmark.avatars.spec import did_you_mean
from benchmark.faces.portraits.designer.appearance import (
    NUMBERS,
    SWITCHES,
    WORDS,
    Appearance,
)

Bounds = tuple[float, float]
Condition = str | tuple[str, ...] | Bounds
"""One accepted word, several accepted words, or the inclusive bounds of a number."""


class ParameterRule(Protocol):
    """Sets one engine parameter from a person's appearance."""

    def evaluate(self, parameter: Parameter, appearance: Appearance) -> float | str:
        """The scalar (0-1) or option name for this appearance."""
        ...


@dataclass(frozen=True)
class Slider:
    """A scalar that attributes push away from its value for an average face.

    Attributes:
        pushes: weight by attribute. An attribute counts by its distance from the middle
            of its range; a negative weight lowers the scalar.
        rest: value for an average face, in (0, 1).
        gain: slope of the response at `rest`.
    """

    pushes: Mapping[str, float]
    rest: float = 0.5
    gain: float = 1.0

    def push(self, appearance: Appearance) -> float:
        """Weighted sum of the attributes' distances from the middle of their ranges."""
        return sum(
            weight * (appearance.numbers[name] - sum(NUMBERS[name]) / 2)
            for name, weight in self.pushes.items()
        )

    def evaluate(self, parameter: Parameter, appearance: Appearance) -> float:
        """The scalar, rounded to 0.01.

        A logistic function of the push with slope `gain` at `rest`: it is monotone in
        every attribute and stays within 0-1.
        """
        del parameter
        steepness = self.gain / (self.rest * (1 - self.rest))
        at_rest = log(self.rest / (1 - self.rest))
        return round(1 / (1 + exp(-at_rest - steepness * self.push(appearance))), 2)


@dataclass(frozen=True)
class Strongest:
    """The option with the highest score, where an engine wants one shape, not a blend.

    An option's score is its slider's push plus its entry in `favours` (default 0).
    """

    sliders: Mapping[str, Slider]
    favours: Mapping[str, float] = field(default_factory=dict)

    def evaluate(self, parameter: Parameter, appearance: Appearance) -> str:
        """The option with the highest score; of equals, the first."""
        del parameter
        return max(
            self.sliders,
            key=lambda o: self.sliders[o].push(appearance) + self.favours.get(o, 0.0),
        )


@dataclass(frozen=True)
class Swatches:
    """The option whose swatch is nearest to a colour attribute.

    The distance is Euclidean in CIELAB, with the difference in L* multiplied by
    `lightness`. For a bald person `hair_rgb` is the colour of the brows.
    """

    attribute: str
    lightness: float = 1.0

    def evaluate(self, parameter: Parameter, appearance: Appearance) -> str:
        """The option with the nearest swatch; of equally near ones, the first."""
        assert isinstance(parameter, Discrete)
        perceived = self.perceive(appearance.colours[self.attribute])
        offsets = (_lab(parameter.colours) - perceived) * (self.lightness, 1.0, 1.0)
        return parameter.options[int(np.square(offsets).sum(axis=1).argmin())]

    def perceive(self, lab: NDArray[np.float64]) -> NDArray[np.float64]:
        """The CIELAB colour (3,) that the designer matches, given the surface's own."""
        return lab


@dataclass(frozen=True)
class SkinSwatches(Swatches):
    """The option whose swatch is nearest to skin as a photograph shows it.

    Attributes:
        lift: cameras expose for the face, so L* below 60 is raised by this share of its
            distance to 60.
        undertone: the hue's distance from 56 degrees (typical skin) is multiplied by
            this.
    """

    lift: float = 0.0
    undertone: float = 1.0

    def perceive(self, lab: NDArray[np.float64]) -> NDArray[np.float64]:
        """The skin's CIELAB colour (3,) with lifted lightness and scaled undertone."""
        lightness, a, b = lab
        lightness += self.lift * max(0.0, _LIFTED_BELOW - lightness)
        hue = np.degrees(np.arctan2(b, a))
        hue = np.radians(_TYPICAL_HUE + self.undertone * (hue - _TYPICAL_HUE))
        chroma = np.hypot(a, b)
        return np.array([lightness, chroma * np.cos(hue), chroma * np.sin(hue)])


_LIFTED_BELOW, _TYPICAL_HUE = 60.0, 56.0


@cache
def _lab(colours: tuple[str, ...]) -> NDArray[np.float64]:
    return srgb_to_lab(np.array([hex_to_rgb(colour) for colour in colours]))


@dataclass(frozen=True)
class Rule:
    """An option, and the words and number bounds that all must match for it."""

    option: str
    words: Mapping[str, tuple[str, ...]]
    bounds: Mapping[str, Bounds]

    def fits(self, appearance: Appearance) -> bool:
        """Whether all conditions hold."""
        return all(
            appearance.words[n] in words for n, words in self.words.items()
        ) and all(
            low <= appearance.numbers[n] <= high
            for n, (low, high) in self.bounds.items()
        )


@dataclass(frozen=True)
class FirstFit:
    """Ordered rules: the first that fits decides. The last has no conditions."""

    rules: tuple[Rule, ...]

    def evaluate(self, parameter: Parameter, appearance: Appearance) -> str:
        """The option of the first rule that fits."""
        del parameter
        return next(rule.option for rule in self.rules if rule.fits(appearance))


@dataclass(frozen=True)
class Level:
    """A scalar in steps: the value of the first rule that fits, written as a number."""

    rules: FirstFit

    def evaluate(self, parameter: Parameter, appearance: Appearance) -> float:
        """The scalar of the first rule that fits."""
        return float(self.rules.evaluate(parameter, appearance))


def first_fit(*rules: Rule) -> FirstFit:
    """Build a `FirstFit`; raises AvatarError if the last rule is not `otherwise`."""
    if rules[-1].words or rules[-1].bounds:
        raise AvatarError(
            f"the last rule, for {rules[-1].option}, must have no conditions"
        )
    return FirstFit(rules)


def when(option: str, **conditions: Condition) -> Rule:
    """Build the rule for an option; raises AvatarError for an unknown attribute."""
    words: dict[str, tuple[str, ...]] = {}
    bounds: dict[str, Bounds] = {}
    for name, condition in conditions.items():
        if name in WORDS or name == "expression":
            given = (condition,) if isinstance(condition, str) else condition
            words[name] = tuple(str(word) for word in given)
        elif name in NUMBERS or name in SWITCHES:
            low, high = condition
            bounds[name] = (float(low), float(high))
        else:
            known = (*WORDS, *NUMBERS, *SWITCHES)
            raise AvatarError(
                f"rule for {option}: no attribute {name!r}{did_you_mean(name, known)}"
            )
    return Rule(option, words, bounds)


def otherwise(option: str) -> Rule:
    """Build a rule without conditions, which always fits."""
    return Rule(option, {}, {})


def over(low: float) -> Bounds:
    """Bounds for a number of at least `low`."""
    return low, 1.0


def under(high: float) -> Bounds:
    """Bounds for a number of at most `high`."""
    return -1.0, high


SHOWN: Bounds = (1.0, 1.0)
"""Bounds for a boolean attribute that must be true."""
