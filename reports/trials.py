"""Reading a run's folder: trials as they lie on disk, the source of every report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from benchmark.avatars import AvatarSpec, AvatarVectors
from benchmark.storage.trial_folder import (
    read_cases,
    read_record,
    read_timing,
    trial_folders,
)

Data = Mapping[str, Any]


class ReportError(ValueError):
    """A report cannot be made, or refuses to be; the message says why."""


@dataclass(frozen=True)
class Trial:
    """One variant × engine × seed; `record` is its trial.json, `timing` timing.json."""

    folder: Path
    record: Data
    timing: Data | None

    @property
    def variant(self) -> str:
        """The variant's name."""
        return self.record["variant"]

    @property
    def engine(self) -> str:
        """The engine's name."""
        return self.record["engine"]

    @property
    def error(self) -> str | None:
        """Why the trial failed, or None."""
        if self.record["status"] == "done":
            return None
        return self.record["error"] or "no reason recorded"

    @cached_property
    def spec(self) -> AvatarSpec:
        """The engine's parameters."""
        return AvatarSpec.from_json(self.record["spec"])

    @cached_property
    def cases(self) -> pd.DataFrame:
        """Every case of a finished trial, as `cases_bytes` of `trial_folder` says."""
        return read_cases(self.folder)

    def scores(self, split: str, designer: str) -> pd.DataFrame:
        """The cases of one split under one designer."""
        cases = self.cases
        chosen = (cases["split"] == split) & (cases["designer"] == designer)
        return cases.loc[chosen]

    def vectors(self, split: str, designer: str) -> tuple[AvatarVectors, AvatarVectors]:
        """Predicted and true vectors of a split, in the order of `scores`."""
        rows = self.scores(split, designer)
        predicted, truth = (
            AvatarVectors.from_records(self.spec, map(json.loads, rows[column]))
            for column in ("predicted", "truth")
        )
        return predicted, truth


@dataclass(frozen=True)
class Contestant:
    """One row of the tables: a variant, whatever its engines and seeds."""

    name: str
    title: str
    role: str
    meta: Data

    @property
    def label(self) -> str:
        """The title with its role: controls are named, oracle rows carry a dagger."""
        suffix = {"control": " (control)", "oracle": " †"}
        return self.title + suffix.get(self.role, "")


@dataclass(frozen=True)
class Ablation:
    """The suite's Table 3: rungs in order, and what goes beyond the last, retitled."""

    title: str
    rungs: tuple[Contestant, ...]
    beyond: tuple[Contestant, ...]

    @property
    def contestants(self) -> tuple[Contestant, ...]:
        """Every row, the rungs first."""
        return self.rungs + self.beyond


