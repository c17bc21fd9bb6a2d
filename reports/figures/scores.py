"""Figures of a run's scores, and the `Drawing` that every figure is."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmark.storage.store import atomic_write
from reports.figures.palette import GRID, INK, adaptive_svg, variant_colours
from reports.tables import wording
from reports.tables.estimates import Estimate, ScoreKey, estimates
from reports.tables.scores import main_metric, measured
from reports.trials import ReportedVariant, Run

STYLES = ("-", "--", "-.", ":")
LINES = 7
"""Lines of a distribution figure; more are not readable."""
LABEL_LETTERS = 28
"""Letters in a line of a panel's axis label, so that neighbours do not touch."""
INTERVAL = ("mean", "low", "high", "n")
RC: dict[Any, Any] = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "pdf.fonttype": 42,
    "svg.fonttype": "path",
    "svg.hashsalt": "avatarbench",
    "grid.color": GRID,
    **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor"), INK),
    **dict.fromkeys(("xtick.color", "ytick.color"), INK),
}


@dataclass(frozen=True)
class Drawing:
    """A figure with its file name, its alt text (`description`) and its data."""

    name: str
    title: str
    description: str
    figure: Figure
    data: pd.DataFrame

    def svg(self) -> bytes:
        """The figure as SVG for a page; equal data give equal bytes.

        Its ground is transparent, and its colours follow light and dark mode.
        """
        drawn = self._rendered("svg", {"Date": None}, transparent=True)
        return adaptive_svg(drawn.decode()).encode()

    def write(self, folder: Path) -> tuple[Path, ...]:
        """Write NAME.pdf, NAME.png and NAME.csv; return their paths."""
        contents = {
            "pdf": self._rendered("pdf", {"CreationDate": None}),
            "png": self._rendered("png", {}),
            "csv": self.data.to_csv(index=False).encode(),
        }
        paths = []
        for suffix, content in contents.items():
            paths.append(folder / f"{self.name}.{suffix}")
            atomic_write(paths[-1], content)
        return tuple(paths)

    def _rendered(
        self, kind: str, metadata: Mapping[str, Any], transparent: bool = False
    ) -> bytes:
        buffer = BytesIO()
        facts = {"dpi": 160, "metadata": dict(metadata), "transparent": transparent}
        with rc_context(RC):
            if self.figure.get_layout_engine() is not None:
                # The layout is the same in all formats, and slow.
                self.figure.draw_without_rendering()
                self.figure.set_layout_engine(None)
            self.figure.savefig(buffer, format=kind, **facts)
        return buffer.getvalue()


def draw_scores(run: Run) -> list[Drawing]:
    """Bars of all measured metrics, and the main metric's distribution over faces."""
    drawings = [bars(run)]
    spread = ecdf(run, main_metric(run))
    return drawings + ([spread] if len(spread.data) else [])


def bars(run: Run) -> Drawing:
    """Means with 95 % intervals: a row of panels per engine, a panel per metric."""
    metrics = measured(run)
    data = _bar_data(run, metrics)
    with rc_context(RC):
        size = (1.6 + 2.0 * len(metrics), len(run.engines) * _height(run))
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasAgg(figure)
        shape = (len(run.engines), len(metrics))
        grid = figure.subplots(*shape, squeeze=False, sharex="col", sharey=True)
        for row, engine in enumerate(run.engines):
            for column, metric in enumerate(metrics):
                chosen = (data["engine"] == engine) & (data["metric"] == metric["name"])
                _draw_bars(grid[row, column], run, data[chosen].set_index("row"))
            for column, metric in enumerate(metrics):
                label = textwrap.fill(axis_label(metric), LABEL_LETTERS)
                grid[-1, column].set_xlabel(label)
            grid[row, 0].set_title(engine, loc="left", fontweight="bold")
        grid[0, 0].invert_yaxis()
    title = (
        f"Scores on {wording.split_title(run.main_split)} faces: mean and 95 % interval"
    )
    return Drawing("scores", title, _describe(title, data), figure, data)


def _height(run: Run) -> float:
    return 0.8 + 0.28 * len(run.main_variants)


def _draw_bars(axes: Axes, run: Run, rows: pd.DataFrame) -> None:
    labels = [c.label for c in run.main_variants]
    mean, low, high = (
        rows[name].reindex(labels).to_numpy(dtype=np.float64)
        for name in ("mean", "low", "high")
    )
    heights = np.arange(len(labels))
    colours = variant_colours(run)
    hatches = {"control": "///", "oracle": "..."}
    axes.barh(
        heights,
        np.nan_to_num(mean),
        color=[colours[c.name] for c in run.main_variants],
        hatch=[hatches.get(c.role, "") for c in run.main_variants],
        edgecolor="white",
    )
    spread = np.nan_to_num(np.stack([mean - low, high - mean]))
    axes.errorbar(mean, heights, xerr=spread, fmt="none", ecolor=INK, capsize=3)
    axes.set_yticks(heights, labels)
    axes.grid(axis="x")


