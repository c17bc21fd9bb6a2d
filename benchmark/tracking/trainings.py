"""Log trainings to MLflow: one run, which a continued training reopens."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.storage.store import atomic_write
from benchmark.tracking.connection import (
    TAG_LIMIT,
    Experiment,
    Status,
    end_dead_runs,
    open_experiment,
    raise_tracking_errors,
)
from benchmark.tracking.records import TAG, FaceRecord, training_tags
from benchmark.tracking.runs_page import run_page

if TYPE_CHECKING:
    from mlflow.entities import Run

RUN_FILE = "mlflow.json"
"""File in the folder of a training with the id of its MLflow run."""


@dataclass(frozen=True)
class Training:
    """What is logged of a training.

    Attributes:
        name: of the recipe.
        folder: of the training.
        params: the recipe and other fixed settings, nested.
        faces: the training faces.
        hardware: the machine of this invocation.
    """

    name: str
    folder: Path
    params: Mapping[str, Any]
    faces: FaceRecord
    hardware: str


class TrainingTracker:
    """Logs the figures and sheets of a training; each step of a figure once.

    Every method raises TrackingError if MLflow fails.
    """

    def __init__(self, runs: Experiment, training: Training) -> None:
        self._runs, self._training = runs, training
        self.run = ""
        self._last: dict[str, int] = {}

    @property
    def page(self) -> str:
        """The page of the run, below the address of MLflow."""
        return run_page(self._runs.id, self.run)

    def started(self, curve: Sequence[Mapping[str, float]]) -> None:
        """Reopen the run of the training, or start one, and log missing figures.

        `curve` holds the records on disk, each with `step` and figures by name.
        """
        with raise_tracking_errors(self._runs.uri):
            end_dead_runs(self._runs.client, self._runs.id)
            earlier = self._earlier_run()
            if earlier is None:
                self._open()
            else:
                self._reopen(earlier)
            self._log(
                (name, value, int(record["step"]))
                for record in curve
                for name, value in record.items()
                if name != "step"
            )

    def tag(self, key: str, text: str) -> None:
        """Set a tag of the run that explains its figures."""
        with raise_tracking_errors(self._runs.uri):
            self._runs.client.set_tag(self.run, TAG + key, text[:TAG_LIMIT])

    def figures(self, values: Mapping[str, float], step: int) -> None:
        """Log the figures of an iteration, except those that the run already has."""
        with raise_tracking_errors(self._runs.uri):
            self._log((name, value, step) for name, value in values.items())

    def sheets(self, *paths: Path) -> None:
        """Log pictures as artifacts."""
        with raise_tracking_errors(self._runs.uri):
            for path in paths:
                self._runs.client.log_artifact(self.run, str(path), "previews")

    def close(self, status: Status) -> None:
        """End the run; a continued training reopens it."""
        with raise_tracking_errors(self._runs.uri):
            self._runs.end(self.run, status)

    def _log(self, values: Any) -> None:
        new = [each for each in values if each[2] > self._last.get(each[0], -1)]
        self._last |= {name: step for name, _, step in new}
        self._runs.metrics(self.run, new)

    def _earlier_run(self) -> Run | None:
        """The run of earlier invocations, if this MLflow still has it."""
        from mlflow.exceptions import MlflowException

        path = self._training.folder / RUN_FILE
        if not path.is_file():
            return None
        try:
            noted = json.loads(path.read_text(encoding="utf-8"))
            run = self._runs.client.get_run(noted["run"])
        except (ValueError, KeyError, TypeError):
            return None
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return None
            raise
        gone = run.info.lifecycle_stage == "deleted"
        elsewhere = run.info.experiment_id != self._runs.id
        return None if gone or elsewhere else run

    def _open(self) -> None:
        name = f"{self._training.name} {time.strftime('%Y-%m-%d %H:%M:%S')}"
        self.run = self._runs.open_run(name, self._tags())
        note = json.dumps({"uri": self._runs.uri, "run": self.run})
        atomic_write(self._training.folder / RUN_FILE, note.encode())
        self._runs.params(self.run, self._training.params)

    def _reopen(self, run: Run) -> None:
        self.run = run.info.run_id
        client = self._runs.client
        client.update_run(self.run, status="RUNNING")
        for key, value in self._tags().items():
            client.set_tag(self.run, key, value)
        for name in run.data.metrics:
            history = client.get_metric_history(self.run, name)
            self._last[name] = max(metric.step for metric in history)

    def _tags(self) -> dict[str, str]:
        training = self._training
        return training_tags(
            training.name, training.folder, training.faces, training.hardware
        )


def open_training_tracker(
    out: Path,
    training: Training,
    on_wait: Callable[[str], None] = lambda sentence: None,
) -> TrainingTracker:
    """Connect to MLflow and open the experiment `avatarbench/generator`.

    See `open_experiment` for `on_wait`. Raises TrackingError if MLflow fails.
    """
    return TrainingTracker(open_experiment(out, "generator", on_wait), training)
