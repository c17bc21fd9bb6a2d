"""Log runs of suites to MLflow: a parent run per invocation, a child per trial."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

import yaml

from benchmark.run.fit_recording import CURVES_FILE
from benchmark.run.runner import Outcome
from benchmark.storage.trial_folder import (
    CASES_FILE,
    TIMING_FILE,
    TRIAL_FILE,
    read_cases,
    read_record,
    read_timing,
)
from benchmark.tracking.connection import (
    TAG_LIMIT,
    Experiment,
    Status,
    end_dead_runs,
    open_experiment,
    raise_tracking_errors,
    search,
)
from benchmark.tracking.datasets import split_datasets
from benchmark.tracking.models import log_model
from benchmark.tracking.records import (
    NOTE,
    TAG,
    common_tags,
    main_place,
    main_scores,
    mean_scores,
    read_curve_points,
    shown_name,
    speed_figures,
    trial_params,
    trial_tags,
)
from benchmark.tracking.runs_page import VIEW_TAG, runs_page, trials_view
from benchmark.tracking.sheets import (
    HELDOUT,
    copy_with_png,
    example_picture,
    trial_sheet,
)

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

LAYOUT = "3"
"""Of a logged trial; a trial that was logged in an older layout is logged again."""

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


@dataclass(frozen=True)
class Summary:
    """What the parent run of an invocation shows.

    Attributes:
        verdict: the result in one sentence, or a few.
        scores: of Table 1, by `engine/metric/variant`.
        columns: of the table of trials, each with `name` (`engine/metric`) and
            `direction` ("lower" or "higher"); the first one sorts it.
    """

    verdict: str
    scores: Mapping[str, float]
    columns: Sequence[Mapping[str, Any]]


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
        self._config: Mapping[str, Any] = {}
        self._run = Path()

    @property
    def page(self) -> str:
        """The address of the table of trials, below that of MLflow."""
        return runs_page(self._experiment)

    @_raises_tracking_errors
    def started(self, run: Path) -> None:
        """Start the parent run with configuration, environment and tags."""
        config = yaml.safe_load((run / "resolved.yaml").read_text(encoding="utf-8"))
        machine = json.loads((run / "environment.json").read_text(encoding="utf-8"))
        self._tags = common_tags(run, config, machine)
        self._config, self._run = config, run
        end_dead_runs(self._client, self._experiment)
        self._logged_before, self._untimed = _logged_trials(
            self._client, self._experiment
        )
        self._tag_experiment({"mlflow.experimentKind": "custom_model_development"})
        about = ". ".join(filter(None, (config["title"], config["notes"])))
        self._tag_experiment({NOTE: about})
        name = f"{config['name']} {time.strftime('%Y-%m-%d %H:%M:%S')}"
        self._parent = self._open(name, {TAG + "kind": "invocation"})
        self._runs.params(self._parent, config)
        self._client.log_inputs(self._parent, datasets=list(split_datasets(config)))
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
        with tempfile.TemporaryDirectory() as copied:
            copy_with_png(folder, Path(copied))
            self._client.log_artifacts(self._parent, copied, "reports")

    @_raises_tracking_errors
    def summarise(self, summary: Summary) -> None:
        """Log verdict and scores to the parent run, and set the view of the trials."""
        scores = [(name, value, 0) for name, value in summary.scores.items()]
        self._runs.metrics(self._parent, scores)
        self._client.set_tag(self._parent, NOTE, summary.verdict[:TAG_LIMIT])
        view = trials_view(sorted(self._children.values()), summary.columns)
        self._tag_experiment({VIEW_TAG: view})
        if summary.columns:
            primary = "mlflow.experiment.primaryMetric."
            first = summary.columns[0]
            greater = str(first["direction"] == "higher").lower()
            self._tag_experiment({f"{primary}name": first["name"]})
            self._tag_experiment({f"{primary}greaterIsBetter": greater})

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
            TAG + "layout": LAYOUT,
            TAG + "trial": outcome.name,
            **trial_tags(record),
        }
        several = len(self._config["seeds"]) > 1
        child = self._open(shown_name(record, with_seed=several), tags)
        self._runs.params(child, trial_params(record))
        self._client.log_artifact(child, str(outcome.folder / TRIAL_FILE))
        if outcome.error is not None:
            self._runs.end(child, "FAILED")
            return child
        self._log_results(child, outcome.folder, record)
        if model is not None:
            example = example_picture(outcome.folder, record)
            log_model(self._runs, child, model, outcome.folder, example, record)
            self._runs.metrics(child, list(read_curve_points(model / CURVES_FILE)))
        self._runs.end(child, "FINISHED")
        return child

    def _log_results(self, child: str, folder: Path, record: dict[str, Any]) -> None:
        cases = read_cases(folder)
        self._client.log_inputs(child, datasets=list(split_datasets(self._config)))
        scores = mean_scores(record, cases)
        main = main_scores(scores, main_place(self._config), record["engine"])
        self._runs.metrics(child, [(k, v, 0) for k, v in (main | scores).items()])
        self._log_speed(child, folder)
        self._client.log_table(child, cases, "cases.json")
        self._client.log_artifact(child, str(folder / CASES_FILE))
        self._log_sheets(child, folder, record)

    def _log_sheets(self, child: str, folder: Path, record: dict[str, Any]) -> None:
        """Log a sheet of each split, except of held-out faces."""
        truths = self._run / "truths" / record["engine"] / record["designers"][0]
        for split in record["splits"]:
            # An experiment is open to people who tune, and they see no held-out face.
            if split != HELDOUT:
                with tempfile.TemporaryDirectory() as drawn:
                    sheet = Path(drawn) / f"{split}.png"
                    trial_sheet(folder, split, truths / split, sheet)
                    self._client.log_artifact(child, str(sheet), "pictures")

    def _log_speed(self, child: str, folder: Path) -> None:
        """Log the speed of a trial if its folder holds it already."""
        timing = read_timing(folder)
        if timing is None:
            return
        figures = speed_figures(timing)
        self._runs.metrics(child, [(f"speed.{k}", v, 0) for k, v in figures.items()])
        self._client.log_artifact(child, str(folder / TIMING_FILE))

    def _tag_experiment(self, tags: Mapping[str, str]) -> None:
        for key, value in tags.items():
            self._client.set_experiment_tag(self._experiment, key, value[:TAG_LIMIT])

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
    finished = (
        f"attributes.status = 'FINISHED' and tags.`{TAG}kind` = 'trial' "
        f"and tags.`{TAG}layout` = '{LAYOUT}'"
    )
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
