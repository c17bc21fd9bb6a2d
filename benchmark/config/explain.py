"""Mistakes in suites and options, explained in terms of YAML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic import AliasChoices, BaseModel, ValidationError

from benchmark.avatars.spec import did_you_mean

_WORDING = {
    "tuple_type": "expected a list, as in [a, b]",
    "list_type": "expected a list, as in [a, b]",
    "dict_type": "expected keys with values below it",
    "model_type": "expected keys with values below it",
    "model_attributes_type": "expected keys with values below it",
    "too_short": "the list is empty; give at least one item",
}
"""Messages for pydantic errors whose own text is about Python, not YAML."""


def explain(
    error: ValidationError, source: str, data: Any, model: type[BaseModel]
) -> list[str]:
    """One sentence for each mistake of a pydantic error, with the path and a hint."""
    items = error.errors()
    deep = {item["loc"][:1] for item in items if len(item["loc"]) > 1}
    # Pydantic also reports a list with a bad item as too short; drop that.
    return [
        _explain_item(item, source, data, model)
        for item in items
        if item["type"] != "too_short" or item["loc"] not in deep
    ]


def explain_truth_values(data: Any, value: Any, source: str) -> list[str]:
    """One sentence for each true or false in `data` that became a number in `value`.

    Python takes true for 1, and so does pydantic.
    """
    return [
        f"{source}: {_dotted_path(location, data)}: expected a number, got {given}"
        for location, given in _truth_values(data, value, ())
    ]


def _truth_values(
    data: Any, value: Any, location: tuple[int | str, ...]
) -> list[tuple[tuple[int | str, ...], str]]:
    if isinstance(data, bool):
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return [(location, str(data).lower())] if is_number else []
    pairs: list[tuple[int | str, Any, Any]] = []
    if isinstance(data, Mapping):
        get = value.get if isinstance(value, Mapping) else None
        pairs = [
            (key, each, get(key) if get else getattr(value, str(key), None))
            for key, each in data.items()
        ]
    elif isinstance(data, (list, tuple)) and isinstance(value, (list, tuple)):
        pairs = [
            (row, *both) for row, both in enumerate(zip(data, value, strict=False))
        ]
    return [
        found
        for key, each, inner in pairs
        for found in _truth_values(each, inner, (*location, key))
    ]


def _explain_item(item: Any, source: str, data: Any, model: type[BaseModel]) -> str:
    where = _dotted_path(item["loc"], data)
    if item["type"] == "extra_forbidden":
        section, key = _section_at(model, item["loc"]), str(item["loc"][-1])
        for name, field in section.model_fields.items():
            if key in _spellings(name, field.validation_alias):
                return (
                    f"{source}: {where}: is another name of {name}, which is given "
                    "too; remove one"
                )
        known = list(section.model_fields)
        return (
            f"{source}: {where}: unknown key{did_you_mean(key, known)}; "
            f"the keys here are {', '.join(known)}"
        )
    if item["type"] == "missing":
        return f"{source}: {where}: is missing"
    plain = str(item["msg"]).removeprefix("Value error, ")
    message = _WORDING.get(str(item["type"]), plain)
    message = message[0].lower() + message[1:]
    given = (
        "" if isinstance(item["input"], (dict, list)) else f", got {item['input']!r}"
    )
    if item["type"] == "value_error":
        given = ""
    return f"{source}: {where + ': ' if where else ''}{message}{given}"


def _dotted_path(location: Sequence[int | str], data: Any) -> str:
    """Such as `variants.baseline.options`; list items with a name appear under it."""
    words: list[str] = []
    for part in location:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
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
