"""Record the training curves and the cost of a fit, in files next to the model."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from benchmark.storage.recording_store import RequestedStage
from benchmark.storage.store import atomic_write
from benchmark.system.progress import Progress, Task

CURVES_FILE, COST_FILE = "curves.jsonl", "cost.json"


class CurveRecorder:
    """A Progress that also appends logged figures to a file, one JSON line per call."""

    def __init__(self, progress: Progress, path: Path) -> None:
        self._progress = progress
        self._path = path

    def task(
        self, label: str, total: int, done: int = 0
    ) -> AbstractContextManager[Task]:
        """See `Progress.task`."""
        return self._progress.task(label, total, done)

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Append the figures of a step. A resumed fit logs some steps twice."""
        line = json.dumps({"step": step, **{k: float(v) for k, v in metrics.items()}})
        with self._path.open("a", encoding="utf-8") as handle:
            handle.write(line + "\n")
        self._progress.log(metrics, step)

    def write_curves(self, target: Path) -> None:
        """Write one line per step, with the last value of each figure, to `target`.

        Writes nothing if nothing was logged.
        """
        if not self._path.is_file():
            return
        steps: dict[int, dict[str, float]] = {}
        for line in _complete_lines(self._path):
            steps.setdefault(int(line["step"]), {}).update(line)
        lines = [json.dumps(steps[step]) for step in sorted(steps)]
        target.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_cost(
    folder: Path, requested: Iterable[RequestedStage], resumed: bool
) -> None:
    """Write what the cached stages of a fit once cost, and whether the fit was resumed.

    Without cached stages, the first variant that needs a stage would look slower.
    """
    cached = [stage for stage in requested if stage.cached]
    cost = {
        "shared_seconds": sum(stage.record["seconds"] for stage in cached),
        "resumed": resumed,
        "shipped": sorted({stage.name for stage in cached if stage.shipped}),
    }
    atomic_write(folder / COST_FILE, json.dumps(cost).encode())


def read_cost(folder: Path, own_seconds: float) -> dict[str, Any]:
    """The cost of a fit as `timing.json` holds it.

    `own_seconds` is the time of the fit without its cached stages. `fit_seconds`
    counts what these stages once took, too.
    """
    cost = json.loads((folder / COST_FILE).read_text())
    return {
        "fit_own_seconds": own_seconds,
        "fit_seconds": own_seconds + cost["shared_seconds"],
        "fit_resumed": cost["resumed"],
        "fit_shipped": cost.get("shipped", []),
    }


def _complete_lines(path: Path) -> Iterator[dict[str, float]]:
    """Parsed lines; a line that a kill cut off is left out."""
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            continue
