"""Avatar vectors: batches of parameter values of one spec."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars.counting import counted
from benchmark.avatars.records import blocks_of, index_of, scalar_of
from benchmark.avatars.spec import (
    NONE,
    AvatarError,
    AvatarSpec,
    Continuous,
    Discrete,
    Parameter,
)

Record = dict[str, float | str]


@dataclass(frozen=True)
class ActiveMask:
    """Which values of a batch have an effect: bool (n, C) and bool (n, D)."""

    continuous: NDArray[np.bool_]
    discrete: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class AvatarVectors:
    """A batch of n avatar vectors of one spec; its arrays are read-only copies.

    Invalid values raise AvatarError, which names the parameter.

    Attributes:
        spec: of the engine.
        continuous: (n, C) float32 in [0, 1].
        discrete: (n, D) int64 option indices.
    """

    spec: AvatarSpec
    continuous: NDArray[np.float32] = field(repr=False)
    discrete: NDArray[np.int64] = field(repr=False)

    def __post_init__(self) -> None:
        continuous = _as_block(self.continuous, len(self.spec.continuous), np.float32)
        discrete = _as_block(self.discrete, len(self.spec.discrete), np.int64)
        if len(continuous) != len(discrete):
            raise AvatarError(
                f"{self.spec.name}: {counted(len(continuous), 'row')} of continuous "
                f"values but {len(discrete)} of discrete ones"
            )
        _check_scalars(self.spec, continuous)
        _check_choices(self.spec, discrete)
        for block in (continuous, discrete):
            block.setflags(write=False)
        object.__setattr__(self, "continuous", continuous)
        object.__setattr__(self, "discrete", discrete)

    def __len__(self) -> int:
        return len(self.continuous)

    def __getitem__(
        self, rows: int | slice | Sequence[int] | NDArray[Any]
    ) -> AvatarVectors:
        """The selected rows as a batch; an int gives a batch of one."""
        if isinstance(rows, (int, np.integer)):
            rows = [int(rows)]
        return AvatarVectors(self.spec, self.continuous[rows], self.discrete[rows])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AvatarVectors):
            return NotImplemented
        return (
            self.spec == other.spec
            and np.array_equal(self.continuous, other.continuous)
            and np.array_equal(self.discrete, other.discrete)
        )

    __hash__ = None  # type: ignore[assignment]

    @classmethod
    def sample(
        cls, spec: AvatarSpec, count: int, seed: int, absent: float | None = None
    ) -> AvatarVectors:
        """Draw `count` vectors uniformly over all ranges and options.

        With `absent` in [0, 1], a parameter that is `often_absent` is `none` with that
        probability and otherwise uniform over its other options.
        """
        rng = np.random.default_rng(seed)
        continuous = rng.random((count, len(spec.continuous)), dtype=np.float32)
        columns = [rng.integers(len(d.options), size=count) for d in spec.discrete]
        if absent is not None:
            columns = [
                _resample_often_absent(rng, d, column, absent)
                for d, column in zip(spec.discrete, columns, strict=True)
            ]
        discrete = np.stack(columns, axis=1) if columns else np.zeros((count, 0))
        return cls(spec, continuous, discrete.astype(np.int64))

    @classmethod
    def defaults(cls, spec: AvatarSpec, count: int = 1) -> AvatarVectors:
        """`count` copies of the default avatar: default scalars and first options."""
        row = np.array([[c.default for c in spec.continuous]], dtype=np.float32)
        row = row.reshape(1, len(spec.continuous))
        zeros = np.zeros((count, len(spec.discrete)), dtype=np.int64)
        return cls(spec, np.repeat(row, count, axis=0), zeros)

    @classmethod
    def concatenate(cls, batches: Iterable[AvatarVectors]) -> AvatarVectors:
        """Concatenate batches; AvatarError if there are none or their specs differ."""
        parts = list(batches)
        if not parts or any(p.spec != parts[0].spec for p in parts):
            raise AvatarError("concatenate: needs one or more batches of one spec")
        return cls(
            parts[0].spec,
            np.concatenate([p.continuous for p in parts]),
            np.concatenate([p.discrete for p in parts]),
        )

    def with_value(self, name: str, value: float | str) -> AvatarVectors:
        """A copy in which every row has `value` (scalar or option) for `name`."""
        parameter = self.spec[name]
        continuous, discrete = self.continuous.copy(), self.discrete.copy()
        column = self.spec.columns[name]
        if isinstance(parameter, Continuous):
            continuous[:, column] = scalar_of(parameter, value)
        else:
            discrete[:, column] = index_of(parameter, value)
        return AvatarVectors(self.spec, continuous, discrete)

    def column(self, name: str) -> NDArray[Any]:
        """(n,) values of a parameter: float32 scalars or int64 option indices."""
        scalar = isinstance(self.spec[name], Continuous)
        block = self.continuous if scalar else self.discrete
        return block[:, self.spec.columns[name]]

    def active(self) -> ActiveMask:
        """Which values are active, by each parameter's `active_when`."""
        return ActiveMask(
            self._active_columns(self.spec.continuous),
            self._active_columns(self.spec.discrete),
        )

    def _active_columns(self, parameters: Sequence[Parameter]) -> NDArray[np.bool_]:
        mask = np.ones((len(self), len(parameters)), dtype=bool)
        for column, parameter in enumerate(parameters):
            condition = parameter.active_when
            if condition is not None:
                owner = self.spec[condition.parameter]
                assert isinstance(owner, Discrete)
                allowed = [owner.index(option) for option in condition.options]
                mask[:, column] = np.isin(self.column(owner.name), allowed)
        return mask

    def flat(self) -> NDArray[np.float32]:
        """(n, spec.flat_size) float32: scalars, then one one-hot block per discrete."""
        blocks = [self.continuous]
        for column, choice in enumerate(self.spec.discrete):
            blocks.append(
                np.eye(len(choice.options), dtype=np.float32)[self.discrete[:, column]]
            )
        return np.concatenate(blocks, axis=1)

    @classmethod
    def from_flat(cls, spec: AvatarSpec, flat: NDArray[Any]) -> AvatarVectors:
        """Vectors of (n, flat_size) scores: scalars are clipped, blocks use argmax."""
        flat = np.asarray(flat)
        if flat.ndim != 2 or flat.shape[1] != spec.flat_size:
            raise AvatarError(
                f"{spec.name}: flat form must be (n, {spec.flat_size}), "
                f"got {flat.shape}"
            )
        if not np.isfinite(flat).all():
            raise AvatarError(
                f"{spec.name}: flat form holds values that are not finite"
            )
        continuous = np.clip(flat[:, : len(spec.continuous)], 0, 1).astype(np.float32)
        columns = [
            flat[:, spec.flat_slices[d.name]].argmax(axis=1) for d in spec.discrete
        ]
        discrete = np.stack(columns, axis=1) if columns else np.zeros((len(flat), 0))
        return cls(spec, continuous, discrete.astype(np.int64))

    def to_records(self) -> list[Record]:
        """One JSON-able dict per vector, of parameter and option names."""
        names = self.spec.names
        columns = [self._values(parameter) for parameter in self.spec.parameters]
        return [
            dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)
        ]

    def _values(self, parameter: Parameter) -> list[float] | list[str]:
        """Values of a parameter; scalars in the shortest form that float32 allows."""
        column = self.column(parameter.name)
        if isinstance(parameter, Continuous):
            return [float(str(value)) for value in column]
        return [parameter.options[index] for index in column]

    @classmethod
    def from_records(
        cls, spec: AvatarSpec, records: Iterable[Mapping[str, Any]]
    ) -> AvatarVectors:
        """Inverse of `to_records`.

        An inactive parameter may be missing or empty and then takes its default. A
        missing active parameter, an unknown name or an invalid value raises
        AvatarError.
        """
        return cls(spec, *blocks_of(spec, list(records)))


