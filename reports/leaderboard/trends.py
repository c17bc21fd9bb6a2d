"""Plots of results over time: one for each engine of a board, as SVG shapes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from evaluation.statistics import Interval
from reports.figures.palette import COLOURS, CONTROLS, ORACLES, css_colour
from reports.leaderboard.boards import Board
from reports.tables import wording

WIDTH, HEIGHT, MARGIN = 480.0, 180.0, 24.0
DODGE = 4.0


@dataclass(frozen=True)
class Point:
    """A result at (x, y), with the ends of its interval, and its tooltip."""

    x: float
    y: float
    low: float
    high: float
    text: str


@dataclass(frozen=True)
class Curve:
    """The results of one method in a colour, oldest first.

    `path` joins them. `shift` moves the curve aside, so that intervals do not overlap.
    """

    label: str
    colour: str
    points: tuple[Point, ...]
    shift: float

    @property
    def path(self) -> str:
        """The `points` of an SVG polyline."""
        return " ".join(f"{p.x:.1f},{p.y:.1f}" for p in self.points)


@dataclass(frozen=True)
class Trend:
    """The plot of one engine; `ticks` are (y, text) of the extremes."""

    title: str
    curves: tuple[Curve, ...]
    ticks: tuple[tuple[float, str], ...]
    first: str
    last: str


def trends(board: Board) -> list[Trend]:
    """A plot for each engine; empty if all runs are of the same day."""
    if len({entry.date for entry in board.entries}) < 2:
        return []
    found = (_trend(board, engine) for engine in board.engines)
    return [trend for trend in found if trend is not None]


def _trend(board: Board, engine: str) -> Trend | None:
    metric = board.metrics[0]
    scores = board.scores(board.entries, metric, engine)
    intervals = {n: e.interval for n, e in scores.items() if e is not None}
    if not intervals:
        return None
    days = [date.fromisoformat(entry.date).toordinal() for entry in board.entries]
    ends = [_ends(interval) for interval in intervals.values()]
    low, high = min(low for low, _ in ends), max(high for _, high in ends)
    decimals = wording.decimals_of(metric)

    def height(value: float) -> float:
        share = (value - low) / (high - low or 1.0)
        return HEIGHT - MARGIN - share * (HEIGHT - 2 * MARGIN)

    def place(day: int) -> float:
        share = (day - min(days)) / (max(days) - min(days))
        return MARGIN + share * (WIDTH - 2 * MARGIN)

    points: dict[str, list[Point]] = {}
    roles: dict[str, str] = {e.variant.label: e.variant.role for e in board.current}
    for entry, day in reversed(list(zip(board.entries, days, strict=True))):
        interval = intervals.get(entry.row.name)
        if interval is None:
            continue
        mean = wording.format_number(interval.mean, decimals)
        bottom, top = map(height, _ends(interval))
        text = f"{entry.variant.label}, {entry.date}: {mean}"
        point = Point(place(day), height(interval.mean), bottom, top, text)
        points.setdefault(entry.variant.label, []).append(point)
    colours = _colours({label: roles[label] for label in roles if label in points})
    better = "lower" if metric["direction"] == "lower" else "higher"
    return Trend(
        f"{metric['title']} on {engine} over time, {better} is better",
        tuple(
            Curve(label, colour, tuple(points[label]), DODGE * (i - len(colours) / 2))
            for i, (label, colour) in enumerate(colours.items())
        ),
        tuple((height(v), wording.format_number(v, decimals)) for v in (low, high)),
        date.fromordinal(min(days)).isoformat(),
        date.fromordinal(max(days)).isoformat(),
    )


def _ends(interval: Interval) -> tuple[float, float]:
    if np.isfinite(interval.low):
        return interval.low, interval.high
    return interval.mean, interval.mean


def _colours(roles: Mapping[str, str]) -> dict[str, str]:
    """A colour for each label; controls and oracles are grey, as in figures of runs."""
    kinds = {"method": COLOURS, "control": CONTROLS, "oracle": ORACLES}
    used = dict.fromkeys(kinds, 0)
    found: dict[str, str] = {}
    for label, role in roles.items():
        found[label] = css_colour(kinds[role][used[role] % len(kinds[role])])
        used[role] += 1
    return found
