"""The positions of eyes and mouth in an engine's avatars, measured on its renders.

A spec states the component of each parameter. The pixels that change with the
parameters of the eyes show the position of the eyes, and so for the mouth.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars import AvatarSpec, AvatarVectors, Discrete, Parameter
from benchmark.avatars.spec import NONE
from benchmark.engines.base import Engine
from methods.f2p.alignment import TEMPLATES, Frame, Point

PAIRS = 16
"""Pairs of renders that are compared for each component."""
SIZE = 128
"""Side of those renders in pixels."""
LEAST_CHANGE = 1e-4
"""Minimum mean change, in [0, 1], of a component that is drawn."""
LEAST_CONTRAST = 0.01
"""Minimum contrast, in [0, 1], of a dark band that counts as a mouth."""

_EYES = frozenset({"eye", "eyes"})
_MOUTH = frozenset({"mouth", "mouths", "lip", "lips"})
_GLASSES = frozenset({"glasses", "eyeglasses", "spectacles", "eyewear"})
_BROWS = frozenset({"brow", "brows", "eyebrow", "eyebrows"})

_BELOW = (0.55, 1.4)
"""Search range of a mouth below the eyes, in multiples of the eyes' distance."""
_STRIP = 0.06
"""Half the width of the searched strip, as a share of the side."""
_BAND = 0.04
"""Height of a mouth, as a share of the side."""

_TEMPLATE = TEMPLATES["portraits"]
_BROWS_ABOVE_EYES = 0.27
"""Distance from brows to eyes over that from eyes to mouth, in train portraits."""


@dataclass(frozen=True)
class Landmarks:
    """A frame, and descriptions of how eyes and mouth were found."""

    frame: Frame
    eyes_source: str
    mouth_source: str


def find_landmarks(engine: Engine, seed: int = 0) -> Landmarks:
    """The mean frame of an engine's avatars; the same for the same seed.

    Eyes are searched in this order: pixels that change with eye parameters; pixels that
    change with glasses; a fixed distance below the pixels that change with brows. The
    mouth: pixels that change with mouth parameters; the band with the most contrast to
    its surroundings, between 0.55 and 1.4 times the eyes' distance below the eyes; the
    eyes' distance below them. The portraits' template is used where no eyes are found,
    or where the mouth is less than 5 % of the side below them.
    """
    eyes, eyes_source = _find_eyes(engine, seed)
    if eyes is None:
        return _template_landmarks("no eyes, glasses or brows among the parameters")
    mouth, mouth_source = _find_mouth(engine, seed, eyes)
    if mouth[1] - eyes.middle[1] < 0.05:
        reason = f"mouth ({mouth_source}) not below eyes ({eyes_source})"
        return _template_landmarks(reason)
    # Faces are upright, so eyes and mouth share a column.
    column = (eyes.middle[0] + mouth[0]) / 2
    frame = Frame((column, eyes.middle[1]), (column, mouth[1]))
    return Landmarks(frame, eyes_source, mouth_source)


def _template_landmarks(reason: str) -> Landmarks:
    source = f"template of the portraits: {reason}"
    return Landmarks(_TEMPLATE, source, source)


@dataclass(frozen=True)
class _ChangedArea:
    """The centre of changes, and twice their mean distance to its column."""

    middle: Point
    apart: float


def _find_eyes(engine: Engine, seed: int) -> tuple[_ChangedArea | None, str]:
    for words, name in ((_EYES, "eye parameters"), (_GLASSES, "glasses")):
        area = _changed_area(engine, words, seed)
        if area is not None:
            return area, name
    brows = _changed_area(engine, _BROWS, seed)
    if brows is None:
        return None, ""
    below = _BROWS_ABOVE_EYES * _TEMPLATE.distance
    column, row = brows.middle
    return _ChangedArea((column, row + below), brows.apart), "brow parameters"


