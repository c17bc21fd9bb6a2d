"""The form fields on the page of a face, as its template needs them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from benchmark.avatars import AvatarVectors
from benchmark.avatars.spec import AvatarSpec, Continuous, Discrete, Parameter
from reports.human_study.studio.canvas import Canvas
from reports.human_study.studio.drafts import Draft, words

PREFIX, FLAG, FLAGGABLE = "set.", "flag.", "flaggable."
"""Prefixes of form fields: a parameter, its flag, and that the flag was asked for."""


@dataclass(frozen=True)
class Choice:
    """One option of a picker, with a colour or the address of a thumbnail."""

    value: str
    label: str
    colour: str = ""
    thumbnail: str = ""


@dataclass(frozen=True)
class Field:
    """One parameter: a slider if `choices` is empty, else a picker.

    `condition` says in words when the parameter is active; empty if always. `flag` and
    `flaggable` are names of form fields.
    """

    name: str
    label: str
    value: str
    active: bool
    condition: str
    flag: str
    flaggable: str
    flagged: bool
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True)
class Section:
    """The parameters of one component of the avatar."""

    title: str
    anchor: str
    fields: tuple[Field, ...]


def sections(canvas: Canvas, draft: Draft) -> list[Section]:
    """All parameters with their values, by component, in the order of the spec."""
    vector = draft.vector
    values, active = texts(vector), activity(vector)
    members: dict[str, list[Field]] = {}
    for parameter in canvas.spec.parameters:
        field = Field(
            name=PREFIX + parameter.name,
            label=capitalise(words(parameter.name)),
            value=values[parameter.name],
            active=active[parameter.name],
            condition=condition(canvas.spec, parameter),
            flag=FLAG + parameter.name,
            flaggable=FLAGGABLE + parameter.name,
            flagged=parameter.name in draft.flags,
            choices=_choices(canvas, parameter, colours(vector)),
        )
        members.setdefault(parameter.component, []).append(field)
    return [
        Section(capitalise(words(component)), f"part-{number}", tuple(fields))
        for number, (component, fields) in enumerate(members.items(), start=1)
    ]


def texts(vector: AvatarVectors) -> dict[str, str]:
    """The value of each parameter (of one row) as form text."""
    record = vector.to_records()[0]
    return {
        name: value if isinstance(value, str) else f"{value:g}"
        for name, value in record.items()
    }


def activity(vector: AvatarVectors) -> dict[str, bool]:
    """Whether each parameter (of one row) is active."""
    spec, mask = vector.spec, vector.active()
    active = {p.name: mask.continuous[0, i] for i, p in enumerate(spec.continuous)}
    active |= {p.name: mask.discrete[0, i] for i, p in enumerate(spec.discrete)}
    return {name: bool(value) for name, value in active.items()}


def condition(spec: AvatarSpec, parameter: Parameter) -> str:
    """When a parameter is active, in words; empty if always."""
    wanted = parameter.active_when
    if wanted is None:
        return ""
    owner = spec[wanted.parameter]
    assert isinstance(owner, Discrete)
    without = [option for option in owner.options if option not in wanted.options]
    few, verb = (
        (without, "is not")
        if len(without) < len(wanted.options)
        else (list(wanted.options), "is")
    )
    return f"{words(owner.name)} {verb} {' or '.join(words(o) for o in few)}"


def posted_values(fields: Mapping[str, str]) -> dict[str, str]:
    """The parameters in a posted form or in the query of a picture."""
    return {
        name.removeprefix(PREFIX): value
        for name, value in fields.items()
        if name.startswith(PREFIX)
    }


def posted_flags(fields: Mapping[str, str]) -> dict[str, bool]:
    """Whether each parameter whose flag was asked for is flagged."""
    asked = [n.removeprefix(FLAGGABLE) for n in fields if n.startswith(FLAGGABLE)]
    return {name: FLAG + name in fields for name in asked}


def colours(vector: AvatarVectors) -> str:
    """The colours of an avatar as the query of thumbnails."""
    values = texts(vector)
    names = [choice.name for choice in vector.spec.discrete if choice.colours]
    return urlencode({PREFIX + name: values[name] for name in names})


def avatar_address(canvas: Canvas, vector: AvatarVectors, size: str = "") -> str:
    """The address of an avatar's picture; equal pictures have equal addresses."""
    query = {"v": canvas.version, **({"size": size} if size else {})}
    query |= {PREFIX + name: value for name, value in texts(vector).items()}
    return f"/avatar.png?{urlencode(query)}"


def face_path(face: str) -> str:
    """The path of a face's page."""
    return f"/faces/{quote(face, safe='')}"


def state(canvas: Canvas, draft: Draft) -> dict[str, Any]:
    """A draft as JSON-compatible data for the page's script."""
    return {
        "revision": draft.revision,
        "values": {PREFIX + n: v for n, v in texts(draft.vector).items()},
        "active": {PREFIX + n: a for n, a in activity(draft.vector).items()},
        "flags": {FLAG + n: n in draft.flags for n in canvas.spec.names},
        "colours": colours(draft.vector),
        "undo": draft.undo,
        "redo": draft.redo,
        "done": draft.finish is not None,
        "avatar": avatar_address(canvas, draft.vector),
    }


def capitalise(text: str) -> str:
    """The text with its first letter in upper case."""
    return text[:1].upper() + text[1:]


def _choices(canvas: Canvas, parameter: Parameter, query: str) -> tuple[Choice, ...]:
    if isinstance(parameter, Continuous):
        return ()
    swatches = parameter.colours or ("",) * len(parameter.options)
    return tuple(
        Choice(
            value=option,
            label=words(option),
            colour=colour,
            thumbnail="" if colour else _thumbnail(canvas, parameter, number, query),
        )
        for number, (option, colour) in enumerate(
            zip(parameter.options, swatches, strict=True)
        )
    )


def _thumbnail(canvas: Canvas, choice: Discrete, number: int, query: str) -> str:
    version = urlencode({"v": canvas.version})
    return f"/options/{quote(choice.name, safe='')}/{number}.png?{version}&{query}"
