"""The figures of a study: shares of the picks, and shares against a metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from reports.figures.palette import COLOURS, INK
from reports.figures.scores import RC, Drawing
from reports.human_study.analysis.answers import Answers
from reports.human_study.analysis.findings import Findings
from reports.human_study.analysis.simulated import marked_drawing
from reports.tables import wording

MARKERS = ("o", "s", "^", "D", "v", "P", "X")


def draw_study(answers: Answers, results: Sequence[Findings]) -> list[Drawing]:
    """Draw the shares of the picks, and the shares against the first scored metric."""
    drawings = [draw_shares(answers, results)]
    names = [
        name for name in answers.metrics if any(name in f.metrics for f in results)
    ]
    drawings += [draw_metric(answers, results, name) for name in names[:1]]
    return [marked_drawing(answers, drawing) for drawing in drawings]


def draw_shares(answers: Answers, results: Sequence[Findings]) -> Drawing:
    """Draw shares with their intervals: one panel per engine, one bar per method."""
    data = _share_data(answers, results)
    titles = list(answers.key.methods.values())
    with rc_context(RC):
        size = (1.6 + 2.6 * len(results), 1.1 + 0.32 * len(titles))
        figure, panels = _panels(size, len(results))
        for axes, each in zip(panels, results, strict=True):
            rows = data.loc[data["engine"] == each.engine]
            _bars(axes, rows, titles)
            axes.set_title(each.engine, loc="left", fontweight="bold")
            axes.set_xlabel("share of the picks (%) ↑")
        panels[0].invert_yaxis()
    title = "Human rating: share of the picks with its 95 % interval"
    values = "; ".join(
        f"{engine}, {method} {100 * share:.1f} %"
        for engine, method, share in zip(
            data["engine"], data["method"], data["share"], strict=True
        )
    )
    description = f"{title}. The dashed line is chance. {values}."
    return Drawing("study-shares", title, description, figure, data)


def draw_metric(answers: Answers, results: Sequence[Findings], name: str) -> Drawing:
    """Draw each face's shares of the picks against the metric's scores.

    There is one mark per method and face, and one panel per engine with scores.
    """
    results = [each for each in results if name in each.metrics]
    metric, data = answers.key.metrics[name], _face_data(answers, results, name)
    with rc_context(RC):
        figure, panels = _panels((1.0 + 3.4 * len(results), 3.4), len(results))
        for axes, each in zip(panels, results, strict=True):
            rows = data.loc[data["engine"] == each.engine]
            _marks(axes, rows, answers.key.methods)
            axes.set_title(each.engine, loc="left", fontweight="bold")
            axes.set_xlabel(f"{metric.title} {wording.ARROWS[metric.direction]}")
        panels[0].set_ylabel("share of a face's picks (%) ↑")
        handles, labels = panels[0].get_legend_handles_labels()
        place = "outside lower center"
        figure.legend(handles, labels, loc=place, ncols=4, frameon=False)
    title = f"Picks and {metric.title} per face"
    description = f"{title}: one mark per method and face. The CSV has the numbers."
    return Drawing(f"study-{name}", title, description, figure, data)


def _panels(size: tuple[float, float], count: int) -> tuple[Figure, Sequence[Axes]]:
    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    (panels,) = figure.subplots(1, count, squeeze=False, sharey=True, sharex=True)
    return figure, list(panels)


def _bars(axes: Axes, rows: pd.DataFrame, titles: Sequence[str]) -> None:
    share, low, high = (
        100 * rows[name].to_numpy(dtype=np.float64) for name in ("share", "low", "high")
    )
    heights = np.arange(len(titles))
    axes.grid(axis="x")
    axes.barh(heights, share, color=[_colour(k) for k in range(len(titles))])
    spread = np.nan_to_num(np.stack([share - low, high - share]))
    axes.errorbar(share, heights, xerr=spread, fmt="none", ecolor=INK, capsize=3)
    axes.axvline(100 / len(titles), color=INK, linestyle="--", linewidth=0.8)
    axes.set_yticks(heights, titles)


def _marks(axes: Axes, rows: pd.DataFrame, methods: Mapping[str, str]) -> None:
    axes.grid()
    for index, title in enumerate(methods.values()):
        chosen = rows.loc[rows["method"] == title]
        axes.plot(
            chosen["score"],
            100 * chosen["share"],
            MARKERS[index % len(MARKERS)],
            color=_colour(index),
            markersize=4,
            alpha=0.75,
            label=title,
        )


def _colour(index: int) -> str:
    return COLOURS[index % len(COLOURS)]


def _share_data(answers: Answers, results: Sequence[Findings]) -> pd.DataFrame:
    rows: list[dict[str, Any]] = [
        {
            "engine": each.engine,
            "method": title,
            "picks": share.picks,
            "ratings": each.picks.total,
            "share": share.share.mean,
            "low": share.share.low,
            "high": share.share.high,
            "wilson_low": share.wilson.low,
            "wilson_high": share.wilson.high,
        }
        for each in results
        for title, share in zip(answers.key.methods.values(), each.shares, strict=True)
    ]
    return pd.DataFrame(rows)


def _face_data(
    answers: Answers, results: Sequence[Findings], name: str
) -> pd.DataFrame:
    """One row per method and face with ratings and a score."""
    rows = []
    for each in results:
        judged = each.picks.rated.sum(axis=0)
        won = each.picks.won.sum(axis=1)
        for k, title in enumerate(answers.key.methods.values()):
            for f, face in enumerate(each.faces):
                score = each.scores[name][k, f]
                if judged[f] and np.isfinite(score):
                    share = won[k, f] / judged[f]
                    rows.append((each.engine, face, title, share, score))
    columns = ["engine", "face", "method", "share", "score"]
    return pd.DataFrame(rows, columns=columns)
