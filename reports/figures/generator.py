"""Figures of a generator: its training curves, and the control over its parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from benchmark.avatars.counting import counted
from reports.figures.palette import COLOURS
from reports.figures.scores import RC, STYLES, Drawing
from reports.tables.numbers import significant

Values = NDArray[np.float64]

QUALITY, FLOOR, ERROR = "quality/", "floor/", "_error"
SMOOTHED_OVER = 50
"""Loss curves are smoothed over windows of 1/SMOOTHED_OVER of their length."""
THOUSAND = 1000


@dataclass(frozen=True)
class Panel:
    """Curves that share an axis; `names` maps record names to legend labels."""

    title: str
    names: Mapping[str, str]
    logarithmic: bool = False


QUALITY_PANELS = (
    Panel("Kernel distance × 1000 ↓", {"quality/kernel_distance": "samples"}),
    Panel("Fréchet distance ↓", {"quality/frechet_distance": "samples"}),
    Panel("Diversity (real pictures: 1)", {"quality/diversity": "samples"}),
)
LOSS_PANELS = (
    Panel(
        "Adversarial losses",
        {"train/loss_g": "generator", "train/loss_d": "discriminator"},
    ),
    Panel(
        "Gradient penalties (R1)",
        {"train/r1_img": "on the picture", "train/r1_seg": "on the segmentation"},
        logarithmic=True,
    ),
    Panel(
        "Other terms",
        {"train/path": "path length", "train/mask": "mask"},
        logarithmic=True,
    ),
)


def draw_curves(records: Sequence[Mapping[str, float]], title: str) -> Drawing:
    """Sample quality and losses, over the number of real pictures seen in training.

    Args:
        records: each holds `step` (the iteration) and values by name. `train/images` is
            the number of real pictures seen so far. `floor/NAME`, the score of a second
            sample of real pictures, is drawn as a line in the panel of `quality/NAME`.
        title: the figure's title.

    Raises:
        ValueError: if there are no records, or none has `train/images`.
    """
    if not records:
        raise ValueError("a training without records has no curve")
    data = _fill_image_counts(records)
    with rc_context(RC):
        figure = Figure(figsize=(10, 5.6), layout="constrained")
        FigureCanvasAgg(figure)
        (upper, lower) = figure.subplots(2, 3, sharex=True)
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold")
        for axes, panel in zip(upper, QUALITY_PANELS, strict=True):
            _quality_panel(axes, panel, data)
        for axes, panel in zip(lower, LOSS_PANELS, strict=True):
            _loss_panel(axes, panel, data)
            axes.set_xlabel("real pictures seen (thousands)")
    return Drawing("training", title, _describe_curves(title, data), figure, data)


def _fill_image_counts(records: Sequence[Mapping[str, float]]) -> pd.DataFrame:
    """One row for each step, with `train/images` filled in."""
    data = pd.DataFrame(list(records)).groupby("step", as_index=False).last()
    if "train/images" not in data:
        raise ValueError("no record of the training has train/images")
    steps, images = (data[n].to_numpy(np.float64) for n in ("step", "train/images"))
    # Batches have one size, so the number of pictures is proportional to the step.
    batch = float(np.nanmax(images / np.maximum(steps, 1)))
    data["train/images"] = np.where(np.isnan(images), steps * batch, images)
    return data


def _points(data: pd.DataFrame, name: str) -> tuple[Values, Values]:
    """(n,) pictures seen, in thousands, and (n,) values; empty for an unknown name."""
    if name not in data:
        return np.zeros(0), np.zeros(0)
    values = data[name].to_numpy(np.float64)
    known = ~np.isnan(values)
    return data["train/images"].to_numpy(np.float64)[known] / THOUSAND, values[known]


def _smoothed(values: Values) -> Values:
    window = max(1, len(values) // SMOOTHED_OVER)
    return uniform_filter1d(values, window, mode="nearest")


def _quality_panel(axes: Axes, panel: Panel, data: pd.DataFrame) -> None:
    _set_up_axes(axes, panel)
    for name, label in panel.names.items():
        images, values = _points(data, name)
        axes.plot(images, values, color=COLOURS[0], marker=".", label=label)
        _, errors = _points(data, name + ERROR)
        if len(errors) == len(values) > 0:
            low, high = values - 2 * errors, values + 2 * errors
            axes.fill_between(images, low, high, color=COLOURS[0], alpha=0.2, lw=0)
        _, floor = _points(data, name.replace(QUALITY, FLOOR))
        if len(floor):
            label = "a second real sample"
            axes.axhline(floor[-1], color=COLOURS[1], ls="--", label=label)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False)
    if len(axes.lines):
        axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))


def _loss_panel(axes: Axes, panel: Panel, data: pd.DataFrame) -> None:
    _set_up_axes(axes, panel)
    for index, (name, label) in enumerate(panel.names.items()):
        images, values = _points(data, name)
        if len(values):
            colour, style = COLOURS[index], STYLES[index]
            axes.plot(images, _smoothed(values), color=colour, ls=style, label=label)
    if len(axes.lines):
        axes.legend(frameon=False)
        if panel.logarithmic:
            axes.set_yscale("log")


def _set_up_axes(axes: Axes, panel: Panel) -> None:
    axes.set_title(panel.title, loc="left")
    axes.grid()


def _describe_curves(title: str, data: pd.DataFrame) -> str:
    last = float(data["train/images"].iloc[-1])
    parts = [f"{title}, after {last:,.0f} pictures"]
    for panel in QUALITY_PANELS:
        for name in panel.names:
            _, values = _points(data, name)
            if len(values):
                first, final = map(significant, (values[0], values[-1]))
                parts.append(f"{panel.title}: {first} to {final}")
    return "; ".join(parts) + "."


def draw_control(data: pd.DataFrame, count: int) -> Drawing:
    """For each part, the share of the changed energy inside its region, as bars.

    `data` has a row for each part with `name`, `share_of_energy`, `share_of_area` (the
    region's), `ratio` of the two, and `n`, how many of the `count` samples show the
    part. Parts that no sample shows have no bar.
    """
    samples = counted(count, "sample")
    title = f"Resampling one part's latent: where the picture changes ({samples})"
    with rc_context(RC):
        figure = Figure(figsize=(7, 0.9 + 0.34 * len(data)), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        heights = np.arange(len(data))
        for shift, name, label, colour in (
            (-0.2, "share_of_energy", "changed energy inside the region", COLOURS[0]),
            (0.2, "share_of_area", "area of the region", "#bbbbbb"),
        ):
            values = np.nan_to_num(data[name].to_numpy(dtype=np.float64))
            axes.barh(heights + shift, values, 0.38, color=colour, label=label)
        axes.set_yticks(heights, [f"{r.part} (n={r.n})" for r in _rows(data)])
        for height, row in zip(heights, _rows(data), strict=True):
            text = f"× {row.ratio:.1f}" if row.n else "not shown by any sample"
            left = np.nan_to_num(row.share) + 0.01
            axes.text(left, height - 0.2, text, va="center", fontsize=8)
        axes.invert_yaxis()
        axes.set_xlim(0, 1.12)
        axes.set_xlabel("share of all")
        axes.grid(axis="x")
        figure.legend(loc="outside lower center", ncols=2, frameon=False)
        axes.set_title(title, loc="left")
    described = "; ".join(
        f"{row.part} {row.share:.0%} of the energy, {row.ratio:.1f} times its area"
        for row in _rows(data)
        if row.n
    )
    return Drawing("part-control", title, f"{title}. {described}.", figure, data)


@dataclass(frozen=True)
class _Row:
    part: str
    n: int
    share: float
    ratio: float


def _rows(data: pd.DataFrame) -> list[_Row]:
    columns = (data[name] for name in ("name", "n", "share_of_energy", "ratio"))
    return [
        _Row(str(name), int(n), float(share), float(ratio))
        for name, n, share, ratio in zip(*columns, strict=True)
    ]
