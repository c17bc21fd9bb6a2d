"""Check the contracts of plugins on two faces before a run."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch

from benchmark.avatars import AvatarVectors
from benchmark.config.suite import SuiteError
from benchmark.registry import ENGINES
from benchmark.run.contracts import (
    ContractError,
    check_predictions,
    check_scores,
    describe_failure,
)
from benchmark.run.plan import Plan, TrialPlan
from benchmark.run.rendering import Renders, make_cases, render
from benchmark.run.stage_executor import StageExecutor
from benchmark.storage.store import Store
from benchmark.system.progress import Silent, Task
from evaluation.base import MetricSetup
from methods.base import Method, with_engine

FACES = 2
FIT_SECONDS = 30.0
"""A rehearsed fit that takes longer ends at its next step of progress."""
ROUNDING = 1e-3
"""Difference of continuous values that two predictions of the same faces may have."""


def rehearse(
    plan: Plan, store: Store, finished: Collection[str], say: Callable[[str], None]
) -> None:
    """Check the plugins and engines of the unfinished trials; the store stays as it is.

    Every engine renders two vectors twice, and another instance of it renders them.
    Methods and metrics that are plugins work on two faces. A fit that raises any
    exception, even SystemExit, only gets a warning through `say`, because two faces may
    be too few for it.

    Raises SuiteError with all breaches of contracts.
    """
    trials = [trial for trial in plan.trials if trial.name not in finished]
    problems: list[str] = []
    for name in dict.fromkeys(trial.engine for trial in trials):
        try:
            drawn = _rehearse_engine(name, plan)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            problems.append(f"engine {name}: {_describe(error)}")
            continue
        problems += _metric_problems(plan, name, drawn)
        problems += _method_problems(plan, store, _first_of(trials, name, store), say)
    if problems:
        raise SuiteError(problems)


def _first_of(
    trials: Collection[TrialPlan], engine: str, store: Store
) -> list[TrialPlan]:
    """The first trial of each method on an engine, unless its fit is cached."""
    first: dict[str, TrialPlan] = {}
    for trial in trials:
        if trial.engine == engine:
            first.setdefault(trial.variant.meta.name, trial)
    return [trial for trial in first.values() if not store.has(trial.fit)]


def _rehearse_engine(name: str, plan: Plan) -> tuple[AvatarVectors, Renders]:
    """Two vectors and their renders; ContractError if another render differs."""
    engine = plan.resolved.engines[name]
    vectors = AvatarVectors.sample(engine.spec, FACES, seed=0)
    size = plan.resolved.suite.render_size
    first = render(engine, vectors, size)
    again = render(engine, vectors, size)
    _check_same(first, again, "they are rendered again")
    twin = render(ENGINES.create(name), vectors, size)
    _check_same(first, twin, "another instance of the engine renders them")
    return vectors, first


def _check_same(first: Renders, second: Renders, when: str) -> None:
    """Raise ContractError if renders of the same vectors differ."""
    for name, once, again in zip(Renders._fields, first, second, strict=True):
        if once is None or again is None:
            continue
        if not np.array_equal(once, again):
            share = float(np.mean(once != again))
            raise ContractError(
                f"the same vectors must give the same {name}, but {share:.1%} of the "
                f"values differ when {when}"
            )


def _metric_problems(
    plan: Plan, engine: str, drawn: tuple[AvatarVectors, Renders]
) -> Iterator[str]:
    resolved = plan.resolved
    for bound in resolved.bound_metrics:
        name = bound.meta.name
        if bound.skipped is not None or f"metric {name}" not in resolved.sources:
            continue
        vectors, renders = drawn
        try:
            setup = MetricSetup(bound.weights, resolved.device)
            cases = make_cases(vectors, vectors, renders, renders)
            check_scores(bound.metric(setup).score(cases), bound.meta, FACES)
        except ContractError as error:
            yield str(error)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            yield f"metric {name}, on two avatars of {engine}: {_describe(error)}"


def _method_problems(
    plan: Plan,
    store: Store,
    trials: Collection[TrialPlan],
    say: Callable[[str], None],
) -> Iterator[str]:
    for trial in trials:
        name = trial.variant.meta.name
        if f"method {name}" not in plan.resolved.sources:
            continue
        where = f"method {name}, on two faces and {trial.engine}"
        say(f"checks {where}")
        try:
            _rehearse_method(plan, store, trial)
        except _TimeIsUp:
            continue
        except _FitFailed as error:
            say(f"warning: {where}: fit raised {_describe(error.error)}")
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            yield f"{where}: {_describe(error)}"


class _FitFailed(Exception):
    def __init__(self, error: BaseException) -> None:
        super().__init__(str(error))
        self.error = error


class _TimeIsUp(BaseException):
    """Ends a fit whose rehearsal takes too long; no plugin catches it by mistake."""


def _rehearse_method(plan: Plan, store: Store, trial: TrialPlan) -> None:
    """Fit, save, load and predict; raises ContractError, or what the method raises."""
    resolved = plan.resolved
    with TemporaryDirectory(prefix="avatarbench-") as name:
        folder = Path(name)
        private = Store(folder / "store", shipped=store.shipped)
        executor = StageExecutor(_on_two_faces(plan), private, _Limited())
        method = trial.variant.method(trial.variant.options)
        torch.manual_seed(trial.seed)
        try:
            method.fit(executor.fit_context(trial, executor.progress, executor.store))
        except (KeyboardInterrupt, _TimeIsUp):
            raise
        except BaseException as error:
            raise _FitFailed(error) from error
        saved = folder / "saved"
        saved.mkdir()
        method.save(saved)
        faces = executor.method_input(trial, resolved.suite.splits[0])
        spec = resolved.engines[trial.engine].spec
        method = _load(executor, trial, saved)
        first = check_predictions(method.predict(faces), spec, len(faces))
        _check_alike(first, method.predict(faces), "called again")
        del method  # two of them may not fit in memory
        method = _load(executor, trial, saved)
        _check_alike(first, method.predict(faces), "loaded again")


def _load(executor: StageExecutor, trial: TrialPlan, saved: Path) -> Method:
    """The saved method, ready to predict; ContractError if it is something else."""
    method = trial.variant.method
    loaded: Any = method.load(saved, executor.plan.resolved.device)
    if not isinstance(loaded, method):
        raise ContractError(
            f"load must return a fitted {method.__name__}, but it returned a "
            f"{type(loaded).__name__}"
        )
    return with_engine(loaded, lambda: executor.engine(trial))


def _check_alike(first: AvatarVectors, second: Any, when: str) -> None:
    """Raise ContractError if vectors differ by more than the rounding of a GPU."""
    second = check_predictions(second, first.spec, len(first))
    if not np.array_equal(first.discrete, second.discrete) or not np.allclose(
        first.continuous, second.continuous, rtol=0, atol=ROUNDING
    ):
        raise ContractError(
            "predict must return the same vectors for the same faces, but they differ "
            f"when the method is {when}"
        )


def _on_two_faces(plan: Plan) -> Plan:
    resolved = plan.resolved
    splits = {n: s.subset(min(FACES, len(s))) for n, s in resolved.splits.items()}
    truths = {key: vectors[:FACES] for key, vectors in resolved.truths.items()}
    return replace(plan, resolved=replace(resolved, splits=splits, truths=truths))


class _Limited(Silent):
    """A Progress that ends a fit after `FIT_SECONDS`."""

    def __init__(self) -> None:
        self._end = time.monotonic() + FIT_SECONDS

    @contextmanager
    def task(self, label: str, total: int, done: int = 0) -> Iterator[Task]:
        """See `Progress.task`."""
        yield self

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """See `Progress.log`."""
        self.advance()

    def advance(self, count: int = 1) -> None:
        """See `Task.advance`; raises when the time is up."""
        if time.monotonic() > self._end:
            raise _TimeIsUp


def _describe(error: BaseException) -> str:
    """An error in words, with its type unless it is a breach of a contract."""
    return str(error) if isinstance(error, ContractError) else describe_failure(error)
