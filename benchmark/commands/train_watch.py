"""Observe the training of a generator: preview sheets, sample quality, MLflow."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from benchmark import weights
from benchmark.avatars.counting import counted
from benchmark.faces.parsed import ParsedFaces
from benchmark.storage.store import atomic_write
from benchmark.tracking import Status, TrackingError, TrainingTracker
from methods.generator.page import draw_page
from methods.generator.quality import SampleQuality, two_samples
from methods.generator.sampling import Samples, sample
from methods.generator.sheets import (
    Sheet,
    sample_grid,
    sample_sheet,
    truncation_sheet,
)
from methods.networks.semantic_stylegan import SemanticGenerator

PREVIEWS = "previews"
"""Folder of the sheets, in the folder of the training."""
SHEET_FACES = 64
MIN_SCORED = 4
"""The fewest samples that a quality score can be computed from."""
REAL_SEED, SCORED_SEED = 0, 1

Say = Callable[[str], None]


class Quality:
    """Scores samples against a fixed sample of real faces.

    A second real sample gives the score that perfect samples would have (the floor).
    """

    def __init__(self, faces: ParsedFaces, count: int, file: Path, device: str) -> None:
        real, second = two_samples(faces, count, REAL_SEED)
        self._scorer = SampleQuality(real, file, device)
        self._floor = self._scorer.floor(second)
        self._count = count
        self.identity = self._scorer.identity(count)

    def figures(self, generator: SemanticGenerator) -> dict[str, float]:
        """Scores of new samples (`quality/…`) and the floor of each (`floor/…`)."""
        pictures = sample(generator, self._count, SCORED_SEED).pictures
        score = self._scorer.score(pictures)
        return {
            **{f"quality/{name}": value for name, value in score.items()},
            **{f"floor/{name}": value for name, value in self._floor.items()},
        }


def open_quality(
    faces: ParsedFaces, count: int, device: str, say: Say
) -> Quality | None:
    """A quality score on at most `count` samples.

    Returns None if `count` is 0. Also returns None, and says why, if the weights of its
    features are missing or there are too few faces.
    """
    if count == 0:
        return None
    file = weights.find(weights.EFFICIENTNET_LITE0)
    possible = min(count, len(faces) // 2)
    if file is None:
        say(
            "no quality score: the weights of its features are missing; fetch them "
            f"with `avatarbench weights fetch {weights.EFFICIENTNET_LITE0}`"
        )
        return None
    if possible < MIN_SCORED:
        say(
            f"no quality score: {counted(len(faces), 'face')}: too few for two real "
            "samples"
        )
        return None
    return Quality(faces, possible, file, device)


class Watch:
    """An Observer that draws preview sheets, scores samples and logs both to MLflow.

    If MLflow fails, the training continues without it. Its curve file holds every
    figure.
    """

    def __init__(
        self,
        folder: Path,
        batch: int,
        quality: Quality | None,
        tracker: TrainingTracker | None,
        say: Say,
    ) -> None:
        self._folder, self._batch = folder / PREVIEWS, batch
        self._quality, self._tracker, self._say = quality, tracker, say
        self._folder.mkdir(parents=True, exist_ok=True)
        self._last_call: tuple[float, int] | None = None

    def started(self, faces: ParsedFaces, curve: Sequence[Mapping[str, float]]) -> None:
        """Draw real faces, and log the part of the curve that the tracker lacks."""
        rows = np.random.default_rng(REAL_SEED).permutation(len(faces))[:SHEET_FACES]
        grid = sample_grid("picture | parts", Samples(*faces.batch(rows)), columns=8)
        path = self._write(
            draw_page(f"{counted(len(rows), 'face')} of {faces.name}", [grid]), "real"
        )
        self._track(lambda tracker: tracker.started(curve))
        self._track(lambda tracker: tracker.sheets(path))
        if self._quality is not None:
            identity = self._quality.identity
            self._track(lambda tracker: tracker.tag("quality", identity))

    def figures(self, values: Mapping[str, float], iteration: int) -> None:
        """Log losses, and the pictures per second since the last call."""
        now, before = time.monotonic(), self._last_call
        self._last_call = now, iteration
        if before is not None:
            shown = (iteration - before[1]) * self._batch
            rate = shown / max(now - before[0], 1e-9)
            values = {**values, "train/images_per_second": rate}
        self._track(lambda tracker: tracker.figures(values, iteration))

    def preview(self, average: SemanticGenerator, images: int) -> Mapping[str, float]:
        """Draw samples and a truncation sheet; score samples."""
        sheets = {
            "samples": sample_sheet(average, SHEET_FACES),
            "truncation": truncation_sheet(average),
        }
        paths = [
            self._write(sheet, f"{images:09d}-{name}") for name, sheet in sheets.items()
        ]
        found = self._quality.figures(average) if self._quality else {}
        self._track(lambda tracker: tracker.sheets(*paths))
        self._track(lambda tracker: tracker.figures(found, images // self._batch))
        return found

    def close(self, status: Status) -> None:
        """End the MLflow run."""
        self._track(lambda tracker: tracker.close(status))

    def _write(self, sheet: Sheet, name: str) -> Path:
        stream = io.BytesIO()
        Image.fromarray(sheet).save(stream, "png")
        path = self._folder / f"{name}.png"
        atomic_write(path, stream.getvalue())
        return path

    def _track(self, act: Callable[[TrainingTracker], None]) -> None:
        if self._tracker is None:
            return
        try:
            act(self._tracker)
        except TrackingError as error:
            self._tracker = None
            self._say(f"MLflow fails, so the training continues without it: {error}")
