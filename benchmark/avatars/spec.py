"""Avatar specs: the parameters of an engine."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal

NONE = "none"
HAIR = "hair"
"""Component of the hair, whose option `none` is a bald head."""


class AvatarError(ValueError):
    """A spec or vector is invalid; the message names the parameter."""


@dataclass(frozen=True)
class Condition:
    """Restricts a parameter to avatars whose `parameter` has one of `options`."""

    parameter: str
    options: tuple[str, ...]


@dataclass(frozen=True)
class Continuous:
    """A scalar parameter in [0, 1]; `group` names the blend that it is a weight of."""

    name: str
    component: str
    group: str | None = None
    default: float = 0.5
    active_when: Condition | None = None


@dataclass(frozen=True)
class Discrete:
    """A parameter with named options; an optional one has the option `none`.

    `colours` holds one `#rrggbb` swatch per option if the parameter is a colour, and is
    empty if it is a shape.
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

    @property
    def often_absent(self) -> bool:
        """Whether most people lack the part, such as glasses; few people lack hair."""
        return self.optional and self.component != HAIR

    def index(self, option: str) -> int:
        """Index of `option`; AvatarError suggests similar names."""
        if option not in self.options:
            raise AvatarError(
                f"{self.name}: unknown option {option!r}"
                f"{did_you_mean(option, self.options)}; the options are "
                f"{', '.join(self.options)}"
            )
        return self.options.index(option)


Parameter = Continuous | Discrete


@dataclass(frozen=True)
class AvatarSpec:
    """The parameters of an engine, in the order of the avatar vectors' columns."""

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
            raise AvatarError(f"{where}: default must be in [0, 1]")
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
        """The C continuous parameters in order."""
        return tuple(p for p in self.parameters if isinstance(p, Continuous))

    @cached_property
    def discrete(self) -> tuple[Discrete, ...]:
        """The D discrete parameters in order."""
        return tuple(p for p in self.parameters if isinstance(p, Discrete))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of all parameters, in order."""
        return tuple(p.name for p in self.parameters)

    def __getitem__(self, name: str) -> Parameter:
        parameter = self._by_name.get(name)
        if parameter is None:
            raise AvatarError(
                f"{name}: engine {self.name} has no such parameter"
                f"{did_you_mean(name, self.names)}"
            )
        return parameter

    @cached_property
    def _by_name(self) -> dict[str, Parameter]:
        return {parameter.name: parameter for parameter in self.parameters}

    @cached_property
    def columns(self) -> dict[str, int]:
        """Column of each parameter within its block, continuous or discrete."""
        blocks = (self.continuous, self.discrete)
        return {p.name: column for block in blocks for column, p in enumerate(block)}

    @cached_property
    def flat_size(self) -> int:
        """Width of the flat form: C scalars, then one one-hot block per discrete."""
        return len(self.continuous) + sum(len(d.options) for d in self.discrete)

    @cached_property
    def flat_slices(self) -> dict[str, slice]:
        """Columns of each parameter in the flat form."""
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
        """JSON-able data; `from_json` turns it back into an equal spec."""
        return {
            "name": self.name,
            "parameters": [
                {"type": type(p).__name__.lower(), **asdict(p)} for p in self.parameters
            ],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> AvatarSpec:
        """Inverse of `to_json`; raises AvatarError for other data."""
        try:
            return cls(data["name"], tuple(_parameter(p) for p in data["parameters"]))
        except (KeyError, TypeError) as error:
            raise AvatarError(f"not an avatar spec: {error}") from error

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of the spec's canonical JSON."""
        text = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """` (did you mean X?)` for error messages, or "" if no name is similar."""
    close = difflib.get_close_matches(name, list(names), n=3)
    return f" (did you mean {' or '.join(close)}?)" if close else ""


def _check_options(where: str, parameter: Discrete) -> None:
    options = parameter.options
    if len(options) < 2 or len(set(options)) != len(options):
        raise AvatarError(f"{where}: needs at least two different options")
    if parameter.optional != (NONE in options):
        raise AvatarError(
            f"{where}: optional parameters, and no others, have the option {NONE!r}"
        )
    if parameter.colours and len(parameter.colours) != len(options):
        raise AvatarError(f"{where}: needs one colour per option")


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
