"""How far the two designers agree, parameter by parameter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from benchmark.avatars import AvatarSpec, Continuous
from benchmark.faces.portraits.designer.truths import (
    DESIGNERS,
    ENGINES,
    engine_spec,
    split_attributes,
    truth,
)


@dataclass(frozen=True)
class Agreement:
    """One parameter's agreement over `count` people for whom both have it active.

    `value` is Pearson's correlation of scalars, or the share of equal options.
    """

    parameter: str
    kind: Literal["correlation", "share equal"]
    value: float
    count: int


def agreement(
    engine: str, spec: AvatarSpec, attributes: Sequence[Mapping[str, Any]]
) -> list[Agreement]:
    """The designers' agreement on every parameter of an engine, in the spec's order."""
    one, other = (truth(engine, spec, name, attributes) for name in DESIGNERS)
    one_active, other_active = one.active(), other.active()
    figures = []
    for parameter in spec.parameters:
        mine, theirs = one.column(parameter.name), other.column(parameter.name)
        if isinstance(parameter, Continuous):
            value = float(np.corrcoef(mine, theirs)[0, 1])
            figures.append(Agreement(parameter.name, "correlation", value, len(one)))
            continue
        at = spec.discrete.index(parameter)
        both = one_active.discrete[:, at] & other_active.discrete[:, at]
        value = float((mine == theirs)[both].mean()) if both.any() else float("nan")
        figures.append(Agreement(parameter.name, "share equal", value, int(both.sum())))
    return figures


def agreement_markdown(folder: Path, split: str = "validation") -> str:
    """A Markdown table of the agreement on a split of a packed face set."""
    _, attributes = split_attributes(folder, split)
    lines = ["| engine | parameter | n | agreement |", "|---|---|---:|---:|"]
    for engine in ENGINES:
        for figure in agreement(engine, engine_spec(engine), attributes):
            sign = "r = " if figure.kind == "correlation" else ""
            lines.append(
                f"| {engine} | {figure.parameter} | {figure.count} | "
                f"{sign}{figure.value:.2f} |"
            )
    return "\n".join(lines)
