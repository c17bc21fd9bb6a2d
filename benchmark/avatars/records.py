"""Reads avatar vectors from records of parameter and option names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars.spec import (
    AvatarError,
    AvatarSpec,
    Continuous,
    Discrete,
    Parameter,
)

Blocks = tuple[NDArray[np.float32], NDArray[np.int64]]


def blocks_of(spec: AvatarSpec, records: Sequence[Mapping[str, Any]]) -> Blocks:
    """(n, C) values and (n, D) option indices of n records.

    An inactive parameter may be missing or empty and then takes its default. A missing
    active parameter, an unknown name or an invalid value raises AvatarError.
    """
    columns = _complete_columns(spec, records)
    if columns is None:
        rows = [_row(spec, record) for record in records]
        columns = [r[0] for r in rows], [r[1] for r in rows]
    continuous = np.array(columns[0], dtype=np.float32)
    discrete = np.array(columns[1], dtype=np.int64)
    return (
        continuous.reshape(len(records), len(spec.continuous)),
        discrete.reshape(len(records), len(spec.discrete)),
    )


def _complete_columns(
    spec: AvatarSpec, records: Sequence[Mapping[str, Any]]
) -> tuple[Any, Any] | None:
    """Values and indices of records that give every parameter; None for others.

    Faster than `_row`: a report reads up to a hundred thousand records.
    """
    names = set(spec.names)
    if not records or any(record.keys() != names for record in records):
        return None
    continuous = [[record[c.name] for record in records] for c in spec.continuous]
    if any(type(value) is not float for column in continuous for value in column):
        return None
    values = np.array(continuous, dtype=np.float64).reshape(-1, len(records)).T
    if not ((values >= 0) & (values <= 1)).all():
        return None
    try:
        discrete = [_indices(choice, records) for choice in spec.discrete]
    except (KeyError, TypeError):
        return None
    return values, np.array(discrete, dtype=np.int64).reshape(-1, len(records)).T


def _indices(parameter: Discrete, records: Sequence[Mapping[str, Any]]) -> list[int]:
    places = {option: index for index, option in enumerate(parameter.options)}
    return [places[record[parameter.name]] for record in records]


def scalar_of(parameter: Continuous, value: Any) -> float:
    """A value in [0, 1]; AvatarError for anything else."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if isinstance(value, bool) or not 0 <= number <= 1:
        raise AvatarError(f"{parameter.name}: {value!r} is not a number in [0, 1]")
    return number


def index_of(parameter: Discrete, value: Any) -> int:
    """The index of an option; AvatarError for anything but its name."""
    if not isinstance(value, str):
        raise AvatarError(f"{parameter.name}: {value!r} is not an option name")
    return parameter.index(value)


def _is_empty(value: Any) -> bool:
    return (
        value is None or value == "" or (isinstance(value, float) and np.isnan(value))
    )


def _row(spec: AvatarSpec, record: Mapping[str, Any]) -> tuple[list[float], list[int]]:
    for name in record:
        spec[name]
    given = {name: value for name, value in record.items() if not _is_empty(value)}
    continuous = [
        scalar_of(c, given[c.name])
        if c.name in given
        else _inactive_default(spec, c, given, c.default)
        for c in spec.continuous
    ]
    discrete = [
        index_of(d, given[d.name])
        if d.name in given
        else _inactive_default(spec, d, given, 0)
        for d in spec.discrete
    ]
    return continuous, discrete


def _inactive_default(
    spec: AvatarSpec, parameter: Parameter, given: Mapping[str, Any], default: Any
) -> Any:
    condition = parameter.active_when
    inactive = (
        condition is not None
        and given.get(condition.parameter) not in condition.options
    )
    if inactive:
        return default
    raise AvatarError(f"{parameter.name}: missing; engine {spec.name} requires it")