def _as_block(values: Any, width: int, dtype: type) -> NDArray[Any]:
    array = np.asarray(values)
    if array.ndim != 2 or array.shape[1] != width:
        raise AvatarError(f"expected an array of shape (n, {width}), got {array.shape}")
    integers = np.issubdtype(array.dtype, np.integer)
    if dtype is np.int64 and not integers and array.size:
        raise AvatarError(f"option indices must be integers, got {array.dtype}")
    return np.array(array, dtype=dtype, order="C")


def _check_scalars(spec: AvatarSpec, continuous: NDArray[np.float32]) -> None:
    bad = ~(np.isfinite(continuous) & (continuous >= 0) & (continuous <= 1))
    if bad.any():
        row, column = np.argwhere(bad)[0]
        name = spec.continuous[column].name
        raise AvatarError(
            f"{name}: {continuous[row, column]} in row {row} is outside [0, 1]"
        )


def _check_choices(spec: AvatarSpec, discrete: NDArray[np.int64]) -> None:
    for column, choice in enumerate(spec.discrete):
        values = discrete[:, column]
        bad = (values < 0) | (values >= len(choice.options))
        if bad.any():
            row = int(np.argmax(bad))
            raise AvatarError(
                f"{choice.name}: index {values[row]} in row {row} is not one of its "
                f"{counted(len(choice.options), 'option')}"
            )


def _resample_often_absent(
    rng: np.random.Generator,
    parameter: Discrete,
    column: NDArray[np.int64],
    absent: float,
) -> NDArray[np.int64]:
    """Draw a column again, `none` with probability `absent`, if it is often absent."""
    if not parameter.often_absent:
        return column
    none = parameter.index(NONE)
    others = np.array([k for k in range(len(parameter.options)) if k != none])
    chosen = others[rng.integers(len(others), size=len(column))]
    return np.where(rng.random(len(column)) < absent, none, chosen)
