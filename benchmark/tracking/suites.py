"""Log runs of suites to MLflow: a parent run per invocation, a child per trial."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

import yaml

from benchmark.run.fit_recording import CURVES_FILE
from benchmark.run.runner import Outcome
from benchmark.storage.trial_folder import (
    CASES_FILE,
    PICTURES,
    TIMING_FILE,
    TRIAL_FILE,
    read_cases,
    read_record,
    read_timing,
)
from benchmark.tracking.connection import (
    Experiment,
    Status,
    end_dead_runs,
    open_experiment,
    raise_tracking_errors,
    search,
)
from benchmark.tracking.records import (
    TAG,
    common_tags,
    mean_scores,
    read_curve_points,
    speed_figures,
    trial_params,
    trial_tags,
)

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput
    from mlflow.tracking import MlflowClient

HELDOUT = "heldout"
"""The split whose pictures are not logged."""

P = ParamSpec("P")
R = TypeVar("R")


def _raises_tracking_errors(method: Callable[P, R]) -> Callable[P, R]:
    """Wrap a method of Tracker so that it raises TrackingError if MLflow fails."""

    @wraps(method)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        tracker = cast("Tracker", args[0])
        with raise_tracking_errors(
            tracker.where, "all results so far are kept; run again, "
        ):
            return method(*args, **kwargs)

    return wrapped


class Tracker:
    """Logs one invocation: a parent run, and a child run for each new trial.

    A trial that was logged before is not logged again. The parent has a tag with the
    id of its run. Methods raise TrackingError if MLflow fails.
    """

    def __init__(self, runs: Experiment) -> None:
        self._runs = runs
        self._client, self._experiment = runs.client, runs.id
        self.where = runs.uri
        self._tags: dict[str, str] = {}
        self._logged_before: dict[tuple[str, str], str] = {}
        self._children: dict[str, str] = {}
        self._untimed: set[str] = set()
        self._parent = ""
        self._splits: Mapping[str, Any] = {}

    @_raises_tracking_errors
    def started(self, run: Path) -> None:
        """Start the parent run with configuration, environment and tags."""
        config = yaml.safe_load((run / "resolved.yaml").read_text(encoding="utf-8"))
        machine = json.loads((run / "environment.json").read_text(encoding="utf-8"))
        self._tags = common_tags(run, config, machine)
        self._splits = config["faces"]["splits"]
        end_dead_runs(self._client, self._experiment)
        self._logged_before, self._untimed = _logged_trials(
            self._client, self._experiment
        )
        name = f"{config['name']} {time.strftime('%Y-%m-%d %H:%M:%S')}"
        self._parent = self._open(name, {TAG + "kind": "invocation"})
        self._runs.params(self._parent, config)
        for file in ("resolved.yaml", "environment.json"):
            self._client.log_artifact(self._parent, str(run / file))

    @_raises_tracking_errors
    def finished_trial(self, outcome: Outcome, model: Path | None) -> None:
        """Log a trial as a child run, unless an earlier run already holds it."""
        record = read_record(outcome.folder)
        assert record is not None
        key = record["key"], self._tags[TAG + "machine"]
        child = self._logged_before.get(key) if outcome.error is None else None
        if child is None:
            child = self._log_trial(outcome, record, model)
        elif child in self._untimed:  # a run was killed before
            self._log_speed(child, outcome.folder)
        self._children[outcome.name] = child
        self._client.set_tag(self._parent, f"{TAG}trial.{outcome.name}", child)

    @_raises_tracking_errors
    def timed_trial(self, outcome: Outcome) -> None:
        """Log the speed of a trial to its child run, or that measuring it failed."""
        if outcome.error is not None:
            self.finished_trial(outcome, None)
        else:
            self._log_speed(self._children[outcome.name], outcome.folder)

    @_raises_tracking_errors
    def add_reports(self, folder: Path) -> None:
        """Log tables, figures and page as artifacts of the parent run."""
        self._client.log_artifacts(self._parent, str(folder), "reports")

    @_raises_tracking_errors
    def close(self, status: Status) -> None:
        """End the parent run with a status."""
        if self._parent:
            self._runs.end(self._parent, status)

    def _log_trial(
        self, outcome: Outcome, record: dict[str, Any], model: Path | None
    ) -> str:
        tags = {
            "mlflow.parentRunId": self._parent,
            **trial_tags(record),
        }
        child = self._open(outcome.name, tags)
        self._runs.params(child, trial_params(record))
        self._client.log_artifact(child, str(outcome.folder / TRIAL_FILE))
        if outcome.error is not None:
            self._runs.end(child, "FAILED")
            return child
        self._log_results(child, outcome.folder, record)
        if model is not None:
            self._log_model(child, record, model)
        self._runs.end(child, "FINISHED")
        return child

    def _log_results(self, child: str, folder: Path, record: dict[str, Any]) -> None:
        cases = read_cases(folder)
        inputs = list(_datasets(folder, record, self._splits))
        self._client.log_inputs(child, datasets=inputs)
        self._runs.metrics(
            child, [(k, v, 0) for k, v in mean_scores(record, cases).items()]
        )
        self._log_speed(child, folder)
        self._client.log_table(child, cases, "cases.json")
        self._client.log_artifact(child, str(folder / CASES_FILE))
        for pictures in sorted((folder / PICTURES).glob("*/")):
            # An experiment is open to people who tune, and they see no held-out face.
            if pictures.name != HELDOUT:
                where = f"{PICTURES}/{pictures.name}"
                self._client.log_artifacts(child, str(pictures), where)

    def _log_speed(self, child: str, folder: Path) -> None:
        """Log the speed of a trial if its folder holds it already."""
        timing = read_timing(folder)
        if timing is None:
            return
        figures = speed_figures(timing)
        self._runs.metrics(child, [(f"speed.{k}", v, 0) for k, v in figures.items()])
        self._client.log_artifact(child, str(folder / TIMING_FILE))

    def _log_model(self, child: str, record: dict[str, Any], model: Path) -> None:
        """Log the fitted method: its files as artifacts, its curves as metrics."""
        self._client.log_artifacts(child, str(model), "model")
        self._runs.metrics(child, list(read_curve_points(model / CURVES_FILE)))
        logged = self._client.create_logged_model(
            self._experiment,
            name=f"{record['variant']}-{record['engine']}-s{record['seed']}",
            source_run_id=child,
            tags={TAG + "artifacts": f"runs:/{child}/model"},
            params={k: str(v) for k, v in record["options"].items()},
            model_type=record["method"],
        )
        self._client.finalize_logged_model(logged.model_id, "READY")

    def _open(self, name: str, tags: Mapping[str, str]) -> str:
        return self._runs.open_run(name, {**self._tags, **tags})


def open_tracker(
    out: Path, suite: str, on_wait: Callable[[str], None] = lambda sentence: None
) -> Tracker:
    """Connect to MLflow and open the experiment of a suite.

    See `open_experiment` for `on_wait`. Raises TrackingError if MLflow fails.
    """
    return Tracker(open_experiment(out, suite, on_wait))


def _logged_trials(
    client: MlflowClient, experiment: str
) -> tuple[dict[tuple[str, str], str], set[str]]:
    """Ids of finished child runs by trial key and by machine, which decides speeds.

    Also the ids of those that lack the speed, since their run was killed.
    """
    finished = "attributes.status = 'FINISHED' and tags.`avatarbench.kind` = 'trial'"
    runs = list(search(client, experiment, finished))
    ids = {
        (run.data.tags[TAG + "key"], run.data.tags.get(TAG + "machine", "")): (
            run.info.run_id
        )
        for run in runs
    }
    untimed = {
        run.info.run_id
        for run in runs
        if "speed.model_hz_median" not in run.data.metrics
    }
    return ids, untimed


def _datasets(
    folder: Path, record: Mapping[str, Any], splits: Mapping[str, Any]
) -> Iterator[DatasetInput]:
    """Each split as a dataset input, with the digest of its faces."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    faces = record["faces"]
    source = json.dumps({"uri": str((folder / CASES_FILE).resolve())})
    for split, count in record["splits"].items():
        dataset = Dataset(
            name=f"{faces['name']} v{faces['version']} {split}",
            digest=splits[split]["digest"][:32],
            source_type="local",
            source=source,
            profile=json.dumps({"faces": count, "licence": faces["licence"]}),
        )
        yield DatasetInput(dataset, [InputTag("mlflow.data.context", "evaluation")])
