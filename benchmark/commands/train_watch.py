"""Who watches a generator's training: sheets, sample quality, MLflow."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from benchmark import weights
from benchmark.faces.parsed import ParsedFaces
from benchmark.storage.store import atomic_write
from benchmark.tracking import Status, TrackingError, TrainingTracker
from methods.generator.page import draw_page
from methods.generator.quality import QualityJudge, two_samples
from methods.generator.sampling import Samples, sample
from methods.generator.sheets import (
    Sheet,
    sample_grid,
    sample_sheet,
    truncation_sheet,
)
from methods.networks.semantic_stylegan import SemanticGenerator

LOOKS = "looks"
"""Folder of the sheets."""
SHOWN = 64
"""Samples and real faces on a sheet."""
FEWEST = 4
"""Pictures that a quality score needs."""
REAL_SEED, SCORED_SEED = 0, 1

Say = Callable[[str], None]


class Quality:
    """Scores samples against a fixed sample of real faces, beside a second one."""

    def __init__(self, faces: ParsedFaces, count: int, file: Path, device: str) -> None:
        real, second = two_samples(faces, count, REAL_SEED)
        self._judge = QualityJudge(real, file, device)
        self._floor = self._judge.floor(second)
        self._count = count
        self.identity = self._judge.identity(count)

    def figures(self, generator: SemanticGenerator) -> dict[str, float]:
        """`quality/NAME` of new samples, `floor/NAME` of the second real sample."""
        pictures = sample(generator, self._count, SCORED_SEED).pictures
        score = self._judge.score(pictures)
        return {
            **{f"quality/{name}": value for name, value in score.items()},
            **{f"floor/{name}": value for name, value in self._floor.items()},
        }


def open_quality(
    faces: ParsedFaces, count: int, device: str, say: Say
) -> Quality | None:
    """A bound of at most `count` samples; None, with the reason said, without one."""
    if count == 0:
        return None
    file = weights.find(weights.EFFICIENTNET_LITE0)
    possible = min(count, len(faces) // 2)
    if file is None:
        say(
            "no quality score: the weights of its features are not at hand; fetch them "
            f"with `avatarbench weights fetch {weights.EFFICIENTNET_LITE0}`"
        )
        return None
    if possible < FEWEST:
        say(f"no quality score: {len(faces)} faces are too few for two real samples")
        return None
    return Quality(faces, possible, file, device)


class Watch:
    """An Observer: draws sheets into `folder`/looks, scores samples, tracks both.

    A tracker that fails is left out from then on: the training matters more, and its
    curve file holds every figure.
    """

    def __init__(
        self,
        folder: Path,
        batch: int,
        quality: Quality | None,
        tracker: TrainingTracker | None,
        say: Say,
    ) -> None:
        self._folder, self._batch = folder / LOOKS, batch
        self._quality, self._tracker, self._say = quality, tracker, say
        self._folder.mkdir(parents=True, exist_ok=True)
        self._heard: tuple[float, int] | None = None

    def started(self, faces: ParsedFaces, curve: Sequence[Mapping[str, float]]) -> None:
        """Draw real faces, and let the tracker catch up with the curve so far."""
        rows = np.random.default_rng(REAL_SEED).permutation(len(faces))[:SHOWN]
        grid = sample_grid("picture | parts", Samples(*faces.batch(rows)), columns=8)
        path = self._write(
            draw_page(f"{len(rows)} faces of {faces.name}", [grid]), "real"
        )
        self._track(lambda tracker: tracker.started(curve))
        self._track(lambda tracker: tracker.sheets(path))
        if self._quality is not None:
            identity = self._quality.identity
            self._track(lambda tracker: tracker.tag("quality", identity))

    def figures(self, values: Mapping[str, float], iteration: int) -> None:
        """Track losses, and how many pictures were shown a second since the last."""
        now, before = time.monotonic(), self._heard
        self._heard = now, iteration
        if before is not None:
            shown = (iteration - before[1]) * self._batch
            rate = shown / max(now - before[0], 1e-9)
            values = {**values, "train/images_per_second": rate}
        self._track(lambda tracker: tracker.figures(values, iteration))

    def look(self, average: SemanticGenerator, images: int) -> Mapping[str, float]:
        """Draw samples and a truncation sheet; score samples."""
        sheets = {
            "samples": sample_sheet(average, SHOWN),
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
        """End the tracker's run."""
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
            self._say(f"MLflow is left out from here on, the training goes on: {error}")