def _find_mouth(engine: Engine, seed: int, eyes: _ChangedArea) -> tuple[Point, str]:
    area = _changed_area(engine, _MOUTH, seed)
    if area is not None:
        return area.middle, "mouth parameters"
    column, row = eyes.middle
    band = _dark_band(engine, seed, eyes)
    if band is not None:
        return (column, band), "the dark band below the eyes"
    return (column, row + eyes.apart), "the distance between the eyes"


def _changed_area(
    engine: Engine, words: frozenset[str], seed: int
) -> _ChangedArea | None:
    """The area that changes with the parameters of a component; None without one."""
    parameters = _parameters_named(engine.spec, words)
    return _area_of(_changes(engine, parameters, seed))


def _parameters_named(spec: AvatarSpec, words: frozenset[str]) -> list[Parameter]:
    """Parameters whose component has one of the words; if none, whose name has."""
    by_component = [p for p in spec.parameters if words & _words(p.component)]
    return by_component or [p for p in spec.parameters if words & _words(p.name)]


def _words(text: str) -> set[str]:
    return set(re.split(r"[^a-z]+", text.lower()))


def _bare(spec: AvatarSpec, seed: int) -> AvatarVectors:
    """Random avatars without optional parts, which could hide eyes or mouth."""
    vectors = AvatarVectors.sample(spec, PAIRS, seed)
    for choice in spec.discrete:
        if choice.optional:
            vectors = vectors.with_value(choice.name, NONE)
    return vectors


def _changes(
    engine: Engine, parameters: list[Parameter], seed: int
) -> NDArray[np.float64]:
    """(SIZE, SIZE) mean changes of pixels, in [0, 1], as these parameters vary."""
    if not parameters:
        return np.zeros((SIZE, SIZE))
    before = _bare(engine.spec, seed)
    other = AvatarVectors.sample(engine.spec, PAIRS, seed + 1)
    continuous, discrete = before.continuous.copy(), before.discrete.copy()
    for parameter in parameters:
        column = engine.spec.columns[parameter.name]
        scalar = not isinstance(parameter, Discrete)
        block, drawn = (
            (continuous, other.continuous) if scalar else (discrete, other.discrete)
        )
        block[:, column] = drawn[:, column]
    after = AvatarVectors(engine.spec, continuous, discrete)
    pair = [engine.render(v, SIZE).astype(np.float64) / 255 for v in (before, after)]
    return np.abs(pair[1] - pair[0]).mean(axis=(0, 3))


def _area_of(changes: NDArray[np.float64]) -> _ChangedArea | None:
    """The area of (SIZE, SIZE) changes; None where their mean is too small."""
    total = float(changes.sum())
    if total < LEAST_CHANGE * changes.size:
        return None
    places = (np.arange(SIZE) + 0.5) / SIZE
    across, down = changes.sum(axis=0) / total, changes.sum(axis=1) / total
    column = float(across @ places)
    apart = 2 * float(across @ np.abs(places - column))
    return _ChangedArea((column, float(down @ places)), apart)


def _dark_band(engine: Engine, seed: int, eyes: _ChangedArea) -> float | None:
    """The row of the band with the largest contrast to those above and below it.

    Measured on the mean avatar, in the colour channel with the largest contrast: lips
    of any hue are darker than skin in green.
    """
    mean = engine.render(_bare(engine.spec, seed), SIZE).mean(axis=0) / 255
    column, row = eyes.middle
    left, right = (round((column + side * _STRIP) * SIZE) for side in (-1, 1))
    top, bottom = (round((row + times * eyes.apart) * SIZE) for times in _BELOW)
    height = round(_BAND * SIZE)
    # One more band above and below, for the comparison.
    first = max(0, top - height)
    strip = mean[first : bottom + height, max(0, left) : right]
    if len(strip) <= 3 * height or not strip.size:
        return None
    rows = strip.mean(axis=1)
    kernel = np.repeat([0.5, -1.0, 0.5], height) / height
    darker = np.stack([np.convolve(c, kernel, mode="valid") for c in rows.T])
    score = darker.max(axis=0)
    if score.max() < LEAST_CONTRAST:
        return None
    return (first + int(score.argmax()) + 1.5 * height) / SIZE
