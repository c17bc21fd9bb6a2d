"""The case browser of the page: faces with every row's avatar and its score."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd
from PIL import Image

from reports.page.grid import (
    SPLIT,
    Picture,
    grid_faces,
    grid_note,
    portrait,
    prediction,
    shown_trial,
    truth,
)
from reports.page.html import Section, data_uri, picture_uri
from reports.tables import wording
from reports.tables.scores import measured
from reports.trials import ReportedVariant, Run

PIXELS, STRIP_PIXELS = 192, 112
"""Side of a picture in the browser, and in the strips of best and worst cases."""
EXTREMES = 2
"""Best, typical and worst cases of each method."""


@dataclass(frozen=True)
class ShownPicture:
    """A picture with its caption; without a picture, `uri` is "" and `alt` says why.

    `score` is the printed score of the main metric. `best` marks the best score of
    this face among methods; only rows that are `ranked` compete.
    """

    uri: str
    alt: str
    caption: str
    score: str = ""
    ranked: bool = False
    best: bool = False


@dataclass(frozen=True)
class EngineRow:
    """The avatars of one face on one engine: the designer's, then each row's.

    `values` is JSON: for each row, a list with the score of each metric, or null.
    """

    engine: str
    truth: ShownPicture
    avatars: tuple[ShownPicture, ...]
    values: str


@dataclass(frozen=True)
class Case:
    """One face with its avatars on every engine; `part` is its part of the split."""

    face: str
    part: str
    portrait: ShownPicture
    rows: tuple[EngineRow, ...]


@dataclass(frozen=True)
class Strip:
    """Face, designer's avatar and a method's avatar side by side, with the score."""

    uri: str
    alt: str
    face: str
    score: str


@dataclass(frozen=True)
class Extremes:
    """The best, typical and worst cases of one method on one engine."""

    title: str
    strips: Mapping[str, tuple[Strip, ...]]


@dataclass(frozen=True)
class Cases:
    """The content of `cases.html.jinja`.

    `metrics` holds title, arrow, direction and decimals of each metric of a case, the
    main one first. `labels` are the rows in the order of the columns. `extremes` are by
    engine. `maker` is who made the ground truth.
    """

    note: str
    metrics: Sequence[Mapping[str, Any]]
    engines: Sequence[str]
    labels: Sequence[str]
    cases: Sequence[Case]
    extremes: Mapping[str, Sequence[Extremes]]
    maker: str


def cases_section(run: Run, count: int) -> Section | None:
    """The section with `count` validation faces; None if none was predicted."""
    faces = grid_faces(run, count)
    if not faces:
        return None
    metrics = _case_metrics(run)
    scores = {
        (engine, variant.name): _scores(run, variant, engine)
        for engine in run.engines
        for variant in run.main_variants
    }
    parts = _parts(run)
    data = Cases(
        grid_note(run),
        [
            {
                "title": m["title"],
                "arrow": wording.ARROWS[m["direction"]],
                "direction": m["direction"],
                "decimals": wording.decimals_of(m),
            }
            for m in metrics
        ],
        run.engines,
        [v.label for v in run.main_variants],
        [
            Case(
                face,
                parts[face],
                _shown(portrait(run, face), face),
                tuple(_row(run, e, face, metrics, scores) for e in run.engines),
            )
            for face in faces
        ],
        _extremes(run, metrics[0], scores) if metrics else {},
        wording.truth_maker(run),
    )
    return Section("cases", "Cases", "page/cases.html.jinja", data)


Scores = Mapping[tuple[str, str], "pd.DataFrame | None"]


def _case_metrics(run: Run) -> list[Mapping[str, Any]]:
    """The measured metrics that score single faces, the main one first."""
    return [m for m in measured(run) if m["level"] == "case"]


def _scores(run: Run, variant: ReportedVariant, engine: str) -> pd.DataFrame | None:
    """Scores of the shown avatars (index: face); None if the variant has none."""
    trial = shown_trial(run, variant, engine)
    if trial is None:
        return None
    return trial.scores(SPLIT, run.designers[0]).set_index("face")


def _parts(run: Run) -> dict[str, str]:
    """The part of each face; "" if the split has only one."""
    done = next(t for t in run.trials if t.error is None)
    rows = done.scores(SPLIT, run.designers[0])
    parts = dict(zip(map(str, rows["face"]), map(str, rows["part"]), strict=True))
    several = len(set(parts.values())) > 1
    return parts if several else dict.fromkeys(parts, "")


def _row(
    run: Run,
    engine: str,
    face: str,
    metrics: Sequence[Mapping[str, Any]],
    scores: Scores,
) -> EngineRow:
    values = {
        v.name: [_value(scores[engine, v.name], face, m["name"]) for m in metrics]
        for v in run.main_variants
    }
    best = _best(run, values, metrics)
    pictures = []
    for variant in run.main_variants:
        picture = prediction(run, variant, engine, face)
        pictures.append(
            _shown(
                picture,
                variant.label,
                _printed(values[variant.name], metrics) if picture.path else "",
                variant.role == "method",
                variant.name in best,
            )
        )
    finite = [
        [round(x, 4) if np.isfinite(x) else None for x in row]
        for row in values.values()
    ]
    return EngineRow(
        engine,
        _shown(truth(run, engine, face), f"Ground truth, {engine}"),
        tuple(pictures),
        json.dumps(finite, separators=(",", ":")),
    )


def _value(scores: pd.DataFrame | None, face: str, metric: str) -> float:
    if scores is None or face not in scores.index:
        return float("nan")
    return float(cast("float", scores.at[face, metric]))


def _printed(values: Sequence[float], metrics: Sequence[Mapping[str, Any]]) -> str:
    return (
        wording.format_number(values[0], wording.decimals_of(metrics[0]))
        if values
        else ""
    )


def _best(
    run: Run,
    values: Mapping[str, Sequence[float]],
    metrics: Sequence[Mapping[str, Any]],
) -> set[str]:
    """Names of the methods with the best score of a face, as printed."""
    if not metrics:
        return set()
    decimals = wording.decimals_of(metrics[0])
    sign = 1 if metrics[0]["direction"] == "lower" else -1
    methods = {
        v.name: sign * round(values[v.name][0], decimals)
        for v in run.main_variants
        if v.role == "method" and np.isfinite(values[v.name][0])
    }
    lowest = min(methods.values(), default=0)
    return {name for name, value in methods.items() if value == lowest}


def _shown(
    picture: Picture,
    caption: str,
    score: str = "",
    ranked: bool = False,
    best: bool = False,
) -> ShownPicture:
    uri = "" if picture.path is None else picture_uri(picture.path, PIXELS)
    return ShownPicture(uri, picture.alt, caption, score, ranked, best)


def _extremes(
    run: Run, metric: Mapping[str, Any], scores: Scores
) -> dict[str, list[Extremes]]:
    """Of each method on each engine, over all validation faces with a score."""
    found: dict[str, list[Extremes]] = {}
    for (engine, name), rows in scores.items():
        variant = next(v for v in run.main_variants if v.name == name)
        if variant.role != "method" or rows is None:
            continue
        values = cast("pd.Series", rows[metric["name"]]).dropna()
        strips = {
            title: tuple(
                _strip(
                    run,
                    variant,
                    engine,
                    face,
                    float(cast("float", values[face])),
                    metric,
                )
                for face in faces
            )
            for title, faces in _chosen(values, metric["direction"] == "lower").items()
        }
        if strips:
            found.setdefault(engine, []).append(Extremes(variant.label, strips))
    return found


def _chosen(values: pd.Series, lower_is_better: bool) -> dict[str, list[str]]:
    """Faces with the best, the most typical and the worst scores.

    Typical are the scores nearest to the median. No face is chosen twice.
    """
    count = min(EXTREMES, len(values) // 3)
    if not count:
        return {}
    order = values.sort_values(ascending=lower_is_better, kind="stable")
    middle = order.iloc[count : len(order) - count]
    distance = (middle - values.median()).abs().sort_values(kind="stable")
    return {
        "Best": [str(face) for face in order.index[:count]],
        "Typical": [str(face) for face in distance.index[:count]],
        "Worst": [str(face) for face in order.index[::-1][:count]],
    }


def _strip(
    run: Run,
    variant: ReportedVariant,
    engine: str,
    face: str,
    score: float,
    metric: Mapping[str, Any],
) -> Strip:
    printed = wording.format_number(score, wording.decimals_of(metric))
    pictures = (
        portrait(run, face),
        truth(run, engine, face),
        prediction(run, variant, engine, face),
    )
    paths = [picture.path for picture in pictures]
    if None in paths:
        return Strip("", "no picture", face, printed)
    side = Image.new("RGB", (3 * STRIP_PIXELS, STRIP_PIXELS))
    for column, path in enumerate(paths):
        assert path is not None
        with Image.open(path) as opened:
            size = (STRIP_PIXELS, STRIP_PIXELS)
            small = opened.convert("RGB").resize(size, Image.Resampling.LANCZOS)
        side.paste(small, (column * STRIP_PIXELS, 0))
    buffer = io.BytesIO()
    side.save(buffer, "webp", quality=80, method=4)
    maker = wording.truth_maker(run)
    alt = f"face {face}, the {maker}'s avatar and the avatar by {variant.title}"
    return Strip(data_uri(buffer.getvalue(), "image/webp"), alt, face, printed)
