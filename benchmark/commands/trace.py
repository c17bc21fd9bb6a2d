"""`avatarbench trace`: what each step of a method's chain reached, and what it cost."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from benchmark.commands.generator import feature_weights
from benchmark.commands.run import open_store
from benchmark.plan import Plan, TrialPlan, make_plan
from benchmark.progress import Progress
from benchmark.resolve import resolve
from benchmark.store import Build, Stage, Store, atomic_write
from benchmark.suite import SuiteError, load_suite
from benchmark.terminal import duration, open_progress, print_table
from benchmark.work import Work
from evaluation.fidelity import Reading, pair_fidelity
from methods.base import Method
from methods.pictures import as_tensor, seen
from methods.swiftavatar.chain import Chain
from methods.swiftavatar.method import SwiftAvatar
from methods.swiftavatar.pairs import FacePairs
from methods.swiftavatar.sheets import dual_domain_sheet, pairs_sheet
from methods.swiftavatar.trace import Step, traced_steps

SHOWN = 16
"""Codes and avatars on a sheet."""


@dataclass(frozen=True)
class Request:
    """What the command line asked for; empty tuples mean all."""

    suite: str
    overrides: tuple[str, ...]
    engines: tuple[str, ...]
    variants: tuple[str, ...]
    store: Path
    out: Path
    read: int
    quiet: bool


def carry_out(request: Request) -> int:
    """Trace every chain that was asked for; writes a folder for each."""
    plan = make_plan(resolve(load_suite(request.suite, request.overrides)))
    trials = _chosen(plan, request)
    features = feature_weights()
    progress = open_progress(request.quiet)
    store = open_store(request.store, plan.contest, progress.say)
    for trial in trials:
        work = Work(plan, store, progress)
        _trace(work, trial, request, features, progress)
    return 0


def _chosen(plan: Plan, request: Request) -> list[TrialPlan]:
    """The first seed's trials of the engines and variants that have a chain."""
    seed = plan.contest.suite.seeds[0]
    found = [
        trial
        for trial in plan.trials
        if trial.seed == seed
        and issubclass(trial.variant.method, SwiftAvatar)
        and trial.engine in (request.engines or (trial.engine,))
        and trial.variant.name in (request.variants or (trial.variant.name,))
    ]
    if not found:
        there = ", ".join(
            v.name for v in plan.contest.variants if issubclass(v.method, SwiftAvatar)
        )
        raise SuiteError(
            [
                f"{request.suite}: no trial to trace: of its variants those with a "
                f"chain are: {there or 'none'}; its engines are "
                f"{', '.join(plan.contest.engines)}"
            ]
        )
    return found


def _trace(
    work: Work,
    trial: TrialPlan,
    request: Request,
    features: Path,
    progress: Progress,
) -> None:
    method = trial.variant.method(trial.variant.options)
    assert isinstance(method, SwiftAvatar)
    store = WatchedStore(work.store)
    chain = method.chain(work.context(trial, progress, store))
    folder = request.out / f"{trial.variant.name}-{trial.engine}"
    folder.mkdir(parents=True, exist_ok=True)
    steps = [_told(step, store) for step in traced_steps(chain, features)]
    fidelity = _fidelity(work, trial, chain.pairs, request.read)
    data = {"variant": trial.variant.name, "engine": trial.engine, "steps": steps}
    atomic_write(folder / "trace.json", (json.dumps(data, indent=2) + "\n").encode())
    if fidelity is not None:
        fidelity.to_csv(folder / "fidelity.csv", index=False)
    _draw(chain, folder)
    _print(trial, steps, fidelity, folder)


def _told(step: Step, store: WatchedStore) -> dict[str, Any]:
    record = store.seen.get(step.name, {})
    return {
        "step": step.name,
        "seconds": record.get("seconds"),
        "peak_mib": record.get("peak_mib"),
        "key": record.get("key"),
        "figures": dict(step.figures),
    }


def _fidelity(
    work: Work, trial: TrialPlan, pairs: FacePairs, count: int
) -> pd.DataFrame | None:
    """How well the suite's oracle reads the pairs; None where the suite has none."""
    contest = work.plan.contest
    oracle = next(
        (
            other
            for other in work.plan.trials
            if other.variant.meta.name == "supervised"
            and (other.engine, other.seed) == (trial.engine, trial.seed)
        ),
        None,
    )
    if oracle is None or "validation" not in contest.suite.splits:
        return None
    reader = oracle.variant.method.load(work.fit(oracle), contest.device)
    read = _read(reader, np.asarray(pairs.pictures[:count]))
    truth = contest.truths[trial.engine, "validation", contest.suite.designers[0]]
    return pair_fidelity(
        Reading(read, pairs.vectors[: len(read)]),
        Reading(work.predict(oracle, "validation"), truth),
    )


def _read(reader: Method, pictures: np.ndarray[Any, np.dtype[np.uint8]]) -> Any:
    faces = seen(as_tensor(pictures), reader.options.input_size)
    return reader.predict(faces.clamp(-1, 1))


def _draw(chain: Chain, folder: Path) -> None:
    realistic, avatar = chain.pair.realistic, chain.adapted.generator
    shown = range(min(SHOWN, len(chain.codes.latents)))
    sheets = {
        "dual-domain": dual_domain_sheet(realistic, avatar, SHOWN),
        "pairs": pairs_sheet(
            chain.renders.pictures,
            chain.codes.latents,
            avatar,
            realistic,
            chain.pairs,
            shown,
        ),
    }
    for name, sheet in sheets.items():
        Image.fromarray(sheet).save(folder / f"{name}.png")


def _print(
    trial: TrialPlan,
    steps: list[dict[str, Any]],
    fidelity: pd.DataFrame | None,
    folder: Path,
) -> None:
    print(f"{trial.variant.name} on {trial.engine}")
    print_table(("step", "time", "memory", "figure", "value"), _lines(steps))
    if fidelity is not None:
        rows = fidelity.itertuples(index=False)
        print_table(
            tuple(fidelity.columns), ([_cell(value) for value in row] for row in rows)
        )
    print(f"written: {folder}")


def _lines(steps: list[dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    for step in steps:
        seconds, peak = step["seconds"], step["peak_mib"]
        took = "" if seconds is None else duration(seconds)
        height = "" if peak is None else f"{peak:,.0f} MiB"
        head = (step["step"], took, height)
        for name, value in step["figures"].items():
            yield (*head, name, _cell(value))
            head = ("", "", "")


def _cell(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


class WatchedStore(Store):
    """The same store; `seen` keeps the record of every stage that was asked for."""

    def __init__(self, store: Store) -> None:
        super().__init__(store.root, store.on_wait, store.made_with, store.shipped)
        self.seen: dict[str, Mapping[str, Any]] = {}

    def obtain(self, stage: Stage, build: Build) -> Path:
        """As Store.obtain."""
        folder = super().obtain(stage, build)
        self.seen[stage.name] = {**self.record(stage), "key": stage.key}
        return folder
