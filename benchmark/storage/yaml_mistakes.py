"""Mistakes in suites, options and recipes, explained in terms of YAML."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any, get_args

from pydantic import AliasChoices, BaseModel, ValidationError
from pydantic_core import ErrorDetails, to_json

from benchmark.avatars.spec import did_you_mean

_TYPES = {
    "int": "expected a whole number",
    "float": "expected a number",
    "bool": "expected true or false",
    "string": "expected text (in quotes)",
}
"""What was expected, by the first word of pydantic's error type."""
_CONVERSIONS = frozenset(f"{kind}_type" for kind in _TYPES)
_WORDING = {
    "tuple_type": "expected a list, as in [a, b]",
    "list_type": "expected a list, as in [a, b]",
    "dict_type": "expected keys with values below it",
    "model_type": "expected keys with values below it",
    "model_attributes_type": "expected keys with values below it",
    "finite_number": "expected a finite number",
    "too_short": "the list is empty; give at least one item",
}
"""Messages for pydantic errors whose own text is about Python, not YAML."""


def explain(model: type[BaseModel], data: Any) -> list[str]:
    """One sentence for each mistake in `data`, with its path and a hint; [] if valid.

    `data` are read from YAML. A value that pydantic would convert is a mistake, too:
    true or "2" for a number, 2.0 for a whole number, 1 or "yes" for true. A whole
    number is valid for a number.
    """
    items = _mistakes(model, data)
    deep = {item["loc"][:1] for item in items if len(item["loc"]) > 1}
    # Pydantic also reports a list with a bad item as too short; drop that.
    return [
        _explain_item(item, data, model)
        for item in items
        if item["type"] != "too_short" or item["loc"] not in deep
    ]


def _mistakes(model: type[BaseModel], data: Any) -> list[ErrorDetails]:
    found = _conversions(model, data)
    places = {item["loc"] for item in found}
    try:
        model.model_validate(data)
    except ValidationError as error:
        found += [item for item in error.errors() if item["loc"] not in places]
    return found


def _conversions(model: type[BaseModel], data: Any) -> list[ErrorDetails]:
    # Pydantic's strict mode accepts lists for tuples, and text for paths, in JSON only.
    try:
        model.model_validate_json(to_json(data), strict=True)
    except ValidationError as error:
        return [item for item in error.errors() if item["type"] in _CONVERSIONS]
    except Exception:
        # In JSON, keys are text. A plugin's own validator may not expect that.
        return []
    return []


def _explain_item(item: ErrorDetails, data: Any, model: type[BaseModel]) -> str:
    where = _dotted_path(item["loc"], data)
    where = f"{where}: " if where else ""
    if item["type"] == "extra_forbidden":
        return where + _explain_key(item["loc"], model)
    if item["type"] == "missing":
        return f"{where}is missing"
    if item["type"] == "value_error":
        return where + _lowered(item["msg"].removeprefix("Value error, "))
    kind, _, what = item["type"].partition("_")
    message = _WORDING.get(item["type"], item["msg"])
    if kind in _TYPES and what in {"type", "parsing", "from_float"}:
        message = _TYPES[kind]
    value = item["input"]
    given = "" if isinstance(value, (dict, list)) else f", got {_in_yaml(value)}"
    if kind == "int" and isinstance(value, float) and value.is_integer():
        given += f"; write {int(value)}"
    return f"{where}{_lowered(message)}{given}"


def _lowered(message: str) -> str:
    return message[0].lower() + message[1:]


def _in_yaml(value: Any) -> str:
    """A plain value as it is written in YAML; text in quotes."""
    if value is None:
        return "null"
    if isinstance(value, float) and not isfinite(value):
        return f"{value:f}".replace("inf", ".inf").replace("nan", ".nan")
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _explain_key(location: Sequence[int | str], model: type[BaseModel]) -> str:
    section, key = _section_at(model, location), str(location[-1])
    for name, field in section.model_fields.items():
        if key in _spellings(name, field.validation_alias):
            return f"is another name of {name}, which is given too; remove one"
    known = list(section.model_fields)
    return (
        f"unknown key{did_you_mean(key, known)}; the keys here are {', '.join(known)}"
    )


def _dotted_path(location: Sequence[int | str], data: Any) -> str:
    """Such as `variants.baseline.options`; list items with a name appear under it.

    Pydantic's mark for a key that is invalid itself, `[key]`, is left out.
    """
    words: list[str] = []
    for part in location:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            if part == "[key]":
                continue
            data = None
        named = isinstance(part, int) and isinstance(data, dict) and "name" in data
        words.append(str(data["name"]) if named else str(part))
    return ".".join(words)


def _section_at(
    model: type[BaseModel], location: Sequence[int | str]
) -> type[BaseModel]:
    """The model of the section that contains the key at `location`."""
    for part in location[:-1]:
        for name, field in model.model_fields.items():
            if part in _spellings(name, field.validation_alias):
                model = _model_in(field.annotation) or model
                break
    return model


def _spellings(name: str, alias: Any) -> tuple[Any, ...]:
    return (name, *(alias.choices if isinstance(alias, AliasChoices) else ()))


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The first model in a type such as `tuple[VariantSection, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(each) for each in get_args(annotation))
    return next((model for model in found if model is not None), None)
