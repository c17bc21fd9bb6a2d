"""Agreement of the two designers, per parameter."""

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
    OPTIONAL_ENGINES,
    engine_spec,
    split_attributes,
    truth,
)


@dataclass(frozen=True)
class Agreement:
    """Agreement on one parameter, over the `count` people for whom both have it active.

    `value` is Pearson's correlation for scalars and the share of equal options (0-1)
    for discrete parameters; it is NaN if `count` is 0.
    """

    parameter: str
    kind: Literal["correlation", "share equal"]
    value: float
    count: int


def agreement(
    engine: str, spec: AvatarSpec, attributes: Sequence[Mapping[str, Any]]
) -> list[Agreement]:
    """The designers' agreement on every parameter of an engine, in the spec's order."""
    a, b = (truth(engine, spec, name, attributes) for name in DESIGNERS)
    both_active = a.active().discrete & b.active().discrete
    agreements = []
    for parameter in spec.parameters:
        name = parameter.name
        values_a, values_b = a.column(name), b.column(name)
        if isinstance(parameter, Continuous):
            varies = values_a.std() > 0 and values_b.std() > 0
            value = np.corrcoef(values_a, values_b)[0, 1] if varies else np.nan
            value = float(value)
            agreements.append(Agreement(name, "correlation", value, len(a)))
            continue
        both = both_active[:, spec.discrete.index(parameter)]
        equal = (values_a == values_b)[both]
        value = float(equal.mean()) if both.any() else float("nan")
        agreements.append(Agreement(name, "share equal", value, len(equal)))
    return agreements


def agreement_markdown(folder: Path, split: str = "validation") -> str:
    """A Markdown table of the agreement over a split of a Parquet face set."""
    _, attributes = split_attributes(folder, split)
    lines = ["| engine | parameter | n | agreement |", "|---|---|---:|---:|"]
    for engine in (*ENGINES, *OPTIONAL_ENGINES):
        for row in agreement(engine, engine_spec(engine), attributes):
            value = f"{'r = ' if row.kind == 'correlation' else ''}{row.value:.2f}"
            lines.append(f"| {engine} | {row.parameter} | {row.count} | {value} |")
    return "\n".join(lines)
