"""Execute the stages of a plan: fit, predict, render and score."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmark.avatars import AvatarVectors
from benchmark.config.resolved import BoundMetric
from benchmark.engines.base import Engine, RenderOnly
from benchmark.run.contracts import check_scores
from benchmark.run.fit_recording import (
    CURVES_FILE,
    CurveRecorder,
    read_cost,
    write_cost,
)
from benchmark.run.fresh import differing
from benchmark.run.plan import Plan, TrialPlan, train_digest
from benchmark.run.predicting import predict_in_batches
from benchmark.run.rendering import load_renders, make_cases, render, save_renders
from benchmark.run.timing import read_speed
from benchmark.storage.digests import digest_of
from benchmark.storage.recording_store import RecordingStore
from benchmark.storage.store import Stage, Store, atomic_write
from benchmark.storage.trial_folder import webp_files
from benchmark.system.progress import Progress
from benchmark.system.tf32 import allow_tf32
from evaluation.base import Cases, MetricSetup
from methods.base import FitContext, Labelled, Pictures, with_engine

if TYPE_CHECKING:
    from evaluation.base import Metric
    from methods.base import Method

VECTORS_FILE, SCORES_FILE = "vectors.json", "scores.json"


class StageExecutor:
    """Builds the stages of a plan on demand and caches them in the store."""

    def __init__(self, plan: Plan, store: Store, progress: Progress) -> None:
        self.plan = plan
        self.store = store
        self.progress = progress
        self._metrics: dict[str, Metric] = {}
        allow_tf32(plan.resolved.device)
        self.pictures = lru_cache(maxsize=4)(self._pictures)
        self.encoded_faces = lru_cache(maxsize=4)(self._encoded_faces)
        self._load_truth_renders = lru_cache(maxsize=8)(load_renders)
        # The splits of one trial: written as pictures and scored for every designer.
        self._load_renders = lru_cache(maxsize=2)(load_renders)

    def _pictures(self, split: str, size: int) -> NDArray[np.uint8]:
        """(n, size, size, 3) faces of a split; n = 0 without train faces."""
        faces = self.plan.resolved.splits.get(split)
        if faces is None:
            return np.empty((0, size, size, 3), dtype=np.uint8)
        return faces.pictures(size)

    def _encoded_faces(self, split: str) -> list[bytes]:
        """The faces of a split as WebP files for trial folders."""
        pictures = self.pictures(split, self.plan.resolved.suite.render_size)
        return webp_files(pictures)

    def engine(self, trial: TrialPlan) -> Engine:
        """The engine of a trial."""
        return self.plan.resolved.engines[trial.engine]

    def fit(self, trial: TrialPlan) -> Path:
        """Fit the method of a trial; returns the folder of the fitted method."""
        return self.store.get_or_build(
            trial.fit, lambda folder, scratch: self._fit(trial, folder, scratch)
        )

    def _fit(self, trial: TrialPlan, folder: Path, scratch: Path) -> None:
        begun = scratch / "begun"
        resumed = begun.exists()
        begun.touch()
        recorder = CurveRecorder(self.progress, scratch / CURVES_FILE)
        store = RecordingStore(self.store, trial.fit)
        torch.manual_seed(trial.seed)
        method = trial.variant.method(trial.variant.options)
        method.fit(self.fit_context(trial, recorder, store))
        method.save(folder)
        recorder.write_curves(folder / CURVES_FILE)
        write_cost(folder, store.requested, resumed)
        self._warn_of_old_stages(trial, store)

    def _warn_of_old_stages(self, trial: TrialPlan, store: RecordingStore) -> None:
        """Say which cached stages of a fit were made by other code of its plugins."""
        sources = store.sources_of(trial.fit)
        for stage in store.requested:
            for label in differing(sources, stage.record) if stage.cached else ():
                store.on_wait(
                    f"warning: {trial.name} uses a cached stage {stage.name} that an "
                    f"earlier version of {label} made; rebuild it with "
                    f"`run --fresh {label.partition(' ')[2]}`, or change its version"
                )

    def fit_context(
        self, trial: TrialPlan, progress: Progress, store: Store
    ) -> FitContext:
        """Everything that the method of a trial may use while it fits."""
        resolved = self.plan.resolved
        size = trial.variant.options.input_size
        digest = digest_of([train_digest(resolved), size])
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
        """Ground truth of the train faces, for oracle rows only."""
        if trial.variant.meta.role != "oracle":
            return None
        resolved = self.plan.resolved
        key = (trial.engine, "train", resolved.suite.designers[0])
        # Different faces may have the same ground truth.
        digest = digest_of([faces.digest, resolved.truth_digest(*key)])
        return Labelled(faces, resolved.truths[key], digest)

    def predict(self, trial: TrialPlan, split: str) -> AvatarVectors:
        """The predicted vectors of a split."""

        def build(folder: Path, scratch: Path) -> None:
            records = predict_in_batches(
                self.load_fitted(trial),
                self.method_input(trial, split),
                self.engine(trial).spec,
                scratch,
                self.progress,
                f"predict {trial.name}",
            )
            atomic_write(folder / VECTORS_FILE, json.dumps(records).encode())

        folder = self.store.get_or_build(trial.predict[split], build)
        records = json.loads((folder / VECTORS_FILE).read_text())
        return AvatarVectors.from_records(self.engine(trial).spec, records)

    def load_fitted(self, trial: TrialPlan) -> Method:
        """The fitted method of a trial, read from its folder."""
        loaded = trial.variant.method.load(self.fit(trial), self.plan.resolved.device)
        return with_engine(loaded, lambda: self.engine(trial))

    def method_input(
        self, trial: TrialPlan, split: str, first: int | None = None
    ) -> torch.Tensor:
        """(n, 3, S, S) float32 faces in [-1, 1], S the input size of the method.

        `first` limits them to the first faces of the split.
        """
        pictures = self.pictures(split, trial.variant.options.input_size)[:first]
        return torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1

    def renders(self, trial: TrialPlan, split: str) -> NDArray[np.uint8]:
        """(n, S, S, 3) renders of the predictions of a split."""
        return self._load_renders(self._render(trial, split)).pictures

    def _render(self, trial: TrialPlan, split: str) -> Path:
        vectors = self.predict(trial, split)
        label = f"render {trial.name}"
        return self._build_renders(trial.render[split], trial.engine, vectors, label)

    def truth_renders(
        self, engine: str, split: str, designer: str
    ) -> NDArray[np.uint8]:
        """(n, S, S, 3) renders of the ground truth of a split."""
        folder = self._render_truth(engine, split, designer)
        return self._load_truth_renders(folder).pictures

    def _render_truth(self, engine: str, split: str, designer: str) -> Path:
        key = (engine, split, designer)
        vectors = self.plan.resolved.truths[key]
        label = f"render ground truth of {engine}"
        return self._build_renders(self.plan.truths[key], engine, vectors, label)

    def _build_renders(
        self, stage: Stage, engine: str, vectors: AvatarVectors, label: str
    ) -> Path:
        def build(folder: Path, scratch: Path) -> None:
            with self.progress.task(label, len(vectors)) as bar:
                size = self.plan.resolved.suite.render_size
                drawn = render(self.plan.resolved.engines[engine], vectors, size, bar)
                save_renders(folder, drawn)

        return self.store.get_or_build(stage, build)

    def scores(
        self, trial: TrialPlan, split: str, designer: str
    ) -> dict[str, NDArray[np.float64]]:
        """Scores by metric: (n,) of a case metric, (1,) of a set metric.

        Skipped metrics are left out.
        """
        cases = lru_cache(maxsize=1)(lambda: self._cases(trial, split, designer))
        found: dict[str, NDArray[np.float64]] = {}
        for bound in self.plan.resolved.bound_metrics:
            if bound.skipped is None:
                name = bound.meta.name
                label = f"score {name} of {trial.name}"
                folder = self.store.get_or_build(
                    trial.scores[split, designer, name],
                    lambda folder, _, bound=bound, label=label: self._score(
                        bound, cases, folder, label
                    ),
                )
                scores = json.loads((folder / SCORES_FILE).read_text())
                found[name] = np.array(scores, dtype=np.float64)
        return found

    def _score(
        self, bound: BoundMetric, cases: Callable[[], Cases], folder: Path, label: str
    ) -> None:
        count = len(cases().truth)
        with self.progress.task(label, count) as bar:
            scores = self._metric(bound).score(cases())
            bar.advance(count)
        check_scores(scores, bound.meta, count)
        values = [None if np.isnan(score) else float(score) for score in scores]
        atomic_write(folder / SCORES_FILE, json.dumps(values).encode())

    def _metric(self, bound: BoundMetric) -> Metric:
        name = bound.meta.name
        if name not in self._metrics:
            setup = MetricSetup(bound.weights, self.plan.resolved.device)
            self._metrics[name] = bound.metric(setup)
        return self._metrics[name]

    def _cases(self, trial: TrialPlan, split: str, designer: str) -> Cases:
        return make_cases(
            self.predict(trial, split),
            self.plan.resolved.truths[trial.engine, split, designer],
            self._load_renders(self._render(trial, split)),
            self._load_truth_renders(self._render_truth(trial.engine, split, designer)),
        )

    def timing(self, trial: TrialPlan) -> dict[str, Any]:
        """The content of `timing.json`: latency of one face and cost of the fit.

        The speed must be in the store (see `measure_speeds`).
        """
        folder = self.store.folder(trial.speed)
        fitted, seconds = self.fit(trial), self.store.record(trial.fit)["seconds"]
        return {**read_speed(folder), **read_cost(fitted, seconds)}
