"""A draft: one designer's avatar of one face, and how it may be changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmark.avatars import AvatarError, AvatarVectors
from benchmark.avatars.spec import AvatarSpec, Continuous

STEP = 0.01
"""Sliders move by hundredths: finer than a designer can tell."""


class StudioError(ValueError):
    """The studio cannot do that; the message says why and what to do."""


@dataclass(frozen=True)
class Finish:
    """A designer called a draft done: when (UTC ISO), and what was looked at.

    `picture` is the SHA-256 (hex) of the face's picture file, `engine_version` the
    version of the engine that drew the avatar.
    """

    at: str
    picture: str
    engine_version: str


@dataclass(frozen=True)
class Draft:
    """One designer's avatar of one face as it stands.

    `vector` has one row. `revision` grows with each step and is 0 before the first;
    `undo` and `redo` say what would be taken back or done again, None where nothing.
    """

    face: str
    vector: AvatarVectors
    revision: int = 0
    undo: str | None = None
    redo: str | None = None
    finish: Finish | None = None


class Stale(StudioError):
    """A change was meant for an older revision; `draft` is the one that stands."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(
            f"face {draft.face} was changed elsewhere: go on from what stands there now"
        )
        self.draft = draft


def finished(drafts: Mapping[str, Draft]) -> dict[str, Draft]:
    """The drafts that their designer called done."""
    return {face: draft for face, draft in drafts.items() if draft.finish is not None}


def first_vector(spec: AvatarSpec) -> AvatarVectors:
    """The avatar that every face starts from: the engine's default, on our steps."""
    vector = AvatarVectors.defaults(spec)
    for scalar in spec.continuous:
        vector = vector.with_value(scalar.name, on_step(scalar.default))
    return vector


def on_step(value: float) -> float:
    """The nearest value that a slider can stand at."""
    return round(round(value / STEP) * STEP, 2)


def with_values(vector: AvatarVectors, values: Mapping[str, str]) -> AvatarVectors:
    """The avatar with some parameters set, given as text by name.

    Raises AvatarError for an unknown parameter or option, and for a number outside
    [0, 1].
    """
    for name, text in values.items():
        if isinstance(vector.spec[name], Continuous):
            vector = vector.with_value(name, _number(name, text))
        else:
            vector = vector.with_value(name, text)
    return vector


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise AvatarError(f"{name}: {text!r} is not a number in [0, 1]") from error
    return on_step(value) if 0 <= value <= 1 else value


def describe_change(before: AvatarVectors, after: AvatarVectors) -> str:
    """What a change did, for the undo button: one parameter, or how many."""
    old, new = before.to_records()[0], after.to_records()[0]
    changed = [name for name in after.spec.names if old[name] != new[name]]
    return words(changed[0]) if len(changed) == 1 else f"{len(changed)} changes"


def words(name: str) -> str:
    """A parameter's or option's name as people read it: `hairType_01` → `hair type 01`.

    Keeps runs of capitals and digits together.
    """
    parts: list[str] = []
    for previous, letter in zip(" " + name, name, strict=False):
        turn = (letter.isupper() and previous.islower()) or (
            letter.isdigit() and previous.isalpha()
        )
        parts.append(" " + letter if turn else letter)
    return "".join(parts).replace("_", " ").replace("-", " ").strip().lower()
