"""Two runs compared: each variant with itself, paired by face."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from benchmark.avatars.spec import did_you_mean
from evaluation.statistics import ALPHA, Comparison, Interval, holm
from reports.comparable import check_comparable, shared_metrics
from reports.tables import wording
from reports.tables.estimates import Estimate, ScoreKey, estimate
from reports.tables.table import EMPTY, Cell, Column, Row, Section, Table
from reports.trials import ReportedVariant, ReportError, Run

Outcome = Literal["better", "worse", "tolerated", "same", "no clear difference"]


@dataclass(frozen=True)
class Choice:
    """What to compare; empty means all methods, all engines and all metrics.

    `tolerated` maps metrics to the worsening that is no regression, in the metric's
    unit; the key "" holds for all other metrics.
    """

    variants: tuple[str, ...] = ()
    engines: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    tolerated: Mapping[str, float] | None = None

    def tolerance(self, metric: str) -> float:
        """The tolerated worsening of a metric; 0 by default."""
        given = self.tolerated or {}
        return given.get(metric, given.get("", 0.0))


@dataclass(frozen=True)
class Change:
    """One variant's score by one metric on one engine in both runs.

    `comparison` is the new run minus the reference. Of the faces, `wins` became better
    and `losses` worse; all three counts are None for a metric over the set. `p_holm` is
    Holm-corrected over all changes.
    """

    variant: ReportedVariant
    engine: str
    metric: Mapping[str, Any]
    before: Interval
    after: Interval
    comparison: Comparison
    wins: int | None
    ties: int | None
    losses: int | None
    tolerance: float
    p_holm: float = float("nan")

    @property
    def sign(self) -> int:
        """1 if a positive difference is worse, otherwise -1."""
        return 1 if self.metric["direction"] == "lower" else -1

    @property
    def outcome(self) -> Outcome:
        """What the change is, by the interval and by the corrected p-value.

        A difference without an interval counts by its mean.
        """
        found = self.comparison.difference
        if found.mean == 0 and not any((self.wins, self.losses, found.excludes_zero)):
            return "same"
        bounds = [self.sign * bound for bound in (found.low, found.high)]
        if not np.isfinite(bounds).all():
            bounds, sure = [self.sign * found.mean] * 2, True
        else:
            sure = self.p_holm < ALPHA
        if sure and max(bounds) < 0:
            return "better"
        if sure and min(bounds) > self.tolerance:
            return "worse"
        return "tolerated" if sure and min(bounds) > 0 else "no clear difference"


@dataclass(frozen=True)
class RunComparison:
    """All changes from `before` to `after`.

    `lost` names the trials of `before` that failed in `after`, and `missing` those that
    `after` does not have.
    """

    before: Run
    after: Run
    changes: tuple[Change, ...]
    lost: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def regressions(self) -> tuple[Change, ...]:
        """The changes that are worse by more than is tolerated."""
        return tuple(c for c in self.changes if c.outcome == "worse")

    @property
    def passed(self) -> bool:
        """Whether nothing became worse and every trial still finishes."""
        return not self.regressions and not self.lost


def compare_runs(before: Run, after: Run, choice: Choice) -> RunComparison:
    """Compare a run with a reference run.

    Raises ReportError if they cannot be compared, or if a name is in neither run.
    """
    check_comparable(before, after)
    variants = _variants(before, after, choice.variants)
    engines = _chosen(choice.engines, before.engines, "engine")
    shared = {m["name"]: m for m in shared_metrics(before, after)}
    metrics = [shared[n] for n in _chosen(choice.metrics, tuple(shared), "metric")]
    _chosen(tuple(n for n in choice.tolerated or {} if n), tuple(shared), "metric")
    changes: list[Change] = []
    lost: list[str] = []
    missing: list[str] = []
    for engine in engines:
        for variant in variants:
            if not before.finished_trials(variant.name, engine):
                continue
            if not after.finished_trials(variant.name, engine):
                failed = after.failed(variant.name, engine)
                (lost if failed else missing).append(f"{variant.title} on {engine}")
                continue
            changes += _changes(before, after, variant, engine, metrics, choice)
    if not changes and not lost:
        raise ReportError(
            f"{before.folder} and {after.folder} have no finished trial in common; "
            "compare runs with the same variants and engines"
        )
    corrected = holm([change.comparison.p for change in changes])
    paired = zip(changes, corrected, strict=True)
    done = tuple(replace(change, p_holm=p) for change, p in paired)
    return RunComparison(before, after, done, tuple(lost), tuple(missing))


def _variants(before: Run, after: Run, names: Sequence[str]) -> list[ReportedVariant]:
    """The named variants, or all methods that both runs have."""
    both = {v.name for v in after.variants}
    known = [v for v in before.variants if v.name in both]
    if not names:
        return [v for v in known if v.role == "method"] or known
    chosen = _chosen(names, tuple(v.name for v in known), "variant")
    return [v for v in known if v.name in chosen]


def _chosen(names: Sequence[str], known: Sequence[str], kind: str) -> list[str]:
    for name in names:
        if name not in known:
            raise ReportError(
                f"no {kind} {name!r} in both runs{did_you_mean(name, known)}; known: "
                f"{', '.join(known)}"
            )
    return [name for name in known if not names or name in names]


def _changes(
    before: Run,
    after: Run,
    variant: ReportedVariant,
    engine: str,
    metrics: Sequence[Mapping[str, Any]],
    choice: Choice,
) -> Iterator[Change]:
    key = ScoreKey(engine, before.main_split, before.designers[0])
    for metric in metrics:
        old, new = (estimate(r, variant.name, metric, key) for r in (before, after))
        if old is not None and new is not None:
            tolerance = choice.tolerance(metric["name"])
            yield _change(variant, engine, metric, old, new, tolerance)


def _change(
    variant: ReportedVariant,
    engine: str,
    metric: Mapping[str, Any],
    old: Estimate,
    new: Estimate,
    tolerance: float,
) -> Change:
    counts: tuple[int | None, int | None, int | None] = (None, None, None)
    if len(old.faces):
        one, other = new.faces.align(old.faces, join="inner")
        worse = (one - other) * (1 if metric["direction"] == "lower" else -1)
        counts = (
            int((worse < 0).sum()),
            int((worse == 0).sum()),
            int((worse > 0).sum()),
        )
    return Change(
        variant,
        engine,
        metric,
        old.interval,
        new.interval,
        new.against(old),
        *counts,
        tolerance,
    )


def comparison_table(found: RunComparison) -> Table:
    """The changes, a section for each engine and metric, a row for each variant."""
    titles = dict.fromkeys((c.engine, c.metric["name"]) for c in found.changes)
    sections = []
    for engine, name in titles:
        same = [
            c for c in found.changes if (c.engine, c.metric["name"]) == (engine, name)
        ]
        metric = same[0].metric
        title = f"{engine}: {metric['title']} {wording.ARROWS[metric['direction']]}"
        sections.append(Section(title, tuple(map(_row, same))))
    heads = ("Before", "After", "Difference", "p (Holm)", "Better", "Same", "Worse")
    return Table(
        "comparison",
        "After minus before, paired by face",
        "Method",
        (*map(Column, heads), Column("Outcome")),
        tuple(sections),
        tuple(_notes(found)),
    )


def _row(change: Change) -> Row:
    decimals = wording.decimals_of(change.metric)
    counts = (change.wins, change.ties, change.losses)
    bold = change.outcome in ("better", "worse")
    return Row(
        change.variant.label,
        (
            Cell(wording.format_number(change.before.mean, decimals)),
            Cell(wording.format_number(change.after.mean, decimals)),
            wording.score_cell(change.comparison.difference, decimals, bold),
            Cell(wording.format_p(change.p_holm)),
            *(Cell(EMPTY if count is None else str(count)) for count in counts),
            Cell(change.outcome, strong=bold),
        ),
    )


def _notes(found: RunComparison) -> Iterator[str]:
    before, after = found.before, found.after
    yield f"Before: {before.folder}. After: {after.folder}."
    yield from wording.stand_in_notes(before)
    yield wording.data_note(before, before.main_split, before.designers[0])
    if before.seeds != after.seeds:
        seeds = ", ".join(map(str, after.seeds))
        yield f"The run after has other seeds: {seeds}."
    yield (
        "Difference: mean over faces with its 95 % bootstrap interval. p: two-sided "
        "paired test, Holm correction over all rows. Better, same, worse: numbers of "
        "faces."
    )
    limits = {c.metric["title"]: c.tolerance for c in found.changes if c.tolerance}
    tolerated = "; ".join(f"{title} {limit:g}" for title, limit in limits.items())
    yield (
        f"Outcome: better or worse if the interval excludes 0 and p is below {ALPHA}; "
        "without an interval, the mean decides. Tolerated: worse, but the interval "
        f"reaches down to the tolerance ({tolerated or 'none'})."
    )
    for trial in found.lost:
        yield f"Lost: {trial} finished before and failed after."
    for trial in found.missing:
        yield f"Left out: {trial}, which the run after does not have."


def comparison_data(found: RunComparison) -> dict[str, Any]:
    """The comparison as JSON data; numbers that do not exist are None."""
    before, after = found.before, found.after
    return {
        "before": str(before.folder),
        "after": str(after.folder),
        "faces": dict(before.first["faces"]),
        "benchmark_version": (before.first.get("world") or {}).get("name"),
        "split": before.main_split,
        "designer": before.designers[0],
        "passed": found.passed,
        "regressions": len(found.regressions),
        "lost": list(found.lost),
        "missing": list(found.missing),
        "comparisons": [_change_data(change) for change in found.changes],
    }


def _change_data(change: Change) -> dict[str, Any]:
    difference = change.comparison.difference
    return {
        "engine": change.engine,
        "variant": change.variant.name,
        "metric": change.metric["name"],
        "direction": change.metric["direction"],
        "faces": difference.n,
        "before": _number(change.before.mean),
        "after": _number(change.after.mean),
        "difference": _number(difference.mean),
        "low": _number(difference.low),
        "high": _number(difference.high),
        "p": _number(change.comparison.p),
        "p_holm": _number(change.p_holm),
        "effect": _number(change.comparison.effect),
        "better": change.wins,
        "same": change.ties,
        "worse": change.losses,
        "tolerance": change.tolerance,
        "outcome": change.outcome,
    }


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
