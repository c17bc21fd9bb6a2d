"""Avatar specs and batches of avatar vectors: the ground floor; imports nothing of ours."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

NONE = "none"

Record = dict[str, float | str]


class AvatarError(ValueError):
    """A spec or an avatar vector breaks its contract; the message names the parameter."""


@dataclass(frozen=True)
class Condition:
    """A parameter is active only while `parameter` holds one of `options`."""

    parameter: str
    options: tuple[str, ...]


@dataclass(frozen=True)
class Continuous:
    """A scalar parameter in [0, 1]; `group` names the blend it is a weight of, if any."""

    name: str
    component: str
    group: str | None = None
    default: float = 0.5
    active_when: Condition | None = None


@dataclass(frozen=True)
class Discrete:
    """A parameter with named options; an optional one lists `none` among them.

    `colours` gives one `#rrggbb` swatch an option where the parameter is a colour,
    and is empty where it is a shape.
    """

    name: str
    component: str
    options: tuple[str, ...]
    optional: bool = False
    colours: tuple[str, ...] = ()
    active_when: Condition | None = None

    @property
    def kind(self) -> Literal["shape", "colour"]:
        """Whether the options are colours or shapes."""
        return "colour" if self.colours else "shape"

    def index(self, option: str) -> int:
        """Position of `option`; raises AvatarError with the nearest names."""
        if option not in self.options:
            raise AvatarError(
                f"{self.name}: unknown option {option!r}"
                f"{_nearest(option, self.options)}; the options are "
                f"{', '.join(self.options)}"
            )
        return self.options.index(option)


Parameter = Continuous | Discrete


@dataclass(frozen=True)
class AvatarSpec:
    """The parameters of an engine, in the order in which vectors hold them."""

    name: str
    parameters: tuple[Parameter, ...]

    def __post_init__(self) -> None:
        names = [p.name for p in self.parameters]
        if not names:
            raise AvatarError(f"spec {self.name}: has no parameters")
        for name in names:
            if names.count(name) > 1:
                raise AvatarError(f"spec {self.name}: {name} is listed twice")
        for parameter in self.parameters:
            self._check(parameter)

    def _check(self, parameter: Parameter) -> None:
        where = f"spec {self.name}: {parameter.name}"
        if isinstance(parameter, Discrete):
            _check_options(where, parameter)
        elif not 0 <= parameter.default <= 1:
            raise AvatarError(f"{where}: default must lie in [0, 1]")
        condition = parameter.active_when
        if condition is None:
            return
        owner = {d.name: d for d in self.discrete}.get(condition.parameter)
        if owner is None or owner.name == parameter.name:
            raise AvatarError(
                f"{where}: active_when names {condition.parameter!r}, "
                "which is not another discrete parameter"
            )
        if owner.active_when is not None:
            raise AvatarError(
                f"{where}: active_when names {owner.name}, which is itself conditional"
            )
        for option in condition.options:
            owner.index(option)

    @cached_property
    def continuous(self) -> tuple[Continuous, ...]:
        """The continuous parameters in order (C of them)."""
        return tuple(p for p in self.parameters if isinstance(p, Continuous))

    @cached_property
    def discrete(self) -> tuple[Discrete, ...]:
        """The discrete parameters in order (D of them)."""
        return tuple(p for p in self.parameters if isinstance(p, Discrete))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every parameter's name, in the order of `parameters`."""
        return tuple(p.name for p in self.parameters)

    def __getitem__(self, name: str) -> Parameter:
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        raise AvatarError(
            f"{name}: engine {self.name} has no such parameter"
            f"{_nearest(name, self.names)}"
        )

    @cached_property
    def flat_size(self) -> int:
        """Width of the flat form: C scalars, then one one-hot block per discrete."""
        return len(self.continuous) + sum(len(d.options) for d in self.discrete)

    @cached_property
    def flat_slices(self) -> dict[str, slice]:
        """Where each parameter lies in the flat form."""
        slices: dict[str, slice] = {}
        start = 0
        for scalar in self.continuous:
            slices[scalar.name] = slice(start, start + 1)
            start += 1
        for choice in self.discrete:
            slices[choice.name] = slice(start, start + len(choice.options))
            start += len(choice.options)
        return slices

    def to_json(self) -> dict[str, Any]:
        """A JSON-able form from which `from_json` makes an equal spec."""
        return {
            "name": self.name,
            "parameters": [
                {"type": type(p).__name__.lower(), **asdict(p)} for p in self.parameters
            ],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> AvatarSpec:
        """Read what `to_json` wrote; raises AvatarError where the data is no spec."""
        try:
            return cls(data["name"], tuple(_parameter(p) for p in data["parameters"]))
        except (KeyError, TypeError) as error:
            raise AvatarError(f"not an avatar spec: {error}") from error

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of the spec's canonical JSON."""
        text = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class ActiveMask:
    """Which values of a batch mean anything: bool (n, C) and bool (n, D)."""

    continuous: NDArray[np.bool_]
    discrete: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class AvatarVectors:
    """A batch of n avatar vectors of one spec.

    continuous: (n, C) float32 in [0, 1]; discrete: (n, D) int64 option indices.
    Anything else raises AvatarError naming the parameter.
    """

    spec: AvatarSpec
    continuous: NDArray[np.float32] = field(repr=False)
    discrete: NDArray[np.int64] = field(repr=False)

    def __post_init__(self) -> None:
        continuous = _as_block(self.continuous, len(self.spec.continuous), np.float32)
        discrete = _as_block(self.discrete, len(self.spec.discrete), np.int64)
        if len(continuous) != len(discrete):
            raise AvatarError(
                f"{self.spec.name}: {len(continuous)} rows of continuous values but "
                f"{len(discrete)} of discrete ones"
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
        """The chosen rows as a batch (an int gives a batch of one)."""
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
    def sample(cls, spec: AvatarSpec, count: int, seed: int) -> AvatarVectors:
        """`count` vectors, uniform over every range and option; the same for a seed."""
        rng = np.random.default_rng(seed)
        continuous = rng.random((count, len(spec.continuous)), dtype=np.float32)
        columns = [rng.integers(len(d.options), size=count) for d in spec.discrete]
        discrete = np.stack(columns, axis=1) if columns else np.zeros((count, 0))
        return cls(spec, continuous, discrete.astype(np.int64))

    @classmethod
    def defaults(cls, spec: AvatarSpec, count: int = 1) -> AvatarVectors:
        """`count` copies of the spec's default avatar (first option of each discrete)."""
        row = np.array([[c.default for c in spec.continuous]], dtype=np.float32)
        row = row.reshape(1, len(spec.continuous))
        zeros = np.zeros((count, len(spec.discrete)), dtype=np.int64)
        return cls(spec, np.repeat(row, count, axis=0), zeros)

    @classmethod
    def concatenate(cls, batches: Iterable[AvatarVectors]) -> AvatarVectors:
        """Batches of one spec, one after the other; raises AvatarError if none or mixed."""
        parts = list(batches)
        if not parts or any(p.spec != parts[0].spec for p in parts):
            raise AvatarError("concatenate: needs one or more batches of one spec")
        return cls(
            parts[0].spec,
            np.concatenate([p.continuous for p in parts]),
            np.concatenate([p.discrete for p in parts]),
        )

    def with_value(self, name: str, value: float | str) -> AvatarVectors:
        """A copy in which every row has `value` (a scalar or an option name) for `name`."""
        parameter = self.spec[name]
        continuous, discrete = self.continuous.copy(), self.discrete.copy()
        if isinstance(parameter, Continuous):
            column = self.spec.continuous.index(parameter)
            continuous[:, column] = _scalar(parameter, value)
        else:
            column = self.spec.discrete.index(parameter)
            discrete[:, column] = _choice(parameter, value)
        return AvatarVectors(self.spec, continuous, discrete)

    def column(self, name: str) -> NDArray[Any]:
        """The (n,) values of a parameter: float32 scalars or int64 option indices."""
        parameter = self.spec[name]
        if isinstance(parameter, Continuous):
            return self.continuous[:, self.spec.continuous.index(parameter)]
        return self.discrete[:, self.spec.discrete.index(parameter)]

    def active(self) -> ActiveMask:
        """Which values are active under each parameter's `active_when`."""
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
        """(n, spec.flat_size) float32: the scalars, then a one-hot block per discrete."""
        blocks = [self.continuous]
        for column, choice in enumerate(self.spec.discrete):
            blocks.append(
                np.eye(len(choice.options), dtype=np.float32)[self.discrete[:, column]]
            )
        return np.concatenate(blocks, axis=1)

    @classmethod
    def from_flat(cls, spec: AvatarSpec, flat: NDArray[Any]) -> AvatarVectors:
        """Nearest vectors to (n, flat_size) scores: scalars clipped, blocks by argmax."""
        flat = np.asarray(flat)
        if flat.ndim != 2 or flat.shape[1] != spec.flat_size:
            raise AvatarError(
                f"{spec.name}: flat form must be (n, {spec.flat_size}), got {flat.shape}"
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
        """One JSON-able dict a vector, by parameter and option names."""
        return [
            {p.name: self._value(p, row) for p in self.spec.parameters}
            for row in range(len(self))
        ]

    def _value(self, parameter: Parameter, row: int) -> float | str:
        value = self.column(parameter.name)[row]
        if isinstance(parameter, Continuous):
            return float(str(value))
        return parameter.options[int(value)]

    @classmethod
    def from_records(
        cls, spec: AvatarSpec, records: Iterable[Mapping[str, Any]]
    ) -> AvatarVectors:
        """Read dicts by parameter and option names.

        An inactive parameter may be left out (or empty); it then takes its default. A
        missing active one, an unknown name and a bad value raise AvatarError.
        """
        rows = [_row(spec, record) for record in records]
        continuous = np.array([r[0] for r in rows], dtype=np.float32)
        discrete = np.array([r[1] for r in rows], dtype=np.int64)
        return cls(
            spec,
            continuous.reshape(len(rows), len(spec.continuous)),
            discrete.reshape(len(rows), len(spec.discrete)),
        )


def _nearest(name: str, names: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(names), n=3)
    return f" (did you mean {' or '.join(close)}?)" if close else ""


def _check_options(where: str, parameter: Discrete) -> None:
    options = parameter.options
    if len(options) < 2 or len(set(options)) != len(options):
        raise AvatarError(f"{where}: needs two or more different options")
    if parameter.optional != (NONE in options):
        raise AvatarError(
            f"{where}: optional parameters, and only those, list {NONE!r}"
        )
    if parameter.colours and len(parameter.colours) != len(options):
        raise AvatarError(f"{where}: needs one colour an option")


def _parameter(data: Mapping[str, Any]) -> Parameter:
    fields = dict(data)
    kind = fields.pop("type")
    condition = fields.get("active_when")
    if condition is not None:
        fields["active_when"] = Condition(
            condition["parameter"], tuple(condition["options"])
        )
    if kind == "continuous":
        return Continuous(**fields)
    if kind != "discrete":
        raise AvatarError(f"not an avatar spec: unknown parameter type {kind!r}")
    fields["options"] = tuple(fields["options"])
    fields["colours"] = tuple(fields.get("colours", ()))
    return Discrete(**fields)


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
                f"{len(choice.options)} options"
            )


def _scalar(parameter: Continuous, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if isinstance(value, bool) or not 0 <= number <= 1:
        raise AvatarError(f"{parameter.name}: {value!r} is not a number in [0, 1]")
    return number


def _choice(parameter: Discrete, value: Any) -> int:
    if not isinstance(value, str):
        raise AvatarError(f"{parameter.name}: {value!r} is not an option name")
    return parameter.index(value)


def _is_absent(value: Any) -> bool:
    return (
        value is None or value == "" or (isinstance(value, float) and np.isnan(value))
    )


def _row(spec: AvatarSpec, record: Mapping[str, Any]) -> tuple[list[float], list[int]]:
    for name in record:
        spec[name]
    given = {name: value for name, value in record.items() if not _is_absent(value)}
    continuous = [
        _scalar(c, given[c.name])
        if c.name in given
        else _absent(spec, c, given, c.default)
        for c in spec.continuous
    ]
    discrete = [
        _choice(d, given[d.name]) if d.name in given else _absent(spec, d, given, 0)
        for d in spec.discrete
    ]
    return continuous, discrete


def _absent(
    spec: AvatarSpec, parameter: Parameter, given: Mapping[str, Any], default: Any
) -> Any:
    condition = parameter.active_when
    inactive = (
        condition is not None
        and given.get(condition.parameter) not in condition.options
    )
    if inactive:
        return default
    raise AvatarError(f"{parameter.name}: missing, and engine {spec.name} needs it")
