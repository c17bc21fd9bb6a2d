"""A draft: one designer's avatar of one face, and changes to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmark.avatars import AvatarError, AvatarVectors
from benchmark.avatars.spec import AvatarSpec, Continuous

STEP = 0.01
"""Step of the sliders. Smaller differences are not visible."""


class StudioError(ValueError):
    """The studio cannot do this. The message says why and what to do."""


@dataclass(frozen=True)
class Finish:
    """When a designer finished a draft (UTC, ISO 8601), and what was shown then.

    `picture` is the SHA-256 (hex) of the face's picture file, and `engine_version` the
    version of the engine that drew the avatar.
    """

    at: str
    picture: str
    engine_version: str


@dataclass(frozen=True)
class Draft:
    """The current state of one designer's avatar of one face.

    `vector` has one row. `revision` is 0 at first and grows by 1 with each step.
    `undo` and `redo` describe the step that would be undone or redone, or are None.
    `flags` names parameters that cannot show on this engine what the designer sees.
    """

    face: str
    vector: AvatarVectors
    revision: int = 0
    undo: str | None = None
    redo: str | None = None
    finish: Finish | None = None
    flags: frozenset[str] = frozenset()


class Stale(StudioError):
    """A change was based on an older revision; `draft` is the current one."""

    reason = "was changed in another window; continue from there"

    def __init__(self, draft: Draft) -> None:
        super().__init__(f"face {draft.face} {self.reason}")
        self.draft = draft


class Done(Stale):
    """A change of a finished draft, which must be reopened first."""

    reason = "is done; reopen it before you change it"


def finished(drafts: Mapping[str, Draft]) -> dict[str, Draft]:
    """The drafts that are finished."""
    return {face: draft for face, draft in drafts.items() if draft.finish is not None}


def initial_vector(spec: AvatarSpec) -> AvatarVectors:
    """The avatar that every face starts from: the engine's default on slider steps."""
    vector = AvatarVectors.defaults(spec)
    for scalar in spec.continuous:
        vector = vector.with_value(scalar.name, round_to_step(scalar.default))
    return vector


def round_to_step(value: float) -> float:
    """The nearest value of a slider."""
    return round(round(value / STEP) * STEP, 2)


def with_values(vector: AvatarVectors, values: Mapping[str, str]) -> AvatarVectors:
    """The avatar with some parameters set. `values` are texts by parameter name.

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
    return round_to_step(value) if 0 <= value <= 1 else value


def describe_change(before: AvatarVectors, after: AvatarVectors) -> str:
    """A change as text for the undo button: the parameter, or how many changed."""
    old, new = before.to_records()[0], after.to_records()[0]
    changed = [name for name in after.spec.names if old[name] != new[name]]
    return words(changed[0]) if len(changed) == 1 else f"{len(changed)} changes"


def words(name: str) -> str:
    """A parameter or option name as words: `hairType_01` becomes `hair type 01`.

    Runs of capitals and runs of digits stay together.
    """
    parts: list[str] = []
    for previous, letter in zip(" " + name, name, strict=False):
        new_word = (letter.isupper() and previous.islower()) or (
            letter.isdigit() and previous.isalpha()
        )
        parts.append(" " + letter if new_word else letter)
    return "".join(parts).replace("_", " ").replace("-", " ").strip().lower()
