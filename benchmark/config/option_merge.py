"""Merge the options of a variant with the shared ones, and expand fallbacks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from benchmark.config.schema import VariantSection
from benchmark.config.suite import Suite

FALLBACKS = "fallbacks"
_SPELLINGS = (FALLBACKS, "first_of")
"""`{fallbacks: [a, b]}` stands for the first usable value. `first_of` is deprecated."""


def merged_options(
    suite: Suite,
    section: VariantSection,
    fields: Collection[str],
    old_names: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The options that a suite gives to a variant whose method accepts `fields`.

    A variant's own options override the shared ones, key by key, also in nested
    mappings. `old_names` are names of options by old spellings, which override, and are
    overridden, like the names.
    """
    shared = {key: value for key, value in suite.options.items() if key in fields}
    old = old_names or {}
    return _merge(_renamed(shared, old), _renamed(section.options, old))


def options_on_engine(
    options: Mapping[str, Any], own: Mapping[str, Any], old_names: Mapping[str, str]
) -> dict[str, Any]:
    """The options of a variant on an engine, for which it has its `own` ones."""
    return _merge(options, _renamed(own, old_names))


def _renamed(options: Mapping[str, Any], old: Mapping[str, str]) -> dict[str, Any]:
    """Options by their present names; one that is given twice is left as it is."""
    return {
        key if old.get(key, key) in options else old[key]: value
        for key, value in options.items()
    }


def _merge(shared: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Lists and fallbacks are replaced as a whole."""
    merged = {**shared, **own}
    for key in shared.keys() & own.keys():
        both = shared[key], own[key]
        if all(isinstance(v, dict) and not _names_fallbacks(v) for v in both):
            merged[key] = _merge(*both)
    return merged


def _names_fallbacks(value: Mapping[str, Any]) -> bool:
    return any(spelling in value for spelling in _SPELLINGS)


def _fallbacks(value: Any) -> Any:
    """What `{fallbacks: …}` holds; None if `value` is anything else."""
    if isinstance(value, dict) and len(value) == 1 and _names_fallbacks(value):
        (candidates,) = value.values()
        # A null is refused like an empty list.
        return [] if candidates is None else candidates
    return None


def has_valid_fallbacks(value: Any) -> bool:
    """False if fallbacks, at any depth, are not a list with at least one item."""
    candidates = _fallbacks(value)
    if candidates is not None:
        return isinstance(candidates, list) and bool(candidates)
    return not isinstance(value, dict) or all(map(has_valid_fallbacks, value.values()))


def expand_fallbacks(options: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Options with each candidate in place of `{fallbacks: […]}`, preferred ones first.

    Fallbacks may stand for any value, also in nested options.
    """
    for key, value in options.items():
        candidates: Iterable[Any] | None = _fallbacks(value)
        if candidates is None and _contains_fallbacks(value):
            candidates = expand_fallbacks(value)
        if candidates is not None:
            for candidate in candidates:
                yield from expand_fallbacks({**options, key: candidate})
            return
    yield dict(options)


def _contains_fallbacks(value: Any) -> bool:
    """Whether a value inside a mapping, at any depth, has fallbacks."""
    return isinstance(value, dict) and any(
        _fallbacks(inner) is not None or _contains_fallbacks(inner)
        for inner in value.values()
    )
