"""Runs grouped into boards: only scores that can be compared share one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import numpy as np

from benchmark.avatars.counting import counted
from reports.comparable import first_difference, shared_metrics, version_of
from reports.tables import wording
from reports.tables.estimates import Estimate, ScoreKey, estimate
from reports.tables.scores import HEADLINE
from reports.trials import ReportedVariant, Run

Data = Mapping[str, Any]


@dataclass(frozen=True)
class Entry:
    """One variant of one run. `row` is the variant under a name unique on its board."""

    run: Run
    variant: ReportedVariant
    row: ReportedVariant
    date: str

    @property
    def run_name(self) -> str:
        """The suite and the folder of the run; one name if both are the same."""
        names = (str(self.run.first["suite"]), self.run.folder.resolve().name)
        return ", ".join(dict.fromkeys(names))

    @property
    def commit(self) -> str:
        """The first digits of the git commit, with "+" for local changes, or ""."""
        git: Data = self.run.environment.get("git") or {}
        return f"{(git.get('sha') or '')[:8]}{'+' if git.get('dirty') else ''}"


@dataclass(frozen=True)
class Board:
    """Runs whose scores can be compared, newest first.

    `newest` says whether no board has a newer benchmark version. `apart` says why the
    board is not part of the one before it, or is "".
    """

    runs: tuple[Run, ...]
    newest: bool = True
    apart: str = ""

    @property
    def version(self) -> str:
        """The benchmark version; "none" for faces of one's own."""
        return version_of(self.runs[0])

    @property
    def title(self) -> str:
        """The benchmark version and the faces."""
        run = self.runs[0]
        version = self.version
        start = "Own faces" if version == "none" else f"Benchmark version {version}"
        if version.startswith("changed"):
            start = f"Benchmark {version}"
        faces = counted(run.splits[run.main_split], wording.face_title(run))
        return f"{start}: {faces} of {run.first['faces']['name']}"

    @cached_property
    def metrics(self) -> tuple[Data, ...]:
        """Metrics that every run measured: those of Table 1, else the first one."""
        shared = shared_metrics(self.runs[0], self.runs[0])
        for run in self.runs[1:]:
            names = {m["name"] for m in shared_metrics(self.runs[0], run)}
            shared = [m for m in shared if m["name"] in names]
        headline = [m for m in shared if m["name"] in HEADLINE]
        return tuple(headline or shared[:1])

    @cached_property
    def engines(self) -> tuple[str, ...]:
        """All engines of the runs."""
        return tuple(dict.fromkeys(e for run in self.runs for e in run.engines))

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """Every variant of every run, newest run first."""
        return tuple(
            Entry(run, v, replace(v, name=f"{index}/{v.name}"), date_of(run))
            for index, run in enumerate(self.runs)
            for v in run.main_variants
        )

    @cached_property
    def current(self) -> tuple[Entry, ...]:
        """The newest entry of each variant, best first, oracles last."""
        newest: dict[tuple[str, str], Entry] = {}
        for entry in self.entries:
            newest.setdefault((entry.variant.name, entry.variant.title), entry)
        return tuple(sorted(newest.values(), key=self._order))

    def scores(
        self, entries: Sequence[Entry], metric: Data, engine: str
    ) -> dict[str, Estimate | None]:
        """The score of each entry, by the name of its row."""
        first = self.runs[0]
        key = ScoreKey(engine, first.main_split, first.designers[0])
        return {
            entry.row.name: estimate(entry.run, entry.variant.name, metric, key)
            for entry in entries
        }

    def _order(self, entry: Entry) -> tuple[bool, float]:
        metric = self.metrics[0]
        found = self.scores([entry], metric, self.engines[0])[entry.row.name]
        sign = 1 if metric["direction"] == "lower" else -1
        mean = np.inf if found is None else sign * found.interval.mean
        return entry.variant.role == "oracle", mean


def boards(runs: Sequence[Run]) -> list[Board]:
    """The boards of some runs, newest benchmark version first.

    Within a version, the board with the most faces is first.
    """
    by_folder = {run.folder.resolve(): run for run in runs}
    groups: list[list[Run]] = []
    for run in sorted(by_folder.values(), key=date_of, reverse=True):
        same = (g for g in groups if _comparable(g, run))
        group = next(same, None)
        if group is None:
            groups.append([run])
        else:
            group.append(run)
    ordered = sorted(groups, key=_rank)
    return list(_placed(ordered))


def _comparable(group: Sequence[Run], run: Run) -> bool:
    return all(
        first_difference(other, run) is None and shared_metrics(other, run)
        for other in group
    )


def _rank(group: Sequence[Run]) -> tuple[int, bool, int]:
    version = version_of(group[0])
    changed = version.startswith("changed")
    return -_number(version), changed, -group[0].splits[group[0].main_split]


def _number(version: str) -> int:
    """The number of a version; 0 for faces of one's own, which come last."""
    found = re.search(r"\d+$", version)
    return int(found[0]) if found else 0


def _placed(groups: Sequence[Sequence[Run]]) -> Iterator[Board]:
    newest = max(_number(version_of(group[0])) for group in groups)
    for index, group in enumerate(groups):
        number = _number(version_of(group[0]))
        apart = first_difference(groups[index - 1][0], group[0]) if index else None
        yield Board(tuple(group), number in (newest, 0), apart or "")


def date_of(run: Run) -> str:
    """The day of the last measurement of speed, else of the run, such as 2026-11-26.

    Runs of older versions record no day: then it is that of their newest file.
    """
    sessions = [str((t.timing or {}).get("session", "")) for t in run.trials]
    if any(sessions):
        return max(sessions)[:10]
    if started := run.environment.get("started"):
        return str(started)[:10]
    newest = max((t.folder / "trial.json").stat().st_mtime for t in run.trials)
    return datetime.fromtimestamp(newest, UTC).date().isoformat()
