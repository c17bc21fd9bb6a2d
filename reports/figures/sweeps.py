"""Sweep figures of an ablation: the main metric over one option of the method."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from reports.figures.palette import COLOURS
from reports.figures.scores import INTERVAL, RC, STYLES, Drawing, axis_label
from reports.tables import wording
from reports.tables.ablation import headline_key
from reports.tables.estimates import estimate
from reports.tables.scores import main_metric
from reports.trials import ReportedVariant, Run

LOGARITHMIC_FROM = 8
"""Ratio of the largest to the smallest value from which the axis is logarithmic."""


@dataclass(frozen=True)
class Sweep:
    """Variants that differ in one number; `option` is its dotted path.

    `points` hold the number and its variant, ascending.
    """

    option: str
    points: tuple[tuple[float, ReportedVariant], ...]


def sweeps(run: Run) -> list[Sweep]:
    """Each option that is the only difference of two or more variants to the last step.

    Only variants beyond the last step count. The last step is a point too if its own
    value is a number.
    """
    if run.ablation is None:
        return []
    whole = run.ablation.steps[-1]
    base = dict(_options(run, whole))
    found: dict[str, list[tuple[float, ReportedVariant]]] = {}
    for variant in run.ablation.beyond:
        own = dict(_options(run, variant))
        changed = [k for k in base.keys() | own.keys() if base.get(k) != own.get(k)]
        if len(changed) == 1 and _is_number(own.get(changed[0])):
            found.setdefault(changed[0], []).append((own[changed[0]], variant))
    for option, points in found.items():
        if _is_number(base.get(option)):
            points.append((base[option], whole))
    return [
        Sweep(option, tuple(sorted(points, key=lambda point: point[0])))
        for option, points in sorted(found.items())
        if sum(variant is not whole for _, variant in points) > 1
    ]


def _options(run: Run, variant: ReportedVariant) -> Iterator[tuple[str, Any]]:
    resolved = run.resolved["variants"][variant.name]
    yield "method", resolved["method"]
    yield from _flatten(resolved["options"])


def _flatten(data: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in data.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def draw_sweeps(run: Run) -> list[Drawing]:
    """A figure for each option, a line for each engine, with 95 % intervals."""
    return [_draw(run, sweep) for sweep in sweeps(run)]


def _draw(run: Run, sweep: Sweep) -> Drawing:
    metric, data = main_metric(run), _data(run, sweep)
    with rc_context(RC):
        figure = Figure(figsize=(5.4, 3.4), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        for index, engine in enumerate(run.engines):
            points = data.loc[data["engine"] == engine]
            mean, low, high = (
                points[name].to_numpy(dtype=np.float64) for name in INTERVAL[:3]
            )
            axes.errorbar(
                points["value"],
                mean,
                yerr=np.nan_to_num(np.stack([mean - low, high - mean])),
                label=engine,
                color=COLOURS[index % len(COLOURS)],
                linestyle=STYLES[index % len(STYLES)],
                marker="o",
                markersize=4,
                capsize=3,
            )
        values = [value for value, _ in sweep.points]
        if min(values) > 0 and max(values) / min(values) >= LOGARITHMIC_FROM:
            axes.set_xscale("log")
        axes.set_xticks(values, [f"{value:g}" for value in values])
        axes.minorticks_off()
        axes.set_xlabel(sweep.option)
        axes.set_ylabel(axis_label(metric))
        axes.grid()
        axes.legend(frameon=False)
    split = wording.split_title(run.main_split)
    title = (
        f"{metric['title']} over {sweep.option} on {split} faces, with 95 % intervals"
    )
    name = f"sweep-{sweep.option.replace('.', '-').replace('_', '-')}"
    return Drawing(name, title, _describe(title, data), figure, data)


def _data(run: Run, sweep: Sweep) -> pd.DataFrame:
    metric = main_metric(run)
    rows = [
        {
            "engine": engine,
            "option": sweep.option,
            "value": value,
            "row": variant.title,
            **{name: getattr(found.interval, name) for name in INTERVAL},
        }
        for engine in run.engines
        for value, variant in sweep.points
        if (found := estimate(run, variant.name, metric, headline_key(run, engine)))
        is not None
    ]
    return pd.DataFrame(rows, columns=["engine", "option", "value", "row", *INTERVAL])


def _describe(title: str, data: pd.DataFrame) -> str:
    columns = (data[name] for name in ("engine", "value", "mean"))
    parts = [f"{e}, {v:g}: {mean:.3f}" for e, v, mean in zip(*columns, strict=True)]
    return f"{title}. " + "; ".join(parts) + "."
