"""Where an engine draws eyes and mouth, found by looking at its renders alone.

A spec says which component each parameter belongs to. The pixels that change when the
parameters of the eyes change are where the eyes are; the same goes for the mouth.
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
"""Pixels of those renders."""
LEAST_CHANGE = 1e-4
"""Mean change (of 1) under which a component counts as not drawn."""
LEAST_CONTRAST = 0.01
"""How much darker (of 1) a band must be to be a mouth."""

_EYES = frozenset({"eye", "eyes"})
_MOUTH = frozenset({"mouth", "mouths", "lip", "lips"})
_GLASSES = frozenset({"glasses", "eyeglasses", "spectacles", "eyewear"})
_BROWS = frozenset({"brow", "brows", "eyebrow", "eyebrows"})

_BELOW = (0.55, 1.4)
"""Where a mouth is sought: so many times the eyes' distance below them."""
_STRIP = 0.06
"""Half the width, as a share of the side, of the strip that it is sought in."""
_BAND = 0.04
"""Height of a mouth, as a share of the side."""

_TEMPLATE = TEMPLATES["portraits"]
_BROWS_ABOVE_EYES = 0.27
"""From brows down to eyes as a share of eyes to mouth: embedded train portraits."""


@dataclass(frozen=True)
class Located:
    """A frame with the words that say what eyes and mouth were found by."""

    frame: Frame
    eyes_by: str
    mouth_by: str


def locate(engine: Engine, seed: int = 0) -> Located:
    """The mean frame of an engine's avatars; the same for the same seed.

    Eyes: where the parameters of the eyes change pixels; without any, those of glasses;
    without these, below those of the brows. Mouth: where its parameters change pixels;
    without any, the band that is darkest beside its surroundings, between 0.55 and 1.4
    times the eyes' distance below them; on a blank face, once that distance below.
    An engine that tells of no eyes, or whose mouth would lie less than 5 % of the side
    below them, gets the portraits' template.
    """
    eyes, eyes_by = _eyes(engine, seed)
    if eyes is None:
        return _by_template("no eyes, glasses or brows among the parameters")
    mouth, mouth_by = _mouth(engine, seed, eyes)
    if mouth[1] - eyes.middle[1] < 0.05:
        return _by_template(f"mouth ({mouth_by}) not below eyes ({eyes_by})")
    # Faces are drawn upright: both lie on one column.
    column = (eyes.middle[0] + mouth[0]) / 2
    frame = Frame((column, eyes.middle[1]), (column, mouth[1]))
    return Located(frame, eyes_by, mouth_by)


def _by_template(reason: str) -> Located:
    words = f"template of the portraits: {reason}"
    return Located(_TEMPLATE, words, words)


@dataclass(frozen=True)
class _Seen:
    """Where changes lie: their middle, and twice their mean distance to its column."""

    middle: Point
    apart: float


def _eyes(engine: Engine, seed: int) -> tuple[_Seen | None, str]:
    for words, name in ((_EYES, "eye parameters"), (_GLASSES, "glasses")):
        found = _seen(_changes(engine, _of(engine.spec, words), seed))
        if found is not None:
            return found, name
    brows = _seen(_changes(engine, _of(engine.spec, _BROWS), seed))
    if brows is None:
        return None, ""
    below = _BROWS_ABOVE_EYES * _TEMPLATE.distance
    column, row = brows.middle
    return _Seen((column, row + below), brows.apart), "brow parameters"


def _mouth(engine: Engine, seed: int, eyes: _Seen) -> tuple[Point, str]:
    found = _seen(_changes(engine, _of(engine.spec, _MOUTH), seed))
    if found is not None:
        return found.middle, "mouth parameters"
    column, row = eyes.middle
    band = _dark_band(engine, seed, eyes)
    if band is not None:
        return (column, band), "the dark band below the eyes"
    return (column, row + eyes.apart), "the distance between the eyes"


def _of(spec: AvatarSpec, words: frozenset[str]) -> list[Parameter]:
    """Parameters whose component has one of the words; if none, whose name has."""
    by_component = [p for p in spec.parameters if words & _words(p.component)]
    return by_component or [p for p in spec.parameters if words & _words(p.name)]


def _words(text: str) -> set[str]:
    return set(re.split(r"[^a-z]+", text.lower()))


def _bare(spec: AvatarSpec, seed: int) -> AvatarVectors:
    """Random avatars without anything optional, which could hide what is sought."""
    vectors = AvatarVectors.sample(spec, PAIRS, seed)
    for choice in spec.discrete:
        if choice.optional:
            vectors = vectors.with_value(choice.name, NONE)
    return vectors


def _changes(
    engine: Engine, parameters: list[Parameter], seed: int
) -> NDArray[np.float64]:
    """(SIZE, SIZE) mean changes in [0, 1] of pixels as these parameters vary."""
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


def _seen(changes: NDArray[np.float64]) -> _Seen | None:
    """Where the changes lie, or None where there are hardly any."""
    total = float(changes.sum())
    if total < LEAST_CHANGE * changes.size:
        return None
    places = (np.arange(SIZE) + 0.5) / SIZE
    across, down = changes.sum(axis=0) / total, changes.sum(axis=1) / total
    column = float(across @ places)
    apart = 2 * float(across @ np.abs(places - column))
    return _Seen((column, float(down @ places)), apart)


def _dark_band(engine: Engine, seed: int, eyes: _Seen) -> float | None:
    """The row of the band that is darkest beside those above and below it.

    Looked at in the mean avatar and in the colour that shows it most: lips of any hue
    are darker than skin in green.
    """
    mean = engine.render(_bare(engine.spec, seed), SIZE).mean(axis=0) / 255
    column, row = eyes.middle
    left, right = (round((column + side * _STRIP) * SIZE) for side in (-1, 1))
    top, bottom = (round((row + times * eyes.apart) * SIZE) for times in _BELOW)
    height = round(_BAND * SIZE)
    # A band more above and below, to compare with.
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