def ecdf(run: Run, metric: Mapping[str, Any]) -> Drawing:
    """Empirical distribution over faces: a panel per engine, a line per variant."""
    data, shown = _face_data(run, metric), readable_rows(run, metric)
    with rc_context(RC):
        size = (0.6 + 3.3 * len(run.engines), 3.6)
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasAgg(figure)
        (panels,) = figure.subplots(1, len(run.engines), squeeze=False, sharey=True)
        for axes, engine in zip(panels, run.engines, strict=True):
            axes.set_title(engine, loc="left", fontweight="bold")
            axes.set_xlabel(axis_label(metric))
            _draw_lines(axes, run, shown, data.loc[data["engine"] == engine])
        panels[0].set_ylabel("share of faces")
        handles, labels = panels[0].get_legend_handles_labels()
        if handles:
            where = "outside lower center"
            figure.legend(handles, labels, loc=where, ncols=3, frameon=False)
    split = wording.split_title(run.main_split)
    title = f"{metric['title']}: distribution over the {split} faces"
    drawn = ", ".join(variant.label for variant in shown)
    description = f"{title}. One rising line each for {drawn}; the CSV has all rows."
    return Drawing(f"spread-{metric['name']}", title, description, figure, data)


def readable_rows(run: Run, metric: Mapping[str, Any]) -> list[ReportedVariant]:
    """The rows whose lines are drawn, in the order of Table 1.

    They are the best LINES - 3 methods and Baseline, the constant control and the best
    oracle. A row's score is its mean over the engines.
    """
    sign = 1 if metric["direction"] == "lower" else -1
    scores = {
        variant.name: sign * float(np.mean(means))
        for variant in run.main_variants
        if (means := _means(run, metric, variant))
    }
    ranked = sorted(
        (v for v in run.main_variants if v.name in scores), key=lambda v: scores[v.name]
    )
    methods = [v for v in ranked if v.role == "method"]
    chosen = {
        *(v.name for v in methods[: LINES - 3]),
        *(v.name for v in methods if v.meta["name"] == "baseline"),
        *[v.name for v in ranked if v.meta["name"] == "constant"][:1],
        *[v.name for v in ranked if v.role == "oracle"][:1],
    }
    return [v for v in run.main_variants if v.name in chosen]


def _means(
    run: Run, metric: Mapping[str, Any], variant: ReportedVariant
) -> list[float]:
    found = [
        estimates(run, metric, ScoreKey(engine, run.main_split, run.designers[0]))
        for engine in run.engines
    ]
    return [e.interval.mean for row in found if (e := row[variant.name]) is not None]


def _draw_lines(
    axes: Axes, run: Run, shown: Sequence[ReportedVariant], data: pd.DataFrame
) -> None:
    colours = variant_colours(run)
    axes.grid()
    axes.set_ylim(0, 1.02)
    for index, variant in enumerate(shown):
        values = np.sort(data.loc[data["row"] == variant.label, "value"])
        if len(values):
            axes.step(
                np.concatenate([values[:1], values]),
                np.arange(len(values) + 1) / len(values),
                where="post",
                label=variant.label,
                color=colours[variant.name],
                linestyle=STYLES[index % len(STYLES)],
            )


def _bar_data(run: Run, metrics: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    rows = [
        {
            "engine": engine,
            "metric": metric["name"],
            "row": variant.label,
            **{name: getattr(found.interval, name) for name in INTERVAL},
        }
        for engine in run.engines
        for metric in metrics
        for variant, found in _estimates_of_rows(run, engine, metric)
    ]
    return pd.DataFrame(rows, columns=["engine", "metric", "row", *INTERVAL])


def _estimates_of_rows(
    run: Run, engine: str, metric: Mapping[str, Any]
) -> list[tuple[ReportedVariant, Estimate]]:
    key = ScoreKey(engine, run.main_split, run.designers[0])
    estimated = estimates(run, metric, key)
    return [(c, e) for c in run.main_variants if (e := estimated[c.name]) is not None]


def _face_data(run: Run, metric: Mapping[str, Any]) -> pd.DataFrame:
    rows = [
        {"engine": engine, "row": variant.label, "face": face, "value": value}
        for engine in run.engines
        for variant, found in _estimates_of_rows(run, engine, metric)
        for face, value in found.faces.items()
    ]
    return pd.DataFrame(rows, columns=["engine", "row", "face", "value"])


def axis_label(metric: Mapping[str, Any]) -> str:
    """A metric's title, unit and arrow."""
    arrow = wording.ARROWS[metric["direction"]]
    return f"{metric['title']} ({metric['unit']}) {arrow}"


def _describe(title: str, data: pd.DataFrame) -> str:
    columns = (data[name] for name in ("engine", "row", "metric", "mean"))
    parts = [
        f"{e}, {r}, {m} {value:.3f}" for e, r, m, value in zip(*columns, strict=True)
    ]
    return f"{title}. " + "; ".join(parts) + "."
