"""The plan of a resolved suite: the stages of every trial."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import torch

from benchmark.config.resolved import BoundMetric, ResolvedSuite, Variant, metric_data
from benchmark.engines.base import engine_digest
from benchmark.run.stage_keys import (
    fit_stage,
    predict_stage,
    render_stage,
    score_stage,
    speed_stage,
    truth_render_stage,
)
from benchmark.storage.digests import digest_of
from benchmark.storage.store import Stage
from benchmark.storage.trial_folder import trial_name
from benchmark.system.hardware import hardware
from benchmark.weights.folders import is_member

NO_FACES = "none"
"""Stands for the digest of train faces where a suite has none."""


@dataclass(frozen=True)
class TrialPlan:
    """One variant × engine × seed and its stages.

    Attributes:
        variant: the method with its options.
        engine: name of the engine.
        seed: of the fit.
        fit: the fitted method.
        speed: its speed on this machine.
        predict: predicted vectors by split.
        render: their renders by split.
        scores: by (split, designer, metric).
    """

    variant: Variant
    engine: str
    seed: int
    fit: Stage
    speed: Stage
    predict: Mapping[str, Stage]
    render: Mapping[str, Stage]
    scores: Mapping[tuple[str, str, str], Stage]

    @property
    def name(self) -> str:
        """The trial's folder name."""
        return trial_name(self.variant.name, self.engine, self.seed)

    def stages(self) -> Iterator[Stage]:
        """Every stage in the order of execution."""
        yield self.fit
        yield self.speed
        yield from self.predict.values()
        yield from self.render.values()
        yield from self.scores.values()


@dataclass(frozen=True)
class Plan:
    """Every trial of a suite, and the ground-truth renders that trials share.

    Attributes:
        resolved: the suite.
        machine: the hardware, as timings record it.
        truths: ground-truth renders by (engine, split, designer).
        trials: in the order of execution.
    """

    resolved: ResolvedSuite
    machine: Mapping[str, Any]
    truths: Mapping[tuple[str, str, str], Stage]
    trials: tuple[TrialPlan, ...]

    def trial_key(self, trial: TrialPlan) -> str:
        """SHA-256 (hex) of everything that a trial's scores depend on."""
        scores = {"/".join(name): stage.key for name, stage in trial.scores.items()}
        return digest_of({"run": self.resolved.digest, "scores": scores})

    @cached_property
    def unique(self) -> dict[str, Stage]:
        """Every stage of the plan by key, each once."""
        shared = {stage.key: stage for stage in self.truths.values()}
        return shared | {s.key: s for t in self.trials for s in t.stages()}


def make_plan(
    resolved: ResolvedSuite, machine: Mapping[str, Any] | None = None
) -> Plan:
    """Plan the stages of every trial: variants × engines × seeds.

    Sets the number of threads of torch, on which results and speed depend. `machine` is
    the one that measures speeds; this one if it is None.
    """
    torch.set_num_threads(resolved.suite.threads)
    machine = machine or hardware(resolved.device, resolved.suite.threads)
    size = resolved.suite.render_size
    truths = {
        (engine, split, designer): truth_render_stage(
            engine_digest(resolved.engines[engine]),
            resolved.truth_digest(engine, split, designer),
            size,
        )
        for engine in resolved.engines
        for split in resolved.suite.splits
        for designer in resolved.suite.designers
    }
    fits = {
        (engine, variant.name, seed): _plan_fit(
            resolved, variant.on_engine(engine), engine, seed
        )
        for engine in resolved.engines
        for variant in resolved.variants
        for seed in resolved.suite.seeds
    }
    session = {
        "machine": digest_of(machine),
        "together": digest_of(sorted({fit.key for fit in fits.values()})),
    }
    trials = tuple(
        _plan_trial(
            resolved, session, truths, variant.on_engine(engine), engine, seed, fits
        )
        for engine in resolved.engines
        for variant in resolved.variants
        for seed in resolved.suite.seeds
    )
    return Plan(resolved, machine, truths, trials)


