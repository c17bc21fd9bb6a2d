"""Where methods succeed and fail: by parameter, by group of people, by option."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from reports.page.html import Section
from reports.tables import wording
from reports.tables.confusion import Confusion, confusions
from reports.tables.groups import SMALL, Group, GroupScore, group_notes, group_scores
from reports.tables.inferability import CONSTANT, inferability
from reports.tables.parameters import ParameterMeans, parameter_means
from reports.tables.scores import main_metric
from reports.trials import ReportedVariant, Run

MOST_TINT = 45
"""Strongest tint of a cell in per cent, so that text stays readable."""
MISTAKES = 3
"""Most frequent mistakes that are named under a confusion matrix."""

Tint = Literal["better", "worse", ""]


@dataclass(frozen=True)
class HeatCell:
    """A number with its interval, on a tint of 0 to MOST_TINT per cent.

    `flag` says in words what a mark means; "" without a mark.
    """

    text: str
    detail: str = ""
    tint: Tint = ""
    strength: int = 0
    strong: bool = False
    flag: str = ""


@dataclass(frozen=True)
class HeatRow:
    """A labelled row; `note` qualifies it, and `faint` greys it out."""

    label: str
    faces: int
    cells: tuple[HeatCell, ...]
    note: str = ""
    faint: bool = False


@dataclass(frozen=True)
class HeatTable:
    """A table of tinted numbers; rows are grouped under headings (or "")."""

    key: str
    title: str
    stub: str
    heads: tuple[str, ...]
    groups: Mapping[str, Sequence[HeatRow]]


@dataclass(frozen=True)
class Matrix:
    """One row's confusion matrix: its accuracy, tinted cells, frequent mistakes.

    `rows` holds the printed share in per cent (or "") of each pair of options, and
    the tint.
    """

    label: str
    accuracy: str
    rows: tuple[tuple[tuple[str, int], ...], ...]
    mistakes: tuple[str, ...]


@dataclass(frozen=True)
class Matrices:
    """The matrices of one parameter.

    `faces` says how many faces have each option in the ground truth; `swatches` are
    colours of the options, if any.
    """

    parameter: str
    options: tuple[str, ...]
    faces: tuple[int, ...]
    swatches: tuple[str, ...]
    matrices: tuple[Matrix, ...]


@dataclass(frozen=True)
class EngineBreakdown:
    """Everything about one engine."""

    engine: str
    parameters: Sequence[HeatTable]
    groups: HeatTable | None
    confusions: Sequence[Matrices]


@dataclass(frozen=True)
class Breakdowns:
    """The content of `breakdowns.html.jinja`."""

    note: str
    unread: bool
    constant: bool
    groups_note: Sequence[str]
    engines: Sequence[EngineBreakdown]


def breakdowns_section(run: Run) -> Section | None:
    """The section; None if no trial finished."""
    engines = [b for engine in run.engines if (b := _of_engine(run, engine))]
    if not engines:
        return None
    split = wording.split_title(run.main_split)
    rows = [
        r for b in engines for t in b.parameters for g in t.groups.values() for r in g
    ]
    data = Breakdowns(
        f"Over {split} faces, with the ground truth of {run.designers[0]}.",
        any(row.note for row in rows),
        run.first_variant_of(CONSTANT) is not None,
        (
            *group_notes(run),
            f"Groups with fewer than {SMALL} faces are grey: they say little. The "
            "marks are not corrected for the number of groups.",
        ),
        engines,
    )
    return Section("breakdowns", "Breakdowns", "page/breakdowns.html.jinja", data)


def _of_engine(run: Run, engine: str) -> EngineBreakdown | None:
    means = parameter_means(run, engine, run.main_split, run.designers[0])
    if means is None:
        return None
    return EngineBreakdown(
        engine,
        list(_parameter_tables(run, engine, means)),
        _group_table(run, engine),
        [_matrices(run, found) for found in confusions(run, engine)],
    )


def _parameter_tables(
    run: Run, engine: str, means: ParameterMeans
) -> Iterator[HeatTable]:
    """Accuracy of discrete parameters and error of continuous ones, apart."""
    unread = {
        found.parameter
        for found in inferability(run, engine)
        if found.verdict == "not inferable"
    }
    variants = [v for v in run.main_variants if v.name in means.scores]
    columns = {"accuracy": "Accuracy of options ↑", "mae": "Error of scalars (MAE) ↓"}
    for column, title in columns.items():
        names = [
            name
            for name, kind in means.kinds.items()
            if (kind == "continuous") == (column == "mae") and means.counts[name]
        ]
        rows = [
            HeatRow(
                name,
                means.counts[name],
                _parameter_cells(run, means, variants, name, name not in unread),
                "cannot be read from the picture" if name in unread else "",
                name in unread,
            )
            for name in names
        ]
        if rows:
            key = f"heat-{column}-{engine}"
            heads = tuple(v.label for v in variants)
            yield HeatTable(key, f"{engine}: {title}", "Parameter", heads, {"": rows})


def _parameter_cells(
    run: Run,
    means: ParameterMeans,
    variants: Sequence[ReportedVariant],
    name: str,
    readable: bool,
) -> tuple[HeatCell, ...]:
    column = "mae" if means.kinds[name] == "continuous" else "accuracy"
    values = {v.name: float(means.scores[v.name].at[name, column]) for v in variants}
    constant = run.first_variant_of(CONSTANT)
    guess = values.get(constant.name, np.nan) if constant else np.nan
    perfect = 1.0 if column == "accuracy" else 0.0
    sign = 1 if column == "accuracy" else -1
    rivals = [sign * round(values[v.name], 3) for v in variants if v.role != "oracle"]
    highest = max(rivals, default=np.nan)
    cells = []
    for variant in variants:
        value = values[variant.name]
        ranked = readable and variant.role != "oracle"
        strong = ranked and sign * round(value, 3) == highest
        gained = (value - guess) / (perfect - guess) if perfect != guess else 0.0
        text = wording.format_number(value, 3)
        cells.append(HeatCell(text, "", *_tint(gained), strong))
    return tuple(cells)


def _tint(gained: float) -> tuple[Tint, int]:
    """The tint of a share in [-1, 1], where above 0 is better."""
    strength = round(MOST_TINT * min(abs(gained), 1)) if np.isfinite(gained) else 0
    if not strength:
        return "", 0
    return ("better" if gained > 0 else "worse"), strength


def _group_table(run: Run, engine: str) -> HeatTable | None:
    found = group_scores(run, engine)
    if not found:
        return None
    variants = [v for v in run.main_variants if v.name in found[0].scores]
    differences = [
        abs(score.rest.mean)
        for group in found
        if not group.small
        for score in group.scores.values()
        if np.isfinite(score.rest.mean)
    ]
    widest = max(differences, default=0.0)
    rows: dict[str, list[HeatRow]] = {}
    for group in found:
        cells = tuple(_group_cell(run, group, v, widest) for v in variants)
        note = "few faces" if group.small else ""
        row = HeatRow(group.title, group.faces, cells, note, group.small)
        rows.setdefault(group.grouping, []).append(row)
    metric = main_metric(run)
    title = (
        f"{engine}: {metric['title']} {wording.ARROWS[metric['direction']]} by group"
    )
    heads = tuple(v.label for v in variants)
    return HeatTable(f"heat-groups-{engine}", title, "Group", heads, rows)


def _group_cell(
    run: Run, group: Group, variant: ReportedVariant, widest: float
) -> HeatCell:
    metric = main_metric(run)
    score: GroupScore = group.scores[variant.name]
    printed = wording.score_cell(score.group, wording.decimals_of(metric))
    sign = -1 if metric["direction"] == "lower" else 1
    if group.small or not widest:
        return HeatCell(printed.text, printed.detail)
    tint, strength = _tint(sign * score.rest.mean / widest)
    flag = f"{tint} than other faces" if score.rest.excludes_zero and tint else ""
    return HeatCell(printed.text, printed.detail, tint, strength, False, flag)


def _matrices(run: Run, found: Confusion) -> Matrices:
    parameter = found.parameter
    swatches = (
        [parameter.colours[parameter.index(o)] for o in found.options]
        if (parameter.colours)
        else []
    )
    return Matrices(
        parameter.name,
        found.options,
        found.faces,
        tuple(swatches),
        tuple(
            _matrix(found, variant)
            for variant in run.main_variants
            if variant.role != "control" and variant.name in found.counts
        ),
    )


def _matrix(found: Confusion, variant: ReportedVariant) -> Matrix:
    counts, shares = found.counts[variant.name], found.shares[variant.name]
    total = int(counts.sum())
    right = float(np.trace(counts) / total) if total else float("nan")
    wrong = counts - np.diag(np.diag(counts))
    order = np.argsort(-wrong, axis=None, kind="stable")[:MISTAKES]
    pairs = [divmod(int(index), len(found.options)) for index in order]
    return Matrix(
        variant.label,
        wording.format_number(right, 3),
        tuple(
            tuple(
                (f"{100 * share:.0f}" if share else "", round(MOST_TINT * share))
                for share in row
            )
            for row in shares.tolist()
        ),
        tuple(
            f"{found.options[true]} drawn as {found.options[drawn]}: "
            f"{100 * shares[true, drawn]:.0f} %"
            for true, drawn in pairs
            if wrong[true, drawn]
        ),
    )
