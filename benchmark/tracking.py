"""MLflow, the index of every number; the only module that talks to it."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeVar, cast

import yaml

from benchmark.environment import is_alive
from benchmark.locks import lock
from benchmark.runner import Outcome
from benchmark.tracked import (
    TAG,
    common_tags,
    curves,
    flat,
    numbers,
    summary,
    trial_params,
    trial_tags,
)
from benchmark.trial import (
    CASES_FILE,
    TIMING_FILE,
    TRIAL_FILE,
    read_cases,
    read_record,
    read_timing,
)
from benchmark.work import CURVES_FILE

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput
    from mlflow.tracking import MlflowClient

URI_VARIABLE = "MLFLOW_TRACKING_URI"
SQLITE = "sqlite:///"
PARAMS_A_BATCH, METRICS_A_BATCH = 100, 1000
PARAM_LIMIT, TAG_LIMIT = 6000, 5000

T = TypeVar("T")
P = ParamSpec("P")
R = TypeVar("R")
Status = Literal["FINISHED", "FAILED", "KILLED"]


class TrackingError(RuntimeError):
    """MLflow cannot be used; the message says why and what to do."""


def tracking_uri(out: Path) -> str:
    """Where runs are tracked: $MLFLOW_TRACKING_URI unchanged, else a file in `out`.

    The default is absolute, so that a change of folder does not move it. Raises
    TrackingError for a file store, which MLflow 3 no longer writes.
    """
    given = os.environ.get(URI_VARIABLE)
    if not given:
        database = out.resolve() / "mlflow.db"
        if "?" in str(database):
            raise TrackingError(
                f"MLflow cannot keep its database in {out.resolve()}: there is a ? in "
                "the name; name another folder with --out, or use --no-mlflow"
            )
        return f"{SQLITE}{database}"
    if given.startswith("file:") or ("://" not in given and given != "databricks"):
        raise TrackingError(
            f"{URI_VARIABLE}={given} is a file store, which MLflow 3 no longer writes; "
            "set sqlite:////absolute/path/mlflow.db or a server's address, or leave "
            "MLflow out with --no-mlflow"
        )
    return given


@contextmanager
def _blamed(uri: str, advice: str = "") -> Iterator[None]:
    """Whatever MLflow raises in the body becomes a TrackingError of one sentence."""
    try:
        yield
    except TrackingError:
        raise
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise TrackingError(
            f"MLflow at {uri} cannot be used: {reason}; {advice}"
            "set MLFLOW_TRACKING_URI, or leave MLflow out with --no-mlflow"
        ) from error


def _while_running(method: Callable[P, R]) -> Callable[P, R]:
    """A Tracker's method during a run, whose results outlive a tracker that fails."""

    @wraps(method)
    def told(*args: P.args, **kwargs: P.kwargs) -> R:
        tracker = cast("Tracker", args[0])
        with _blamed(tracker.where, "all results so far are kept; run again, "):
            return method(*args, **kwargs)

    return told


class Tracker:
    """Logs one invocation: a parent run, and a child run for each new trial.

    A trial that was tracked before is not logged again; the parent points to it.
    """

    def __init__(self, client: MlflowClient, experiment: str, artifacts: str) -> None:
        self._client = client
        self._experiment = experiment
        self.where = artifacts
        self._tags: dict[str, str] = {}
        self._known: dict[tuple[str, str], str] = {}
        self._parent = ""
        self._splits: Mapping[str, Any] = {}

    @_while_running
    def started(self, run: Path) -> None:
        """Open the parent run with configuration, environment and tags."""
        config = yaml.safe_load((run / "resolved.yaml").read_text(encoding="utf-8"))
        machine = json.loads((run / "environment.json").read_text(encoding="utf-8"))
        self._tags = common_tags(run, config, machine)
        self._splits = config["faces"]["splits"]
        sweep(self._client, self._experiment)
        self._known = _tracked_trials(self._client, self._experiment)
        name = f"{config['name']} {time.strftime('%Y-%m-%d %H:%M:%S')}"
        self._parent = self._open(name, {TAG + "kind": "invocation"})
        self._params(self._parent, config)
        for file in ("resolved.yaml", "environment.json"):
            self._client.log_artifact(self._parent, str(run / file))

    @_while_running
    def finished_trial(self, outcome: Outcome, model: Path | None) -> None:
        """Log a trial as a child run, or point to the run that already holds it."""
        record = read_record(outcome.folder)
        assert record is not None
        key = record["key"], self._tags[TAG + "hardware"]
        child = self._known.get(key) if outcome.error is None else None
        if child is None:
            child = self._log_trial(outcome, record, model)
        self._client.set_tag(self._parent, f"{TAG}trial.{outcome.name}", child)

    @_while_running
    def add_reports(self, folder: Path) -> None:
        """Attach tables, figures and page to the parent run."""
        self._client.log_artifacts(self._parent, str(folder), "reports")

    @_while_running
    def close(self, status: Status) -> None:
        """End the parent run."""
        if self._parent:
            self._end(self._parent, status)

    def _log_trial(
        self, outcome: Outcome, record: dict[str, Any], model: Path | None
    ) -> str:
        tags = {
            "mlflow.parentRunId": self._parent,
            **trial_tags(record),
        }
        child = self._open(outcome.name, tags)
        self._params(child, trial_params(record))
        self._client.log_artifact(child, str(outcome.folder / TRIAL_FILE))
        if outcome.error is not None or model is None:
            self._end(child, "FAILED")
            return child
        self._log_results(child, outcome.folder, record)
        self._log_model(child, record, model)
        self._end(child, "FINISHED")
        return child

    def _log_results(self, child: str, folder: Path, record: dict[str, Any]) -> None:
        cases = read_cases(folder)
        inputs = list(_datasets(folder, record, self._splits))
        self._client.log_inputs(child, datasets=inputs)
        self._metrics(child, [(k, v, 0) for k, v in summary(record, cases).items()])
        timing = numbers(read_timing(folder) or {})
        self._metrics(child, [(f"speed.{k}", v, 0) for k, v in timing.items()])
        self._client.log_table(child, cases, "cases.json")
        self._client.log_artifact(child, str(folder / CASES_FILE))
        self._client.log_artifact(child, str(folder / TIMING_FILE))
        self._client.log_artifacts(child, str(folder / "pictures"), "pictures")

    def _log_model(self, child: str, record: dict[str, Any], model: Path) -> None:
        """The fitted method: its safetensors as artifacts, its curves as metrics."""
        self._client.log_artifacts(child, str(model), "model")
        self._metrics(child, list(curves(model / CURVES_FILE)))
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
        every = {**self._tags, **tags}
        every = {key: value[:TAG_LIMIT] for key, value in every.items()}
        run = self._client.create_run(self._experiment, tags=every, run_name=name)
        return run.info.run_id

    def _end(self, run: str, status: Status) -> None:
        self._client.set_terminated(run, status)

    def _params(self, run: str, config: Mapping[str, Any]) -> None:
        from mlflow.entities import Param

        params = [Param(k[:250], v[:PARAM_LIMIT]) for k, v in flat(config).items()]
        for batch in _batches(params, PARAMS_A_BATCH):
            self._client.log_batch(run, params=batch)

    def _metrics(self, run: str, values: Sequence[tuple[str, float, int]]) -> None:
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        metrics = [Metric(name, value, now, step) for name, value, step in values]
        for batch in _batches(metrics, METRICS_A_BATCH):
            self._client.log_batch(run, metrics=batch)


