"""Scores by group of people: skin tone, sex, age, hair length, glasses, beard."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmark.avatars.counting import counted
from evaluation.draws import resample_counts
from evaluation.statistics import (
    MIN_FACES,
    Interval,
    resampled_interval,
)
from reports.people import people_attributes
from reports.tables import wording
from reports.tables.estimates import SET_RESAMPLES, ScoreKey, estimate
from reports.tables.scores import main_metric
from reports.tables.table import Cell, Column, Row, Section, Table
from reports.trials import Run

SMALL = 10
"""Groups with fewer faces are shown, but marked as small."""

_Sort = Callable[[pd.DataFrame], "pd.Series"]


def _thirds(people: pd.DataFrame) -> pd.Series:
    edges = [-np.inf, 1 / 3, 2 / 3, np.inf]
    return pd.Series(
        pd.cut(people["skin_depth"], edges, labels=["light", "medium", "deep"])
    )


def _ages(people: pd.DataFrame) -> pd.Series:
    labels = ["18–34 years", "35–54 years", "55 years and older"]
    return pd.Series(pd.cut(people["age"], [-np.inf, 34, 54, np.inf], labels=labels))


def _words(column: str, names: Mapping[str, str], other: str = "") -> _Sort:
    """Groups by the words of a column; words without a name belong to `other`."""

    def sort(people: pd.DataFrame) -> pd.Series:
        order = list(dict.fromkeys((*names.values(), *([other] if other else []))))
        found = people[column].map(lambda word: names.get(word, other or word))
        return pd.Series(pd.Categorical(found, order), index=people.index)

    return sort


GROUPINGS: Mapping[str, _Sort] = {
    "Skin tone": _thirds,
    "Sex": _words("sex", {"female": "female", "male": "male"}),
    "Age": _ages,
    "Hair length": _words(
        "hair_length",
        {
            "bald": "bald or buzz cut",
            "buzz": "bald or buzz cut",
            "short": "short",
            "chin": "chin",
            "shoulder": "shoulder",
            "long": "long",
        },
    ),
    "Glasses": _words("glasses", {"none": "no glasses"}, "glasses"),
    "Facial hair": _words(
        "facial_hair", {"none": "none", "stubble": "stubble"}, "beard or moustache"
    ),
}
"""How the faces are grouped, by the title of the grouping."""


@dataclass(frozen=True)
class GroupScore:
    """One variant's score in one group.

    `rest` is the group's mean minus the mean of all other faces, with its interval.
    """

    group: Interval
    rest: Interval


@dataclass(frozen=True)
class Group:
    """One group of people on one engine; `scores` by the variant's name."""

    grouping: str
    title: str
    faces: int
    scores: Mapping[str, GroupScore]

    @property
    def small(self) -> bool:
        """Whether the group has too few faces for a claim."""
        return self.faces < SMALL


def group_scores(run: Run, engine: str) -> list[Group]:
    """The main metric by group, over the main split and the main designer.

    Groups without a face are left out. Empty if the attributes of the people are not
    known, or no trial finished on this engine.
    """
    # Cached because a table and the breakdowns of the page show the same groups.
    asked = ("groups", engine)
    if asked not in run.estimates:
        run.estimates[asked] = _group_scores(run, engine)
    return run.estimates[asked]


def _group_scores(run: Run, engine: str) -> list[Group]:
    metric, key = main_metric(run), ScoreKey(engine, run.main_split, run.designers[0])
    found = {v.name: estimate(run, v.name, metric, key) for v in run.main_variants}
    faces = {name: e.faces for name, e in found.items() if e is not None}
    people = _people(run, engine)
    if people is None or not any(len(values) for values in faces.values()):
        return []
    groups = [
        (grouping, title, (sorted_people == title).to_numpy())
        for grouping, sort in GROUPINGS.items()
        for sorted_people in [sort(people)]
        for title in sorted_people.cat.categories
    ]
    groups = [group for group in groups if group[2].any()]
    members = np.stack([inside for _, _, inside in groups]).astype(np.float64)
    # The same draws for every variant and group.
    counts = resample_counts(len(people), SET_RESAMPLES).astype(np.float64)
    scores = {
        name: _group_means(values.reindex(people.index).to_numpy(), members, counts)
        for name, values in faces.items()
    }
    return [
        Group(
            grouping,
            str(title),
            int(inside.sum()),
            {name: listed[row] for name, listed in scores.items()},
        )
        for row, (grouping, title, inside) in enumerate(groups)
    ]


def _people(run: Run, engine: str) -> pd.DataFrame | None:
    done = next((t for t in run.trials if t.engine == engine and t.error is None), None)
    if done is None:
        return None
    faces = done.scores(run.main_split, run.designers[0])["face"]
    return people_attributes(run, run.main_split, list(map(str, faces)))


def _group_means(
    values: NDArray[np.float64], members: NDArray[Any], counts: NDArray[np.float64]
) -> list[GroupScore]:
    """The scores of (g, n) groups of n faces, from (R, n) resamples of the faces."""
    scored = np.isfinite(values)
    numbers = np.where(scored, values, 0.0)
    inside, outside = members * scored, (1 - members) * scored
    means, others = (
        _means(numbers, m, np.ones((1, len(m.T)))) for m in (inside, outside)
    )
    drawn, rest = (_means(numbers, m, counts) for m in (inside, outside))
    found = []
    for row in range(len(members)):
        size = int(inside[row].sum())
        smaller = min(size, int(outside[row].sum()))
        mean, other = float(means[0, row]), float(others[0, row])
        found.append(
            GroupScore(
                resampled_interval(mean, drawn[:, row], size),
                resampled_interval(mean - other, drawn[:, row] - rest[:, row], smaller),
            )
        )
    return found


def _means(
    numbers: NDArray[np.float64], members: NDArray[Any], counts: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(R, g) means of the groups; NaN where a resample has no face of the group."""
    sizes = counts @ members.T
    means = np.full(sizes.shape, np.nan)
    np.divide(counts @ (members * numbers).T, sizes, out=means, where=sizes > 0)
    return means


def groups_table(run: Run) -> Table | None:
    """A section for each engine, a row for each group; None without attributes."""
    found = {engine: group_scores(run, engine) for engine in run.engines}
    found = {engine: groups for engine, groups in found.items() if groups}
    if not found:
        return None
    metric, decimals = main_metric(run), wording.decimals_of(main_metric(run))

    def cells(group: Group) -> Iterator[Cell]:
        yield Cell(str(group.faces))
        for variant in run.main_variants:
            score = group.scores.get(variant.name)
            yield Cell() if score is None else wording.score_cell(score.group, decimals)

    sections = [
        Section(
            engine,
            tuple(Row(f"{g.grouping}: {g.title}", tuple(cells(g))) for g in groups),
        )
        for engine, groups in found.items()
    ]
    split = wording.split_title(run.main_split)
    return Table(
        "groups",
        f"{metric['title']} by group of people: {split} faces",
        "Group",
        (Column("Faces"), *(Column(v.label) for v in run.main_variants)),
        tuple(sections),
        (
            *wording.stand_in_notes(run),
            *group_notes(run),
            wording.data_note(run, run.main_split, run.designers[0]),
            *wording.oracle_notes(run),
            wording.metric_note(metric),
        ),
    )


def group_notes(run: Run) -> Sequence[str]:
    """What the numbers of the groups mean."""
    return (
        "Cells: mean over the faces of a group with its 95 % percentile bootstrap "
        f"interval over faces. Groups with fewer than {counted(MIN_FACES, 'face')} "
        "have no interval.",
        "Attributes come from the face set. No method sees them.",
    )