@dataclass(frozen=True)
class Run:
    """Every trial of a run folder, with the run's configuration and environment."""

    folder: Path
    trials: tuple[Trial, ...]
    resolved: Data
    environment: Data

    @property
    def first(self) -> Data:
        """A trial's record, for what all trials share (faces, metrics, splits)."""
        return self.trials[0].record

    @cached_property
    def contestants(self) -> tuple[Contestant, ...]:
        """The variants in the suite's order: methods, then controls, then oracles."""
        order = list(self.resolved.get("variants", {}))
        found = {
            t.variant: Contestant(
                t.variant, t.record["title"], t.record["role"], t.record["method_meta"]
            )
            for t in self.trials
        }
        roles = ("method", "control", "oracle")
        return tuple(
            sorted(
                found.values(),
                key=lambda c: (
                    roles.index(c.role),
                    order.index(c.name) if c.name in order else len(order),
                ),
            )
        )

    @cached_property
    def ablation(self) -> Ablation | None:
        """The suite's ablation; None without one, or before every rung has a trial."""
        named = self.resolved.get("ablation")
        by_name = {c.name: c for c in self.contestants}
        if named is None or not set(named["rungs"]) <= set(by_name):
            return None
        rungs, beyond = (
            tuple(
                replace(c, title=named["labels"].get(c.name, c.title))
                for c in (by_name[name] for name in named[kind] if name in by_name)
            )
            for kind in ("rungs", "beyond")
        )
        return Ablation(named["title"], rungs, beyond)

    @cached_property
    def main_contestants(self) -> tuple[Contestant, ...]:
        """The rows of Table 1: of an ablation the first and the last rung alone."""
        named = self.resolved.get("ablation") or {"rungs": ()}
        between = named["rungs"][1:-1]
        return tuple(c for c in self.with_rungs if c.name not in between)

    @cached_property
    def with_rungs(self) -> tuple[Contestant, ...]:
        """The rows of Table 1 and every rung: all but what goes beyond the ladder."""
        named = self.resolved.get("ablation") or {"beyond": ()}
        return tuple(c for c in self.contestants if c.name not in named["beyond"])

    def playing(self, method: str) -> Contestant | None:
        """The first variant of a method."""
        found = (c for c in self.contestants if c.meta["name"] == method)
        return next(found, None)

    @cached_property
    def engines(self) -> tuple[str, ...]:
        """The engines' names in the suite's order."""
        found = dict.fromkeys(t.engine for t in self.trials)
        order = list(self.resolved.get("engines", {}))
        return tuple(
            sorted(found, key=lambda e: order.index(e) if e in order else len(order))
        )

    @cached_property
    def seeds(self) -> tuple[int, ...]:
        """Every seed that a trial has, in order."""
        return tuple(sorted({trial.record["seed"] for trial in self.trials}))

    @property
    def metrics(self) -> tuple[Data, ...]:
        """Every metric as data, with `skipped` (a reason or None)."""
        return tuple(self.first["metrics"])

    @property
    def splits(self) -> Mapping[str, int]:
        """Number of faces by split."""
        return self.first["splits"]

    @property
    def main_split(self) -> str:
        """The split that carries the claims: held-out where it was scored."""
        return "heldout" if "heldout" in self.splits else next(iter(self.splits))

    @property
    def designers(self) -> tuple[str, ...]:
        """The designers' names; the first is the main one."""
        return tuple(self.first["designers"])

    @property
    def stand_in(self) -> bool:
        """Whether the faces stand in for photographs of people."""
        return bool(self.first["faces"]["stand_in"])

    def of(self, variant: str, engine: str) -> tuple[Trial, ...]:
        """A row's trials on one engine, a seed each, in the order of seeds."""
        chosen = [t for t in self.trials if (t.variant, t.engine) == (variant, engine)]
        return tuple(sorted(chosen, key=lambda t: t.record["seed"]))

    def done(self, variant: str, engine: str) -> tuple[Trial, ...]:
        """Those of `of` that finished."""
        return tuple(t for t in self.of(variant, engine) if t.error is None)

    def failed(self, variant: str, engine: str) -> bool:
        """Whether a row was tried on an engine and no trial of it finished."""
        tried = self.of(variant, engine)
        return bool(tried) and all(trial.error is not None for trial in tried)


def read_run(folder: Path) -> Run:
    """Read a run folder; raises ReportError where it holds no trials or mixed ones."""
    trials = []
    for place in trial_folders(folder):
        record = read_record(place)
        if record is None:
            raise ReportError(
                f"{place / 'trial.json'}: is not readable JSON; run again"
            )
        trials.append(Trial(place, record, read_timing(place)))
    if not trials:
        raise ReportError(
            f"{folder}: holds no trials; give the folder of a run, such as "
            "runs/quick/latest"
        )
    _check_alike(folder, trials)
    return Run(folder, tuple(trials), _read_resolved(folder), _read_environment(folder))


def _check_alike(folder: Path, trials: list[Trial]) -> None:
    """Faces, splits and metrics of all trials must be the same to share a table."""
    for key in ("faces", "splits", "designers", "metrics", "render_size"):
        for trial in trials[1:]:
            if trial.record[key] != trials[0].record[key]:
                raise ReportError(
                    f"{folder}: {trial.folder.name} and {trials[0].folder.name} differ "
                    f"in {key}, so their figures cannot share a table; report runs of "
                    "one suite"
                )


def _read_resolved(folder: Path) -> Data:
    path = folder / "resolved.yaml"
    try:
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        return yaml.safe_load(text) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ReportError(f"{path}: is not readable YAML; run again") from error


def _read_environment(folder: Path) -> Data:
    path = folder / "environment.json"
    try:
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except ValueError as error:
        raise ReportError(f"{path}: is not readable JSON; run again") from error
