"""Figures of a run at a glance: speed, ranks with their ties, and ablation steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from evaluation.statistics import ALPHA, MIN_FACES, holm, sign_flip_p
from reports.figures.palette import INK, variant_colours
from reports.figures.scores import INTERVAL, RC, Drawing, axis_label
from reports.tables import wording
from reports.tables.estimates import Estimate, ScoreKey, estimates
from reports.tables.scores import main_metric
from reports.tables.timing import speed_note, speed_of
from reports.trials import ReportedVariant, Run

Data = Mapping[str, Any]
PANELS = 3.3
"""Width of a panel (inches); two figures of two panels fit beside each other."""
MARKERS = {"method": "o", "control": "s", "oracle": "^"}


def draw_overview(run: Run) -> list[Drawing]:
    """The figures that the run has data for."""
    drawings = (quality_and_speed(run), rank_figure(run), steps_figure(run))
    return [drawing for drawing in drawings if drawing is not None]


def _scored(run: Run, engine: str) -> dict[str, Estimate]:
    key = ScoreKey(engine, run.main_split, run.designers[0])
    found = estimates(run, main_metric(run), key)
    return {
        name: e
        for name, e in found.items()
        if e is not None and np.isfinite(e.interval.mean)
    }


def _panels(
    run: Run, height: float, same_rows: bool = False
) -> tuple[Figure, list[Axes]]:
    """A figure with one panel for each engine, beside each other."""
    engines = len(run.engines)
    figure = Figure(figsize=(PANELS * engines + 0.6, height), layout="constrained")
    FigureCanvasAgg(figure)
    (panels,) = figure.subplots(1, engines, squeeze=False, sharey=same_rows)
    for axes, engine in zip(panels, run.engines, strict=True):
        axes.set_title(engine, loc="left", fontweight="bold")
    return figure, list(panels)


def quality_and_speed(run: Run) -> Drawing | None:
    """The main metric over the speed of the method alone; None without speeds."""
    metric, colours = main_metric(run), variant_colours(run)
    data = _speed_data(run)
    if data.empty or not speed_note(run)[1]:
        return None
    with rc_context(RC):
        figure, panels = _panels(run, 3.6)
        for axes, engine in zip(panels, run.engines, strict=True):
            shown = data.loc[data["engine"] == engine].set_index("name")
            for variant in run.main_variants:
                if variant.name not in shown.index:
                    continue
                point = shown.loc[variant.name]
                low, high = point["mean"] - point["low"], point["high"] - point["mean"]
                axes.errorbar(
                    [point["hertz"]],
                    [point["mean"]],
                    yerr=np.nan_to_num([[low], [high]]),
                    color=colours[variant.name],
                    marker=MARKERS[variant.role],
                    linestyle="none",
                    label=variant.label,
                    capsize=2,
                )
            axes.set_xscale("log")
            axes.set_xlabel("Speed of the method alone (Hz) ↑")
            axes.grid()
        panels[0].set_ylabel(axis_label(metric))
        _legend_below(figure, panels)
    split = wording.split_title(run.main_split)
    title = f"{metric['title']} on {split} faces against speed"
    parts = [
        f"{row['engine']}, {row['row']}: {row['mean']:.3f} at {row['hertz']:.3g} Hz"
        for row in data.to_dict("records")
    ]
    description = f"{title}. {'; '.join(parts)}."
    shown = data.drop(columns="name")
    return Drawing("quality-speed", title, description, figure, shown)


def _legend_below(figure: Figure, panels: Sequence[Axes]) -> None:
    entries: dict[str, Any] = {}
    for axes in panels:
        handles, labels = axes.get_legend_handles_labels()
        entries |= dict(zip(labels, handles, strict=True))
    where = {"loc": "outside lower center", "ncols": 3, "frameon": False}
    if entries:
        figure.legend(list(entries.values()), list(entries), **where)


def _speed_data(run: Run) -> pd.DataFrame:
    rows = []
    for engine in run.engines:
        scored = _scored(run, engine)
        for variant in run.main_variants:
            trials = run.finished_trials(variant.name, engine)
            speed = speed_of(trials, "model")
            if speed is None or variant.name not in scored:
                continue
            interval = scored[variant.name].interval
            rows.append(
                {
                    "engine": engine,
                    "name": variant.name,
                    "row": variant.label,
                    "hertz": speed[0],
                    **{name: getattr(interval, name) for name in INTERVAL},
                }
            )
    return pd.DataFrame(rows, columns=["engine", "name", "row", "hertz", *INTERVAL])


def rank_figure(run: Run) -> Drawing | None:
    """Mean ranks over faces; a bar joins rows that are not significantly different.

    This is the critical difference diagram of Demšar (2006), with the paired
    sign-flip test of the tables, Holm-corrected over all pairs. Oracles are not
    ranked. None without two rows that share enough faces.
    """
    metric = main_metric(run)
    found = {engine: ranks_of(run, engine) for engine in run.engines}
    shown = {engine: ranks for engine, ranks in found.items() if len(ranks) > 1}
    if not shown:
        return None
    joined = {e: tied_groups(run, e, list(ranks)) for e, ranks in shown.items()}
    rows = max(len(ranks) for ranks in shown.values())
    with rc_context(RC):
        figure, panels = _panels(run, 1.0 + 0.34 * rows)
        for axes, engine in zip(panels, run.engines, strict=True):
            ranks = shown.get(engine, {})
            _draw_ranks(axes, run, ranks, joined.get(engine, []))
    split = wording.split_title(run.main_split)
    title = (
        f"Mean rank by {metric['title']} over {split} faces (1 is best); bars join "
        "rows that are not significantly different"
    )
    labels = {v.name: v.label for v in run.main_variants}
    data = pd.DataFrame(
        [
            {"engine": engine, "row": labels[name], "mean_rank": rank}
            for engine, ranks in shown.items()
            for name, rank in ranks.items()
        ]
    )
    ties = [
        f"not significantly different on {engine}: {', '.join(labels[n] for n in g)}"
        for engine, groups in joined.items()
        for g in groups
    ]
    parts = [f"{e}, {r}: {k:.2f}" for e, r, k in data.itertuples(index=False)]
    description = f"{title}. {'; '.join([*parts, *ties])}."
    return Drawing("ranks", title, description, figure, data)


def ranks_of(run: Run, engine: str) -> dict[str, float]:
    """Mean rank of each row over the faces that all rows have, best first.

    Empty for fewer than MIN_FACES such faces and for a score over the set.
    """
    metric, scored = main_metric(run), _scored(run, engine)
    faces = {
        v.name: scored[v.name].faces
        for v in run.main_variants
        if v.role != "oracle" and v.name in scored and len(scored[v.name].faces)
    }
    table = pd.DataFrame(faces).dropna()
    if len(table) < MIN_FACES:
        return {}
    ranks = table.rank(axis=1, ascending=metric["direction"] == "lower").mean()
    return {str(name): float(rank) for name, rank in ranks.sort_values().items()}


def tied_groups(run: Run, engine: str, order: Sequence[str]) -> list[list[str]]:
    """Longest runs of `order` in which no pair is significantly different."""
    scored = _scored(run, engine)
    pairs = list(combinations(order, 2))
    p_values = []
    for one, other in pairs:
        first, second = scored[one].faces.align(scored[other].faces, join="inner")
        p_values.append(sign_flip_p((first - second).to_numpy(dtype=np.float64)))
    differ = {pair for pair, p in zip(pairs, holm(p_values), strict=True) if p < ALPHA}
    groups: list[list[str]] = []
    last = 0
    for start in range(len(order)):
        stop = start + 1
        while stop < len(order) and not any(
            (name, order[stop]) in differ for name in order[start:stop]
        ):
            stop += 1
        if stop - start > 1 and stop > last:
            groups.append(list(order[start:stop]))
            last = stop
    return groups


def _draw_ranks(
    axes: Axes, run: Run, ranks: Mapping[str, float], groups: Sequence[Sequence[str]]
) -> None:
    colours = variant_colours(run)
    labels = {v.name: v.label for v in run.main_variants}
    for height, (name, rank) in enumerate(ranks.items()):
        axes.plot([rank], [height], marker="o", color=colours[name])
    axes.set_yticks(range(len(ranks)), [labels[name] for name in ranks])
    axes.set_ylim(len(ranks) - 0.5, -0.5 - 0.35 * len(groups))
    for level, group in enumerate(groups):
        height = -0.5 - 0.35 * level
        ends = [ranks[group[0]] - 0.04, ranks[group[-1]] + 0.04]
        axes.plot(ends, [height, height], color=INK, linewidth=3, solid_capstyle="butt")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlim(0.9, max(len(ranks), 2) + 0.1)
    axes.set_xlabel("mean rank")
    axes.grid(axis="x")


def steps_figure(run: Run) -> Drawing | None:
    """The main metric after each ablation step; None without an ablation."""
    if run.ablation is None:
        return None
    metric, steps = main_metric(run), run.ablation.steps
    rows = [
        {"engine": engine, "step": step.title, **_interval_of(scored[step.name])}
        for engine in run.engines
        for scored in [_scored(run, engine)]
        for step in steps
        if step.name in scored
    ]
    data = pd.DataFrame(rows, columns=["engine", "step", *INTERVAL])
    if data.empty:
        return None
    with rc_context(RC):
        figure, panels = _panels(run, 1.1 + 0.4 * len(steps), same_rows=True)
        for axes, engine in zip(panels, run.engines, strict=True):
            _draw_steps(axes, run, steps, data.loc[data["engine"] == engine])
            axes.set_xlabel(axis_label(metric))
    split = wording.split_title(run.main_split)
    title = f"{metric['title']} after each ablation step on {split} faces"
    columns = (data[name] for name in ("engine", "step", "mean"))
    parts = [f"{e}, {s}: {m:.3f}" for e, s, m in zip(*columns, strict=True)]
    return Drawing("steps", title, f"{title}. {'; '.join(parts)}.", figure, data)


def _interval_of(found: Estimate) -> dict[str, float]:
    return {name: getattr(found.interval, name) for name in INTERVAL}


def _draw_steps(
    axes: Axes, run: Run, steps: Sequence[ReportedVariant], data: pd.DataFrame
) -> None:
    colours, shown = variant_colours(run), data.set_index("step")
    heights = [h for h, step in enumerate(steps) if step.title in shown.index]
    means = [shown.loc[steps[h].title, "mean"] for h in heights]
    axes.plot(means, heights, color=INK, linewidth=0.8, zorder=1)
    for height, mean in zip(heights, means, strict=True):
        row = shown.loc[steps[height].title]
        spread = np.nan_to_num([[mean - row["low"]], [row["high"] - mean]])
        colour = colours[steps[height].name]
        axes.errorbar([mean], [height], xerr=spread, fmt="o", color=colour, capsize=3)
    axes.set_yticks(range(len(steps)), [step.title for step in steps])
    axes.set_ylim(len(steps) - 0.5, -0.5)
    axes.grid(axis="x")
