"""Figures as vector PDF and PNG, each beside the CSV of what it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
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

from benchmark.store import atomic_write
from reports import wording
from reports.scoring import Place, estimates
from reports.tables import measured
from reports.trials import Contestant, Run

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
"""Okabe and Ito's palette (2008): told apart with any colour vision."""
STYLES = ("-", "--", "-.", ":")
RC: dict[Any, Any] = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "pdf.fonttype": 42,
    "svg.fonttype": "path",
    "svg.hashsalt": "avatarbench",
}


@dataclass(frozen=True)
class Drawing:
    """A figure ready to be written: name, description for those who cannot see it."""

    name: str
    title: str
    description: str
    figure: Figure
    data: pd.DataFrame

    def svg(self) -> bytes:
        """The figure as SVG, the same bytes for the same data."""
        return self._rendered("svg", {"Date": None})

    def write(self, folder: Path) -> tuple[Path, ...]:
        """Write NAME.pdf, NAME.png and NAME.csv; returns their paths."""
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

    def _rendered(self, kind: str, metadata: Mapping[str, Any]) -> bytes:
        buffer = BytesIO()
        with rc_context(RC):
            self.figure.savefig(buffer, format=kind, dpi=160, metadata=dict(metadata))
        return buffer.getvalue()


def draw(run: Run) -> list[Drawing]:
    """Bars of every measured metric, and the spread over faces of every case metric."""
    drawings = []
    for metric in measured(run):
        drawings.append(bars(run, metric))
        if metric["level"] == "case":
            spread = ecdf(run, metric)
            if len(spread.data):
                drawings.append(spread)
    return drawings


def bars(run: Run, metric: Mapping[str, Any]) -> Drawing:
    """Mean and 95 % interval of each row, a panel an engine."""
    data = _bar_data(run, metric)
    labels = [c.label for c in run.contestants]

    def panel(axes: Axes, engine: str) -> None:
        rows = data[data["engine"] == engine].set_index("row").reindex(labels)
        middle = rows["mean"].to_numpy(dtype=np.float64)
        low, high = (rows[k].to_numpy(dtype=np.float64) for k in ("low", "high"))
        heights = np.arange(len(labels))
        for index, contestant in enumerate(run.contestants):
            hatch = {"control": "//", "oracle": ".."}.get(contestant.role)
            axes.barh(
                heights[index],
                middle[index],
                color=_colour(run, contestant),
                alpha=0.85,
                hatch=hatch,
                edgecolor="white",
            )
        spread = np.nan_to_num(np.stack([middle - low, high - middle]))
        axes.errorbar(
            middle, heights, xerr=spread, fmt="none", ecolor="#222222", capsize=3
        )
        axes.set_yticks(heights, labels)
        axes.invert_yaxis()
        axes.set_xlabel(_axis_label(metric))

    split = wording.SPLITS.get(run.main_split, run.main_split)
    title = f"{metric['title']} on {split} faces: mean and 95 % interval"
    height = 0.9 + 0.32 * len(labels)
    figure = _panels(run.engines, panel, height, share_y=True)
    return Drawing(f"bars-{metric['name']}", title, _told(title, data), figure, data)


def ecdf(run: Run, metric: Mapping[str, Any]) -> Drawing:
    """Share of faces at or under each value, a line a row, a panel an engine."""
    data = _face_data(run, metric)

    def panel(axes: Axes, engine: str) -> None:
        chosen = data[data["engine"] == engine]
        for index, contestant in enumerate(run.contestants):
            values = np.sort(chosen.loc[chosen["row"] == contestant.label, "value"])
            if len(values):
                axes.step(
                    np.concatenate([values[:1], values]),
                    np.arange(len(values) + 1) / len(values),
                    where="post",
                    label=contestant.label,
                    color=_colour(run, contestant),
                    linestyle=STYLES[index % len(STYLES)],
                )
        axes.set_ylim(0, 1.02)
        axes.set_xlabel(_axis_label(metric))
        axes.set_ylabel("share of faces")

    split = wording.SPLITS.get(run.main_split, run.main_split)
    title = f"{metric['title']} on {split} faces: spread over faces"
    figure = _panels(run.engines, panel, 3.0, share_y=False)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    if handles:
        figure.legend(
            handles, labels, loc="outside lower center", ncols=3, frameon=False
        )
    description = f"{title}. One rising line a row; the numbers are in the CSV."
    return Drawing(f"ecdf-{metric['name']}", title, description, figure, data)


def _panels(
    engines: Iterable[str],
    panel: Callable[[Axes, str], None],
    height: float,
    share_y: bool,
) -> Figure:
    names = list(engines)
    with rc_context(RC):
        figure = Figure(figsize=(1.2 + 3.2 * len(names), height), layout="constrained")
        FigureCanvasAgg(figure)
        grid = figure.subplots(1, len(names), squeeze=False, sharey=share_y)
        for axes, engine in zip(grid[0], names, strict=True):
            axes.set_title(engine, loc="left", fontweight="bold")
            axes.grid(axis="x", color="#dddddd")
            panel(axes, engine)
    return figure


def _bar_data(run: Run, metric: Mapping[str, Any]) -> pd.DataFrame:
    rows = []
    for engine in run.engines:
        place = Place(engine, run.main_split, run.designers[0])
        found = estimates(run, metric, place)
        for contestant in run.contestants:
            estimate = found[contestant.name]
            if estimate is not None:
                interval = estimate.interval
                rows.append(
                    {
                        "engine": engine,
                        "row": contestant.label,
                        "mean": interval.mean,
                        "low": interval.low,
                        "high": interval.high,
                        "n": interval.n,
                    }
                )
    return pd.DataFrame(rows, columns=["engine", "row", "mean", "low", "high", "n"])


def _face_data(run: Run, metric: Mapping[str, Any]) -> pd.DataFrame:
    frames = []
    for engine in run.engines:
        place = Place(engine, run.main_split, run.designers[0])
        found = estimates(run, metric, place)
        for contestant in run.contestants:
            estimate = found[contestant.name]
            if estimate is not None:
                frames.append(
                    pd.DataFrame(
                        {
                            "engine": engine,
                            "row": contestant.label,
                            "face": estimate.faces.index,
                            "value": estimate.faces.to_numpy(),
                        }
                    )
                )
    empty = pd.DataFrame(columns=["engine", "row", "face", "value"])
    return pd.concat(frames, ignore_index=True) if frames else empty


def _colour(run: Run, contestant: Contestant) -> str:
    return COLOURS[run.contestants.index(contestant) % len(COLOURS)]


def _axis_label(metric: Mapping[str, Any]) -> str:
    arrow = wording.ARROWS[metric["direction"]]
    return f"{metric['title']} ({metric['unit']}) {arrow}"


def _told(title: str, data: pd.DataFrame) -> str:
    """The figure in words."""
    columns = (data["engine"], data["row"], data["mean"])
    parts = [f"{e}, {row}: {mean:.3f}" for e, row, mean in zip(*columns, strict=True)]
    return f"{title}. " + "; ".join(parts) + "."