def open_tracker(
    out: Path, suite: str, on_wait: Callable[[str], None] = lambda sentence: None
) -> Tracker:
    """Connect to MLflow and find or make the suite's experiment.

    Processes that start together on a missing database wait for the one that makes it.
    Raises TrackingError where it cannot be used.
    """
    uri = tracking_uri(out)
    with _blamed(uri):
        if not uri.startswith(SQLITE):
            return _connect(uri, suite, None)
        database = Path(uri.removeprefix(SQLITE))
        guard = database.with_name(f".{database.name}.lock")
        with lock(guard, f"MLflow database {database}", on_wait):
            # Left to itself, MLflow would make a folder wherever the command was typed.
            return _connect(uri, suite, out.resolve() / "mlartifacts")


def _connect(uri: str, suite: str, artifacts: Path | None) -> Tracker:
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    # MLflow's own seven retries keep a newcomer waiting for minutes.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    from mlflow.tracking import MlflowClient

    # Importing mlflow sets its own level, so that it is set again.
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    client = MlflowClient(uri)
    return Tracker(client, _experiment(client, f"avatarbench/{suite}", artifacts), uri)


def _experiment(client: MlflowClient, name: str, artifacts: Path | None) -> str:
    """The experiment's id; another process may make it at the same moment."""
    from mlflow.exceptions import MlflowException

    found = client.get_experiment_by_name(name)
    if found is None:
        location = None if artifacts is None else (artifacts / name).as_uri()
        try:
            return client.create_experiment(name, artifact_location=location)
        except MlflowException:
            found = client.get_experiment_by_name(name)
            if found is None:
                raise
    if found.lifecycle_stage == "deleted":
        raise TrackingError(
            f"the MLflow experiment {name} was deleted; restore it with "
            f"`mlflow experiments restore -x {found.experiment_id}` or use --no-mlflow"
        )
    return found.experiment_id


def sweep(client: MlflowClient, experiment: str) -> list[str]:
    """End runs that say RUNNING although their process is gone; their ids."""
    swept: list[str] = []
    for run in _search(client, experiment, "attributes.status = 'RUNNING'"):
        tag = run.data.tags.get(TAG + "process")
        if tag is not None and not is_alive(json.loads(tag)):
            client.set_terminated(run.info.run_id, "KILLED")
            swept.append(run.info.run_id)
    return swept


def _tracked_trials(
    client: MlflowClient, experiment: str
) -> dict[tuple[str, str], str]:
    """Ids of finished child runs by trial key and hardware, to which speeds belong."""
    finished = "attributes.status = 'FINISHED' and tags.`avatarbench.kind` = 'trial'"
    runs = _search(client, experiment, finished)
    return {
        (run.data.tags[TAG + "key"], run.data.tags[TAG + "hardware"]): run.info.run_id
        for run in runs
    }


def _search(client: MlflowClient, experiment: str, condition: str) -> Iterator[Any]:
    token = None
    while True:
        page = client.search_runs([experiment], condition, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _datasets(
    folder: Path, record: Mapping[str, Any], splits: Mapping[str, Any]
) -> Iterator[DatasetInput]:
    """Each split as a dataset input, under the digest of the faces that it took."""
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


def _batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
