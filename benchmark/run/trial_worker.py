"""Trials on workers: each worker resolves the suite itself and runs whole trials.

A worker gets the name of a trial and returns its outcome. Results go through the store
and the run folder, whose locks already serve several processes.
"""

from __future__ import annotations

import os
import socket
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

from benchmark.config.resolve import resolve
from benchmark.config.resolved import ResolvedSuite
from benchmark.config.suite import load_suite
from benchmark.execution import Executor, WorkersError
from benchmark.run.open_store import open_store
from benchmark.run.plan import Plan, TrialPlan, make_plan
from benchmark.run.stage_executor import StageExecutor
from benchmark.run.trial_runner import Outcome, finish_trial
from benchmark.storage.digests import digest_of
from benchmark.storage.store import Store
from benchmark.system.console import ConsoleProgress


@dataclass(frozen=True)
class SuiteSource:
    """Where a suite comes from, so that a worker can read it again.

    Attributes:
        name: of a built-in suite, or the path of a YAML file.
        overrides: texts such as `options.steps=50`.
        lpips_backbone: an AlexNet file, or None for the fetched one.
        folder: the current folder, against which relative paths are resolved.
    """

    name: str
    overrides: tuple[str, ...]
    lpips_backbone: Path | None
    folder: Path


@dataclass(frozen=True)
class Workers:
    """The workers of a run.

    Attributes:
        executor: starts them.
        source: of the suite of the run.
        console: shows their progress.
        label: of the bar over all workers.
    """

    executor: Executor
    source: SuiteSource
    console: ConsoleProgress
    label: str = "trials"


@dataclass(frozen=True)
class TrialWork:
    """Makes a worker ready to run trials by name (`benchmark.execution.Prepare`).

    Attributes:
        source: of the suite.
        device: of the driver.
        parts: digests of the parts of the resolved suite of the driver.
        machine: the hardware of the driver, which measures the speeds.
        store: the folder of the store.
        rebuilds: see `Store`.
        folder: the run folder.
    """

    source: SuiteSource
    device: str
    parts: Mapping[str, str]
    machine: Mapping[str, Any]
    store: Path
    rebuilds: Mapping[str, frozenset[str]]
    folder: Path

    def __call__(self, progress: ConsoleProgress) -> Callable[[str], Outcome]:
        """Resolve the suite and open the store.

        Raises WorkersError if this worker does not see the folders of the driver, or
        the suite resolves to something else here.
        """
        self._go_to_folder()
        suite = load_suite(self.source.name, self.source.overrides)
        suite = suite.model_copy(update={"device": self.device})
        resolved = resolve(suite, self.source.lpips_backbone)
        self._check_same(resolved)
        plan = make_plan(resolved, self.machine)
        store = open_store(self.store, plan, progress.say)
        store.rebuilds = self.rebuilds
        executor = StageExecutor(plan, store, progress)
        trials = {trial.name: trial for trial in plan.trials}
        run = partial(finish_trial, plan, executor, folder=self.folder)
        return lambda name: run(trials[name])

    def _go_to_folder(self) -> None:
        """Go to the driver's folder, against which all relative paths are resolved."""
        if self.source.folder.is_dir():
            os.chdir(self.source.folder)
        for folder in (self.source.folder, self.store, self.folder):
            if not folder.is_dir():
                raise WorkersError(
                    f"the worker on {socket.gethostname()} does not see {folder}: put "
                    "the current folder, --out and --store on a file system that all "
                    "machines have at the same place"
                )

    def _check_same(self, resolved: ResolvedSuite) -> None:
        here = part_digests(resolved)
        differing = [name for name in here if here[name] != self.parts.get(name)]
        if differing:
            raise WorkersError(
                f"on {socket.gethostname()} the suite {resolved.suite.name} has other "
                f"{', '.join(differing)} than for the driver: install the same "
                "avatarbench, plugins and weight files on all machines"
            )


def part_digests(resolved: ResolvedSuite) -> dict[str, str]:
    """Digests of the parts of a resolved suite, such as `engines`, by name."""
    return {name: digest_of(part) for name, part in resolved.to_data().items()}


def trial_work(
    plan: Plan, store: Store, folder: Path, source: SuiteSource
) -> TrialWork:
    """What a worker needs to run trials of a plan."""
    return TrialWork(
        source,
        plan.resolved.device,
        part_digests(plan.resolved),
        plan.machine,
        store.root,
        store.rebuilds,
        folder,
    )


def spread(trials: Sequence[TrialPlan]) -> list[TrialPlan]:
    """Order trials so that neighbours share few stages.

    Trials of one engine and seed share renders. Workers that need a stage which another
    one builds have to wait.
    """
    groups: defaultdict[tuple[str, int], list[TrialPlan]] = defaultdict(list)
    for trial in trials:
        groups[trial.engine, trial.seed].append(trial)
    rounds = chain.from_iterable(zip_longest(*groups.values()))
    return [trial for trial in rounds if trial is not None]
