"""What the adoption of an engine still costs, stage by stage."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from benchmark.avatars import AvatarVectors
from benchmark.engines.base import Engine
from benchmark.run.cost_estimate import estimate_cost
from benchmark.run.plan import Plan, TrialPlan
from benchmark.run.stage_executor import StageExecutor
from benchmark.storage.store import Stage, Store
from methods.planning import Planned, PlannedStage

MEASURED, EARLIER, ROUGH = "measured", "earlier stages", "rough"
MEASURE_SECONDS = 1.0
"""Renders are measured until they took so long."""
FIRST_BATCH, LAST_BATCH = 8, 256
SLOW = 5.0
"""Seconds of a first render after which only one more is measured."""


@dataclass(frozen=True)
class StageCost:
    """A stage of an adoption.

    Attributes:
        name: of the stage.
        work: what it does, in words.
        cached: whether it is finished.
        seconds: estimated time; 0 if it is finished.
        basis: where the estimate comes from.
        mib: of disk that its renders will need.
    """

    name: str
    work: str
    cached: bool
    seconds: float
    basis: str = ""
    mib: float = 0.0


def measure_rate(engine: Engine, size: int) -> float:
    """Avatars that an engine renders in a second at `size` px, in growing batches."""
    started = time.perf_counter()
    engine.render(AvatarVectors.sample(engine.spec, 1, 0), size)
    batch = 1 if time.perf_counter() - started > SLOW else FIRST_BATCH
    while True:
        vectors = AvatarVectors.sample(engine.spec, batch, batch)
        started = time.perf_counter()
        engine.render(vectors, size)
        took = time.perf_counter() - started
        if took >= MEASURE_SECONDS or batch == LAST_BATCH:
            return batch / max(took, 1e-6)
        batch = min(LAST_BATCH, batch * 4)


def planned_stages(executor: StageExecutor, trial: TrialPlan) -> list[PlannedStage]:
    """The stages of a fit; only the fit itself for methods that do not plan them."""
    method = trial.variant.method(trial.variant.options)
    if not isinstance(method, Planned):
        (fit, *_) = estimate_cost(executor.plan, executor.store)
        work = f"training of {trial.variant.meta.title}"
        return [PlannedStage("fit", work, 1, max(fit.seconds, 1.0), trial.fit)]
    store = executor.store
    return list(
        method.planned_stages(executor.fit_context(trial, executor.progress, store))
    )


def estimate_stages(
    stages: Sequence[PlannedStage], plan: Plan, store: Store, rate: float
) -> list[StageCost]:
    """The costs of the planned stages, then of the avatars of the portraits.

    `rate` is the result of `measure_rate`.
    """
    (trial,) = plan.trials
    fitted = store.has(trial.fit)
    costs = [
        StageCost(each.name, each.work, True, 0.0)
        if fitted or (each.stage is not None and store.has(each.stage))
        else _cost(each, store, rate)
        for each in stages
    ]
    return [*costs, *_portraits(plan, trial, store)]


def _cost(planned: PlannedStage, store: Store, rate: float) -> StageCost:
    name, work = planned.name, planned.work
    if planned.unit_seconds is None:
        side = 0 if planned.stage is None else planned.stage.options["size"]
        mib = planned.units * side * side * 3 / 2**20
        return StageCost(name, work, False, planned.units / rate, MEASURED, mib)
    if planned.stage is not None:
        seconds = list(_seconds_of_like(planned.stage, store))
        if seconds:
            return StageCost(name, work, False, fmean(seconds), EARLIER)
    return StageCost(name, work, False, planned.units * planned.unit_seconds, ROUGH)


def _seconds_of_like(stage: Stage, store: Store) -> Iterator[float]:
    """What stages of equal options took that are in the store, such as other engines'.

    Stages of pairs do not tell the number of their latent codes, so their times may be
    those of another number.
    """
    own = stage.to_json()
    for record in store.records(stage.name):
        if all(record[key] == own[key] for key in ("version", "options")):
            yield float(record["seconds"])


def _portraits(plan: Plan, trial: TrialPlan, store: Store) -> Iterator[StageCost]:
    (split,) = trial.predict
    work = f"avatars of {len(plan.resolved.splits[split])} {split} portraits"
    for each in estimate_cost(plan, store):
        if each.kind in {"predict", "render"}:
            basis = EARLIER if each.measured else ROUGH
            done = not each.todo
            yield StageCost(each.kind, work, done, each.seconds, "" if done else basis)
