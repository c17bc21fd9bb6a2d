"""Reads a run folder: the trials on disk, which every report is made from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
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
    """A report cannot be made; the message says why."""


@dataclass(frozen=True)
class Trial:
    """One variant on one engine with one seed.

    `record` holds the content of trial.json, `timing` that of timing.json.
    """

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
        """All cases of a finished trial, with the columns of `cases_bytes`."""
        return read_cases(self.folder)

    def scores(self, split: str, designer: str) -> pd.DataFrame:
        """The cases of one split under one designer."""
        block = self._blocks.get((split, designer))
        return self.cases.head(0) if block is None else block

    @cached_property
    def _blocks(self) -> dict[Any, pd.DataFrame]:
        # Every table asks for the same few parts of the cases.
        return dict(iter(self.cases.groupby(["split", "designer"], sort=False)))

    def vectors(self, split: str, designer: str) -> tuple[AvatarVectors, AvatarVectors]:
        """Predicted and ground-truth vectors, in the row order of `scores`."""
        # Cached because several tables and the page need the same vectors.
        if (split, designer) not in self._vectors:
            self._vectors[split, designer] = self._read_vectors(split, designer)
        return self._vectors[split, designer]

    @cached_property
    def _vectors(self) -> dict[Any, tuple[AvatarVectors, AvatarVectors]]:
        return {}

    def _read_vectors(
        self, split: str, designer: str
    ) -> tuple[AvatarVectors, AvatarVectors]:
        rows = self.scores(split, designer)
        predicted, truth = (
            _parsed_vectors(self.spec, tuple(rows[column]))
            for column in ("predicted", "truth")
        )
        return predicted, truth


@lru_cache(maxsize=8)
def _parsed_vectors(spec: AvatarSpec, texts: tuple[str, ...]) -> AvatarVectors:
    # Cached because trials of one engine have the same ground truth.
    return AvatarVectors.from_records(spec, json.loads(f"[{','.join(texts)}]"))


@dataclass(frozen=True)
class ReportedVariant:
    """One row of the tables: a variant over all its engines and seeds.

    `role` is "method", "control" or "oracle"; `meta` is the method's metadata.
    """

    name: str
    title: str
    role: str
    meta: Data

    @property
    def label(self) -> str:
        """The title, marked "(control)" for controls and "†" for oracles."""
        suffix = {"control": " (control)", "oracle": " †"}
        # The dagger says it already, and long labels make tall headings.
        title = self.title.removesuffix(" (oracle)")
        return title + suffix.get(self.role, "")


@dataclass(frozen=True)
class Ablation:
    """The suite's ablation (Table 3), with the titles that the table uses.

    `steps` are in order: each adds one step to the row before. Each variant of `beyond`
    changes the last step in some way.
    """

    title: str
    steps: tuple[ReportedVariant, ...]
    beyond: tuple[ReportedVariant, ...]

    @property
    def variants(self) -> tuple[ReportedVariant, ...]:
        """All rows: the steps, then the variants beyond them."""
        return self.steps + self.beyond


@dataclass(frozen=True)
class Run:
    """All trials of a run folder, with the run's configuration and environment."""

    folder: Path
    trials: tuple[Trial, ...]
    resolved: Data
    environment: Data
    estimates: dict[Any, Any] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def first(self) -> Data:
        """One trial's record, for what all trials share (faces, metrics, splits)."""
        return self.trials[0].record

    @cached_property
    def variants(self) -> tuple[ReportedVariant, ...]:
        """Methods, then controls, then oracles, each in the suite's order."""
        order = list(self.resolved.get("variants", {}))
        found = {
            t.variant: ReportedVariant(
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
        """The suite's ablation; None if it has none or a step has no trial yet."""
        named = self.resolved.get("ablation")
        by_name = {c.name: c for c in self.variants}
        if named is None or not set(named["rungs"]) <= set(by_name):
            return None
        steps, beyond = (
            tuple(
                replace(c, title=named["labels"].get(c.name, c.title))
                for c in (by_name[name] for name in named[kind] if name in by_name)
            )
            for kind in ("rungs", "beyond")
        )
        return Ablation(named["title"], steps, beyond)

    @cached_property
    def main_variants(self) -> tuple[ReportedVariant, ...]:
        """The rows of Table 1: of an ablation, only the first and the last step."""
        named = self.resolved.get("ablation") or {"rungs": ()}
        middle = named["rungs"][1:-1]
        return tuple(v for v in self.main_and_step_variants if v.name not in middle)

    @cached_property
    def main_and_step_variants(self) -> tuple[ReportedVariant, ...]:
        """The rows of Table 1 and all ablation steps, without the variants beyond."""
        named = self.resolved.get("ablation") or {"beyond": ()}
        return tuple(v for v in self.variants if v.name not in named["beyond"])

    def first_variant_of(self, method: str) -> ReportedVariant | None:
        """The first variant that uses a method, or None."""
        matching = (v for v in self.variants if v.meta["name"] == method)
        return next(matching, None)

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
        """The seeds of all trials, ascending."""
        return tuple(sorted({trial.record["seed"] for trial in self.trials}))

    @property
    def metrics(self) -> tuple[Data, ...]:
        """The metrics in the suite's order; `skipped` is a reason or None."""
        return tuple(self.first["metrics"])

    @property
    def splits(self) -> Mapping[str, int]:
        """Number of faces in each split."""
        return self.first["splits"]

    @property
    def main_split(self) -> str:
        """The split that claims are based on: held-out, if it was scored."""
        return "heldout" if "heldout" in self.splits else next(iter(self.splits))

    @property
    def designers(self) -> tuple[str, ...]:
        """The designers' names; the first is the main one."""
        return tuple(self.first["designers"])

    @property
    def stand_in(self) -> bool:
        """Whether the faces are synthetic stand-ins for photographs."""
        return bool(self.first["faces"]["stand_in"])

    def trials_of(self, variant: str, engine: str) -> tuple[Trial, ...]:
        """A variant's trials on one engine, ordered by seed."""
        chosen = [t for t in self.trials if (t.variant, t.engine) == (variant, engine)]
        return tuple(sorted(chosen, key=lambda t: t.record["seed"]))

    def finished_trials(self, variant: str, engine: str) -> tuple[Trial, ...]:
        """The trials of `trials_of` that did not fail."""
        return tuple(t for t in self.trials_of(variant, engine) if t.error is None)

    def failed(self, variant: str, engine: str) -> bool:
        """Whether a variant has trials on an engine and all of them failed."""
        tried = self.trials_of(variant, engine)
        return bool(tried) and all(trial.error is not None for trial in tried)


def read_run(folder: Path) -> Run:
    """Read a run folder.

    Raises ReportError if it holds no trials, trials of different suites, or a file that
    cannot be read.
    """
    trials = []
    for path in trial_folders(folder):
        record = read_record(path)
        if record is None:
            raise ReportError(
                f"{path / 'trial.json'} is not valid JSON; run the suite again"
            )
        trials.append(Trial(path, record, read_timing(path)))
    if not trials:
        raise ReportError(
            f"{folder} holds no trials; give the folder of a run, such as "
            "runs/quick/latest"
        )
    _check_same_suite(folder, trials)
    return Run(folder, tuple(trials), _read_resolved(folder), _read_environment(folder))


def _check_same_suite(folder: Path, trials: list[Trial]) -> None:
    for key in ("faces", "splits", "designers", "metrics", "render_size"):
        for trial in trials[1:]:
            if trial.record[key] != trials[0].record[key]:
                raise ReportError(
                    f"{folder}: {trial.folder.name} and {trials[0].folder.name} differ "
                    f"in {key}, so one table cannot show both; report the runs of one "
                    "suite"
                )


def _read_resolved(folder: Path) -> Data:
    path = folder / "resolved.yaml"
    try:
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        return yaml.safe_load(text) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ReportError(f"{path} is not valid YAML; run the suite again") from error


def _read_environment(folder: Path) -> Data:
    path = folder / "environment.json"
    try:
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except ValueError as error:
        raise ReportError(f"{path} is not valid JSON; run the suite again") from error
