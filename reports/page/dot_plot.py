"""Dot-and-interval plots of the first screen: one for each engine.

Positions are percentages of the plot's width, so that the plot fits any screen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from evaluation.statistics import Interval
from reports.figures.palette import css_colour, variant_colours
from reports.tables import wording
from reports.tables.estimates import ScoreKey, estimates
from reports.tables.scores import main_metric
from reports.trials import ReportedVariant, Run

CONSTANT = "constant"
"""The control that is drawn as a line, by the name of its plugin."""
MARGIN = 0.06
"""Empty share of the width on each side."""
TICKS = 4


@dataclass(frozen=True)
class Dot:
    """One row: a mean with its interval, as positions in percent and as text.

    `low` and `high` are None without an interval.
    """

    label: str
    colour: str
    mean: float
    low: float | None
    high: float | None
    text: str
    detail: str


@dataclass(frozen=True)
class Line:
    """A vertical line with a label: a control, the upper bound or a tick."""

    label: str
    colour: str
    at: float

    @property
    def anchor(self) -> str:
        """How the label is aligned, so that it stays inside the plot."""
        return "start" if self.at < 25 else "end" if self.at > 75 else "middle"


@dataclass(frozen=True)
class DotPlot:
    """The plot of one engine; `description` is its text alternative."""

    engine: str
    title: str
    dots: tuple[Dot, ...]
    lines: tuple[Line, ...]
    ticks: tuple[Line, ...]
    description: str


def dot_plots(run: Run) -> list[DotPlot]:
    """A plot of the main metric for each engine that has a score of a method."""
    plots = [_dot_plot(run, main_metric(run), engine) for engine in run.engines]
    return [plot for plot in plots if plot is not None]


def _dot_plot(run: Run, metric: Mapping[str, Any], engine: str) -> DotPlot | None:
    key = ScoreKey(engine, run.main_split, run.designers[0])
    found = {
        name: e.interval
        for name, e in estimates(run, metric, key).items()
        if e is not None and np.isfinite(e.interval.mean)
    }
    sign = 1 if metric["direction"] == "lower" else -1
    methods = sorted(
        (v for v in run.main_variants if v.role == "method" and v.name in found),
        key=lambda v: sign * found[v.name].mean,
    )
    if not methods:
        return None
    references = _references(run, found, sign)
    shown = [found[v.name] for v in methods]
    shown += [found[v.name] for v, _ in references]
    scale = _Scale.over(shown)
    colours = variant_colours(run)
    decimals = wording.decimals_of(metric)
    dots = tuple(
        _dot(v, found[v.name], scale, css_colour(colours[v.name]), decimals)
        for v in methods
    )
    lines = tuple(
        Line(
            f"{label} {wording.format_number(found[v.name].mean, decimals)}",
            css_colour(colours[v.name]),
            scale.at(found[v.name].mean),
        )
        for v, label in references
    )
    better = "lower" if sign > 0 else "higher"
    title = f"{metric['title']} on {engine}, {better} is better"
    return DotPlot(engine, title, dots, lines, scale.ticks(), _describe(dots, lines))


def _references(
    run: Run, found: Mapping[str, Interval], sign: int
) -> list[tuple[ReportedVariant, str]]:
    """The constant control and the best oracle, each with the label of its line."""
    scored = [v for v in run.main_variants if v.name in found]
    constant = [v for v in scored if v.meta["name"] == CONSTANT][:1]
    oracles = [v for v in scored if v.role == "oracle"]
    best = sorted(oracles, key=lambda v: sign * found[v.name].mean)[:1]
    return [
        *((v, "constant control") for v in constant),
        *((v, "upper bound") for v in best),
    ]


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float

    @classmethod
    def over(cls, shown: Sequence[Interval]) -> _Scale:
        """A scale that holds all means and intervals, with a margin."""
        values = np.array([[i.mean, i.low, i.high] for i in shown], dtype=np.float64)
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        space = MARGIN * (high - low) or max(abs(high), 1.0) * MARGIN
        return cls(low - space, high + space)

    def at(self, value: float) -> float:
        return round(100 * (value - self.low) / (self.high - self.low), 2)

    def ticks(self) -> tuple[Line, ...]:
        values = MaxNLocator(TICKS, steps=[1, 2, 5, 10]).tick_values(
            self.low, self.high
        )
        inside = [float(v) for v in values if self.low <= v <= self.high]
        return tuple(
            Line(f"{value:g}".replace("-", "−"), "", self.at(round(value, 10)))
            for value in inside
        )


def _dot(
    variant: ReportedVariant,
    interval: Interval,
    scale: _Scale,
    colour: str,
    decimals: int,
) -> Dot:
    known = np.isfinite(interval.low)
    return Dot(
        variant.title,
        colour,
        scale.at(interval.mean),
        scale.at(interval.low) if known else None,
        scale.at(interval.high) if known else None,
        wording.format_number(interval.mean, decimals),
        wording.format_interval(interval, decimals),
    )


def _describe(dots: Sequence[Dot], lines: Sequence[Line]) -> str:
    rows = [
        f"{dot.label} {dot.text}" + (f" ({dot.detail})" if dot.detail else "")
        for dot in dots
    ]
    return "; ".join([*rows, *(line.label for line in lines)])