def _plan_trial(
    resolved: ResolvedSuite,
    session: Mapping[str, str],
    truths: Mapping[tuple[str, str, str], Stage],
    variant: Variant,
    engine: str,
    seed: int,
    fits: Mapping[tuple[str, str, int], Stage],
) -> TrialPlan:
    suite, digest = resolved.suite, engine_digest(resolved.engines[engine])
    fit = fits[engine, variant.name, seed]
    # The latency of rendering grows with the size of the picture.
    timed = {**suite.speed.model_dump(), "render_size": suite.render_size}
    speed = speed_stage(fit, digest, session, timed)
    predict = {s: predict_stage(fit, resolved.splits[s].digest) for s in suite.splits}
    render = {s: render_stage(digest, p, suite.render_size) for s, p in predict.items()}
    scores = {
        (split, designer, bound.meta.name): _plan_score(
            bound, render[split], truths[engine, split, designer]
        )
        for split in suite.splits
        for designer in suite.designers
        for bound in resolved.bound_metrics
        if bound.skipped is None
    }
    return TrialPlan(variant, engine, seed, fit, speed, predict, render, scores)


def _plan_fit(
    resolved: ResolvedSuite, variant: Variant, engine: str, seed: int
) -> Stage:
    meta, truth = variant.meta, None
    if meta.role == "oracle":
        truth = resolved.truth_digest(engine, "train", resolved.suite.designers[0])
    return fit_of(
        {"name": meta.name, "version": meta.version, "revision": meta.revision},
        variant.options.model_dump(mode="json"),
        engine_digest(resolved.engines[engine]),
        train_digest(resolved),
        variant.digests,
        variant.other_engines,
        truth,
        resolved.compute,
        seed,
        from_scratch=resolved.suite.from_scratch,
    )


def fit_of_record(config: Mapping[str, Any], record: Mapping[str, Any]) -> Stage:
    """The fit of a trial, from `resolved.yaml` and `trial.json` of its run."""
    meta, faces = record["method_meta"], config["faces"]
    engine, truth = record["engine"], None
    if record["role"] == "oracle":
        truth = faces["truths"][f"{engine}/train/{record['designers'][0]}"]
    return fit_of(
        {key: meta[key] for key in ("name", "version", "revision")},
        record["options"],
        config["engines"][engine]["digest"],
        faces["splits"].get("train", {"digest": NO_FACES})["digest"],
        record["weights"],
        record.get("other_engines", {}),
        truth,
        record["compute"],
        record["seed"],
        from_scratch=bool(config.get("from_scratch")),
    )


def fit_of(
    method: Mapping[str, str],
    options: Mapping[str, Any],
    engine: str,
    faces: str,
    weights: Mapping[str, str],
    other_engines: Mapping[str, str],
    truth: str | None,
    compute: Mapping[str, Any],
    seed: int,
    *,
    from_scratch: bool,
) -> Stage:
    """The fit stage of digests; see `fit_stage`. `truth` is for oracles only."""
    inputs = {
        "engine": engine,
        "faces": faces,
        **{f"weights.{name}": digest for name, digest in weights.items()},
        **{f"engine.{name}": digest for name, digest in other_engines.items()},
    }
    if truth is not None:
        inputs["truth"] = truth
    fit = fit_stage(method, options, inputs, compute, seed)
    # Only methods that read a generator can use shipped weights or stages.
    if from_scratch and any(map(is_member, weights)):
        fit = replace(fit, options={**fit.options, "from_scratch": True})
    return fit


def train_digest(resolved: ResolvedSuite) -> str:
    """The digest of the train faces; "none" if there are none (controls only)."""
    train = resolved.splits.get("train")
    return NO_FACES if train is None else train.digest


def _plan_score(bound: BoundMetric, predicted: Stage, truth: Stage) -> Stage:
    data = metric_data(bound)
    return score_stage(
        bound.meta.name, data["identity"], bound.digests, predicted, truth
    )
