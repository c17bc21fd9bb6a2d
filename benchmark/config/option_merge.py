"""The options of a variant: shared ones, its own, and lists of candidates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from benchmark.config.schema import VariantSection
from benchmark.config.suite import Suite

FIRST_OF = "first_of"


def wanted_options(
    suite: Suite, section: VariantSection, fields: Mapping[str, Any]
) -> dict[str, Any]:
    """What the suite asks of a variant whose method has options of these names.

    A variant's own options come before the shared ones, key by key in nested ones too.
    """
    shared = {key: value for key, value in suite.options.items() if key in fields}
    return _over(shared, section.options)


def _over(shared: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """`own` laid over `shared`; lists, and lists of candidates, are replaced whole."""
    merged = {**shared, **own}
    for key in shared.keys() & own.keys():
        both = shared[key], own[key]
        if all(isinstance(each, dict) and FIRST_OF not in each for each in both):
            merged[key] = _over(*both)
    return merged


def may_choose(value: Any) -> bool:
    """False where a `first_of`, here or further in, names no candidates."""
    if not isinstance(value, dict):
        return True
    if set(value) != {FIRST_OF}:
        return all(map(may_choose, value.values()))
    return isinstance(value[FIRST_OF], list) and bool(value[FIRST_OF])


def choices(options: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Options with `{first_of: […]}` replaced by each candidate in turn, best first.

    It may stand for any value, also of options within options.
    """
    for key, value in options.items():
        if not isinstance(value, dict):
            continue
        if set(value) == {FIRST_OF}:
            candidates: Iterable[Any] = value[FIRST_OF]
        elif _chooses(value):
            candidates = choices(value)
        else:
            continue
        for candidate in candidates:
            yield from choices({**options, key: candidate})
        return
    yield dict(options)


def _chooses(options: Mapping[str, Any]) -> bool:
    """Whether a list of candidates is the value of anything in these options."""
    return any(
        isinstance(value, dict) and (set(value) == {FIRST_OF} or _chooses(value))
        for value in options.values()
    )
