"""The lines that a designer's table is made of: sliders, swatches, rules in order."""

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
from benchmark.avatars.spec import nearest
from benchmark.faces.portraits.designer.appearance import (
    NUMBERS,
    SWITCHES,
    WORDS,
    Appearance,
)

Bounds = tuple[float, float]
Condition = str | tuple[str, ...] | Bounds
"""A word, several words, or the inclusive bounds of a number."""


class ParameterRule(Protocol):
    """How a designer sets one parameter."""

    def read(self, parameter: Parameter, appearance: Appearance) -> float | str:
        """The scalar or option that suits the appearance."""
        ...


@dataclass(frozen=True)
class Slider:
    """A scalar: how far each attribute pushes it from where it rests for a usual face.

    `pushes` maps an attribute to a weight (negative: more of it moves the slider down);
    an attribute counts by its distance from the middle of its range. `gain` says how
    boldly the designer moves the slider.
    """

    pushes: Mapping[str, float]
    rest: float = 0.5
    gain: float = 1.0

    def push(self, appearance: Appearance) -> float:
        """The weighted sum of what is unusual about the face."""
        return sum(
            weight * (appearance.numbers[name] - sum(NUMBERS[name]) / 2)
            for name, weight in self.pushes.items()
        )

    def read(self, parameter: Parameter, appearance: Appearance) -> float:
        """Where the slider goes, in steps of a hundredth.

        A logistic curve with slope `gain` at `rest`: monotone in every attribute, and
        never far beyond a stop however unusual the face.
        """
        del parameter
        steepness = self.gain / (self.rest * (1 - self.rest))
        at_rest = log(self.rest / (1 - self.rest))
        return round(1 / (1 + exp(-at_rest - steepness * self.push(appearance))), 2)


@dataclass(frozen=True)
class Strongest:
    """A choice among shapes that otherwise blend: the one with the greatest pull.

    An option's pull is its slider's push plus its `favour`.
    """

    sliders: Mapping[str, Slider]
    favours: Mapping[str, float] = field(default_factory=dict)

    def read(self, parameter: Parameter, appearance: Appearance) -> str:
        """The option with the greatest pull; the earlier one of equals."""
        del parameter
        return max(
            self.sliders,
            key=lambda o: self.sliders[o].push(appearance) + self.favours.get(o, 0.0),
        )


@dataclass(frozen=True)
class Swatches:
    """The nearest swatch: Euclidean in CIELAB, lightness counted `lightness` times.

    A bald head's hair colour is that of the brows, which the attribute gives as well.
    """

    attribute: str
    lightness: float = 1.0

    def read(self, parameter: Parameter, appearance: Appearance) -> str:
        """The option whose swatch is nearest; the earlier one of equals."""
        assert isinstance(parameter, Discrete)
        judged = self.judge(appearance.colours[self.attribute])
        away = (_lab(parameter.colours) - judged) * (self.lightness, 1.0, 1.0)
        return parameter.options[int(np.square(away).sum(axis=1).argmin())]

    def judge(self, lab: NDArray[np.float64]) -> NDArray[np.float64]:
        """The colour that the designer takes a surface's own colour (3,) for."""
        return lab


@dataclass(frozen=True)
class SkinSwatches(Swatches):
    """The nearest swatch to skin as a photograph shows it.

    Cameras expose for the face, so skin darker than L* 60 is taken for lighter by the
    share `lift` of what it lacks. Undertone is judged against usual skin: its hue's
    distance from 56 degrees counts `undertone` times.
    """

    lift: float = 0.0
    undertone: float = 1.0

    def judge(self, lab: NDArray[np.float64]) -> NDArray[np.float64]:
        """The skin's colour in the picture, its undertone overstated."""
        lightness, a, b = lab
        lightness += self.lift * max(0.0, _MIDDLE_SKIN - lightness)
        hue = np.degrees(np.arctan2(b, a))
        hue = np.radians(_USUAL_HUE + self.undertone * (hue - _USUAL_HUE))
        chroma = np.hypot(a, b)
        return np.array([lightness, chroma * np.cos(hue), chroma * np.sin(hue)])


_MIDDLE_SKIN, _USUAL_HUE = 60.0, 56.0


@cache
def _lab(colours: tuple[str, ...]) -> NDArray[np.float64]:
    return srgb_to_lab(np.array([hex_to_rgb(colour) for colour in colours]))


@dataclass(frozen=True)
class Rule:
    """An option, and the words and bounds that must be seen for it."""

    option: str
    words: Mapping[str, tuple[str, ...]]
    bounds: Mapping[str, Bounds]

    def fits(self, appearance: Appearance) -> bool:
        """Whether everything that the rule asks for is seen."""
        return all(
            appearance.words[n] in words for n, words in self.words.items()
        ) and all(
            low <= appearance.numbers[n] <= high
            for n, (low, high) in self.bounds.items()
        )


@dataclass(frozen=True)
class FirstFit:
    """Rules in order: the first one that fits decides; the last asks for nothing."""

    rules: tuple[Rule, ...]

    def read(self, parameter: Parameter, appearance: Appearance) -> str:
        """The option of the first rule that fits."""
        del parameter
        return next(rule.option for rule in self.rules if rule.fits(appearance))


def first_fit(*rules: Rule) -> FirstFit:
    """Rules in order; raises AvatarError where the last one is not "otherwise"."""
    if rules[-1].words or rules[-1].bounds:
        raise AvatarError(f"the last rule, for {rules[-1].option}, must always fit")
    return FirstFit(rules)


def when(option: str, **conditions: Condition) -> Rule:
    """The rule for an option; raises AvatarError for an attribute nobody looks at."""
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
                f"rule for {option}: no attribute {name!r}{nearest(name, known)}"
            )
    return Rule(option, words, bounds)


def otherwise(option: str) -> Rule:
    """The rule that always fits."""
    return Rule(option, {}, {})


def over(low: float) -> Bounds:
    """The bounds of a number that must reach `low`."""
    return low, 1.0


def under(high: float) -> Bounds:
    """The bounds of a number that must not exceed `high`."""
    return -1.0, high


SHOWN: Bounds = (1.0, 1.0)
"""The bounds of a switch that must be on."""
