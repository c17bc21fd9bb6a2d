"""The executor of each stage: fit, predict, render, score, time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmark.avatars import AvatarVectors
from benchmark.config.resolved import BoundMetric
from benchmark.engines.base import Engine, RenderOnly
from benchmark.run.plan import Plan, TrialPlan
from benchmark.run.predicting import predicted
from benchmark.run.rendering import cases_of, load_renders, render, save_renders
from benchmark.storage.digests import digest_of
from benchmark.storage.store import Build, Stage, Store, atomic_write
from benchmark.storage.trial_folder import webp_bytes
from benchmark.system.progress import Progress, Task
from evaluation.base import Cases, MetricSetup
from evaluation.speed import Subject, measure, torch_clock
from methods.base import FitContext, Labelled, Pictures

if TYPE_CHECKING:
    from evaluation.base import Metric
    from methods.base import Method

CURVES_FILE, COST_FILE = "curves.jsonl", "cost.json"
VECTORS_FILE, SCORES_FILE = "vectors.json", "scores.json"


class StageExecutor:
    """A plan's stages, each built through the store when first asked for."""

    def __init__(self, plan: Plan, store: Store, progress: Progress) -> None:
        self.plan = plan
        self.store = store
        self.progress = progress
        self._metrics: dict[str, Metric] = {}
        self.pictures = lru_cache(maxsize=4)(self._pictures)
        self.encoded_faces = lru_cache(maxsize=4)(self._encoded_faces)
        self._truth_arrays = lru_cache(maxsize=8)(load_renders)

    def _pictures(self, split: str, size: int) -> NDArray[np.uint8]:
        return self.plan.resolved.splits[split].pictures(size)

    def _encoded_faces(self, split: str) -> list[bytes]:
        """The faces as every trial folder shows them, encoded once."""
        pictures = self.pictures(split, self.plan.resolved.suite.render_size)
        return [webp_bytes(picture) for picture in pictures]

    def engine(self, trial: TrialPlan) -> Engine:
        """The trial's engine."""
        return self.plan.resolved.engines[trial.engine]

    def fit(self, trial: TrialPlan) -> Path:
        """Folder of the fitted method."""
        return self.store.get_or_build(
            trial.fit, lambda folder, scratch: self._fit(trial, folder, scratch)
        )

    def _fit(self, trial: TrialPlan, folder: Path, scratch: Path) -> None:
        begun = scratch / "begun"
        resumed = begun.exists()
        begun.touch()
        recorder = Recorder(self.progress, scratch / CURVES_FILE)
        store = CountingStore(self.store)
        torch.manual_seed(trial.seed)
        method = trial.variant.method(trial.variant.options)
        method.fit(self.context(trial, recorder, store))
        method.save(folder)
        recorder.keep(folder / CURVES_FILE)
        cost = {
            "shared_seconds": sum(store.spared.values()),
            "resumed": resumed,
            "shipped": sorted(store.shipped_stages),
        }
        atomic_write(folder / COST_FILE, json.dumps(cost).encode())

    def context(self, trial: TrialPlan, progress: Progress, store: Store) -> FitContext:
        """All that the trial's method may see while it fits."""
        resolved = self.plan.resolved
        size = trial.variant.options.input_size
        digest = digest_of([resolved.splits["train"].digest, size])
        faces = Pictures(self.pictures("train", size), digest)
        return FitContext(
            engine=RenderOnly(self.engine(trial)),
            faces=faces,
            store=store,
            device=resolved.device,
            seed=trial.seed,
            progress=progress,
            weights=trial.variant.weights,
            labelled=self._labelled(trial, faces),
        )

    def _labelled(self, trial: TrialPlan, faces: Pictures) -> Labelled | None:
        """Truths of the train faces, for oracle rows alone."""
        if trial.variant.meta.role != "oracle":
            return None
        resolved = self.plan.resolved
        key = (trial.engine, "train", resolved.suite.designers[0])
        # Faces drawn anew may well have the same truths.
        digest = digest_of([faces.digest, resolved.truth_digest(*key)])
        return Labelled(faces, resolved.truths[key], digest)

    def predict(self, trial: TrialPlan, split: str) -> AvatarVectors:
        """The trial's vectors for a split."""
        folder = self.store.get_or_build(
            trial.predict[split],
            lambda folder, scratch: self._predict(trial, split, folder, scratch),
        )
        records = json.loads((folder / VECTORS_FILE).read_text())
        return AvatarVectors.from_records(self.engine(trial).spec, records)

    def _predict(
        self, trial: TrialPlan, split: str, folder: Path, scratch: Path
    ) -> None:
        method, faces = self._fitted(trial), self._inputs(trial, split)
        label = f"predict {trial.name}"
        records = predicted(method, faces, scratch, self.progress, label)
        atomic_write(folder / VECTORS_FILE, json.dumps(records).encode())

    def _fitted(self, trial: TrialPlan) -> Method:
        return trial.variant.method.load(self.fit(trial), self.plan.resolved.device)

    def _inputs(self, trial: TrialPlan, split: str) -> torch.Tensor:
        """(n, 3, H, W) float32 faces in [-1, 1] of the size that the method wants."""
        pictures = self.pictures(split, trial.variant.options.input_size)
        return torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1

    def renders(self, trial: TrialPlan, split: str) -> NDArray[np.uint8]:
        """(n, S, S, 3) pictures of the trial's predictions."""
        return load_renders(self._render(trial, split)).pictures

    def _render(self, trial: TrialPlan, split: str) -> Path:
        vectors = self.predict(trial, split)
        label = f"render {trial.name}"
        return self._obtain_renders(trial.render[split], trial.engine, vectors, label)

    def truth_renders(
        self, engine: str, split: str, designer: str
    ) -> NDArray[np.uint8]:
        """(n, S, S, 3) pictures of the truths."""
        return self._truth_arrays(self._render_truth(engine, split, designer)).pictures

    def _render_truth(self, engine: str, split: str, designer: str) -> Path:
        key = (engine, split, designer)
        vectors = self.plan.resolved.truths[key]
        label = f"render truths of {engine}"
        return self._obtain_renders(self.plan.truths[key], engine, vectors, label)

    def _obtain_renders(
        self, stage: Stage, engine: str, vectors: AvatarVectors, label: str
    ) -> Path:
        def build(folder: Path, scratch: Path) -> None:
            with self.progress.task(label, len(vectors)) as bar:
                size = self.plan.resolved.suite.render_size
                found = render(self.plan.resolved.engines[engine], vectors, size, bar)
                save_renders(folder, found)

        return self.store.get_or_build(stage, build)

    def scores(
        self, trial: TrialPlan, split: str, designer: str
    ) -> dict[str, NDArray[np.float64]]:
        """Every measured metric: (n,) of a case metric, (1,) of a set metric."""
        cases: list[Cases] = []
        found: dict[str, NDArray[np.float64]] = {}
        for bound in self.plan.resolved.bound_metrics:
            if bound.skipped is None:
                name = bound.meta.name
                build = self._scoring(bound, trial, split, designer, cases)
                stage = trial.scores[split, designer, name]
                folder = self.store.get_or_build(stage, build)
                scores = json.loads((folder / SCORES_FILE).read_text())
                found[name] = np.array(scores, dtype=np.float64)
        return found

    def _scoring(
        self,
        bound: BoundMetric,
        trial: TrialPlan,
        split: str,
        designer: str,
        cases: list[Cases],
    ) -> Callable[[Path, Path], None]:
        """The build of one score; metrics share `cases`, which is filled if needed."""

        def build(folder: Path, scratch: Path) -> None:
            if not cases:
                cases.append(self._cases(trial, split, designer))
            label = f"score {bound.meta.name} of {trial.name}"
            with self.progress.task(label, len(cases[0].truth)) as bar:
                scores = self._metric(bound).score(cases[0])
                bar.advance(len(cases[0].truth))
            _check_scores(bound, scores, len(cases[0].truth))
            values = [None if np.isnan(score) else float(score) for score in scores]
            atomic_write(folder / SCORES_FILE, json.dumps(values).encode())

        return build

    def _metric(self, bound: BoundMetric) -> Metric:
        name = bound.meta.name
        if name not in self._metrics:
            setup = MetricSetup(bound.weights, self.plan.resolved.device)
            self._metrics[name] = bound.metric(setup)
        return self._metrics[name]

    def _cases(self, trial: TrialPlan, split: str, designer: str) -> Cases:
        return cases_of(
            self.predict(trial, split),
            self.plan.resolved.truths[trial.engine, split, designer],
            load_renders(self._render(trial, split)),
            self._truth_arrays(self._render_truth(trial.engine, split, designer)),
        )

    def timing(self, trial: TrialPlan) -> dict[str, Any]:
        """What `timing.json` holds: latency of one face, and what the fit took."""
        folder = self.store.get_or_build(
            trial.speed, lambda folder, scratch: self._time(trial, folder)
        )
        timing = json.loads((folder / "timing.json").read_text())
        cost = json.loads((self.fit(trial) / COST_FILE).read_text())
        own = self.store.record(trial.fit)["seconds"]
        return {
            **timing,
            "fit_seconds": own + cost["shared_seconds"],
            "fit_resumed": cost["resumed"],
            "fit_shipped": cost.get("shipped", []),
        }

    def _time(self, trial: TrialPlan, folder: Path) -> None:
        resolved = self.plan.resolved
        engine, method = self.engine(trial), self._fitted(trial)
        subject = Subject(
            method.predict, lambda v: engine.render(v, resolved.suite.render_size)
        )
        faces = self._inputs(trial, resolved.suite.splits[0])[:8].split(1)
        with self.progress.task(f"time {trial.name}", 1) as bar:
            timing = measure(
                subject,
                list(faces),
                self.plan.machine,
                resolved.suite.speed.warmup,
                resolved.suite.speed.repeats,
                torch_clock(resolved.device),
            )
            bar.advance()
        data = {**timing.to_json(), "batch": 1, "warmup": resolved.suite.speed.warmup}
        atomic_write(folder / "timing.json", json.dumps(data).encode())


