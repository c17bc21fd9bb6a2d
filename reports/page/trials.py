"""The trials behind the numbers: their settings, and the command that repeats each."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from reports.page.html import Section
from reports.trials import ReportedVariant, Run, Trial


@dataclass(frozen=True)
class TrialFacts:
    """One trial; `folder` is its path from the report's folder."""

    seed: int
    folder: str
    key: str
    error: str


@dataclass(frozen=True)
class EngineTrials:
    """The trials of a variant on one engine, under their anchor."""

    anchor: str
    engine: str
    trials: tuple[TrialFacts, ...]


@dataclass(frozen=True)
class VariantTrials:
    """A variant with the settings that all its trials share."""

    anchor: str
    title: str
    settings: str
    command: str
    engines: tuple[EngineTrials, ...]


@dataclass(frozen=True)
class TrialsData:
    """The content of `trials.html.jinja`."""

    variants: tuple[VariantTrials, ...]
    command: str
    folder: str


def trial_anchor(variant: str, engine: str | None = None) -> str:
    """The anchor of a variant, or of its trials on one engine."""
    return f"trial-{variant}" + ("" if engine is None else f"--{engine}")


def trials_section(run: Run) -> Section:
    """Every trial with its settings, its files and how to repeat it."""
    variants = tuple(_variant(run, variant) for variant in run.variants)
    folder = run.folder.resolve().name
    data = TrialsData(variants, repeat_command(run), folder)
    return Section("trials", "Settings", "page/trials.html.jinja", data)


def repeat_command(run: Run, method: str | None = None) -> str:
    """The command that runs the suite again; `method` is one to build from scratch."""
    fresh = [] if method is None else ["--fresh", method]
    return shlex.join(["avatarbench", "run", str(run.first["suite"]), *fresh])


def _variant(run: Run, variant: ReportedVariant) -> VariantTrials:
    found = [(e, run.trials_of(variant.name, e)) for e in run.engines]
    first = next(trials[0] for _, trials in found if trials)
    engines = tuple(
        EngineTrials(
            trial_anchor(variant.name, engine), engine, tuple(map(_facts, trials))
        )
        for engine, trials in found
        if trials
    )
    return VariantTrials(
        trial_anchor(variant.name),
        variant.label,
        _settings(first.record),
        repeat_command(run, first.record["method"]),
        engines,
    )


def _settings(record: Mapping[str, Any]) -> str:
    """A trial's method, options and weights as YAML."""
    chosen = {name: record[name] for name in ("method", "options", "weights")}
    return yaml.safe_dump(chosen, sort_keys=False, allow_unicode=True)


def _facts(trial: Trial) -> TrialFacts:
    error = (trial.error or "").partition("\n")[0]
    folder = f"../trials/{trial.folder.name}"
    return TrialFacts(trial.record["seed"], folder, trial.record["key"], error)