def _check_scores(bound: BoundMetric, scores: NDArray[np.float64], cases: int) -> None:
    expected = (cases,) if bound.meta.level == "case" else (1,)
    if scores.shape != expected:
        raise ValueError(
            f"metric {bound.meta.name} returned scores of shape {scores.shape}, "
            f"expected {expected}"
        )


class CountingStore(Store):
    """The same store; `spared` sums up what stages that were there already once cost.

    A method that finds a stage of another variant's fit, or one that ships, would else
    look cheaper. `shipped_stages` names the latter, which another machine made.
    """

    def __init__(self, store: Store) -> None:
        super().__init__(store.root, store.on_wait, store.made_with, store.shipped)
        self.spared: dict[str, float] = {}
        self.shipped_stages: set[str] = set()

    def get_or_build(self, stage: Stage, build: Build) -> Path:
        """As Store.get_or_build."""
        if self.has(stage):
            self.spared[stage.key] = float(self.record(stage)["seconds"])
            if self.ships(stage):
                self.shipped_stages.add(stage.name)
        return super().get_or_build(stage, build)


class Recorder:
    """A Progress that also keeps training figures, one JSON line a step."""

    def __init__(self, progress: Progress, path: Path) -> None:
        self._progress = progress
        self._path = path

    def task(
        self, label: str, total: int, done: int = 0
    ) -> AbstractContextManager[Task]:
        """The bar of the progress behind it."""
        return self._progress.task(label, total, done)

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Append the figures; a resumed fit says some steps again."""
        line = json.dumps({"step": step, **{k: float(v) for k, v in metrics.items()}})
        with self._path.open("a", encoding="utf-8") as handle:
            handle.write(line + "\n")
        self._progress.log(metrics, step)

    def keep(self, target: Path) -> None:
        """Write what was logged to `target`, the last word for each step."""
        if not self._path.is_file():
            return
        steps: dict[int, dict[str, float]] = {}
        for line in _whole_lines(self._path):
            steps.setdefault(int(line["step"]), {}).update(line)
        lines = [json.dumps(steps[step]) for step in sorted(steps)]
        target.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _whole_lines(path: Path) -> Iterator[dict[str, float]]:
    """Parsed lines; one that a kill cut off is left out."""
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            continue
