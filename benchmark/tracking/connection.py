"""A connection to MLflow, and the runs of one experiment."""

from __future__ import annotations

import json
import logging
import os
import shlex
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from benchmark.storage.locks import lock
from benchmark.system.environment import is_alive
from benchmark.tracking.records import TAG, flat

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

URI_VARIABLE = "MLFLOW_TRACKING_URI"
SQLITE = "sqlite:///"
PARAMS_A_BATCH, METRICS_A_BATCH = 100, 1000
PARAM_LIMIT, TAG_LIMIT = 6000, 5000

T = TypeVar("T")
Status = Literal["FINISHED", "FAILED", "KILLED", "SCHEDULED"]
"""SCHEDULED: a piece of a training ended as planned, and others follow."""


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


def ui_command(out: Path) -> str:
    """What to type to look at the runs that are tracked from `out`."""
    uri = shlex.quote(tracking_uri(out))
    return f"mlflow ui --workers 1 --backend-store-uri {uri}"


@contextmanager
def blamed(uri: str, advice: str = "") -> Iterator[None]:
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


class Experiment:
    """The runs of one experiment: opened, filled, ended."""

    def __init__(self, client: MlflowClient, key: str, uri: str) -> None:
        self.client = client
        self.id = key
        self.uri = uri

    def open_run(self, name: str, tags: Mapping[str, str]) -> str:
        """Begin a run; its id."""
        cut = {key: value[:TAG_LIMIT] for key, value in tags.items()}
        return self.client.create_run(self.id, tags=cut, run_name=name).info.run_id

    def end(self, run: str, status: Status) -> None:
        """End a run."""
        self.client.set_terminated(run, status)

    def params(self, run: str, config: Mapping[str, Any]) -> None:
        """Log nested options as parameters with dotted names."""
        from mlflow.entities import Param

        params = [Param(k[:250], v[:PARAM_LIMIT]) for k, v in flat(config).items()]
        for batch in _batches(params, PARAMS_A_BATCH):
            self.client.log_batch(run, params=batch)

    def metrics(self, run: str, values: Sequence[tuple[str, float, int]]) -> None:
        """Log figures as (name, value, step)."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        metrics = [Metric(name, value, now, step) for name, value, step in values]
        for batch in _batches(metrics, METRICS_A_BATCH):
            self.client.log_batch(run, metrics=batch)


def open_experiment(
    out: Path, name: str, on_wait: Callable[[str], None] = lambda sentence: None
) -> Experiment:
    """Connect to MLflow and find or make the experiment `avatarbench/NAME`.

    Processes that start together on a missing database wait for the one that makes it.
    Raises TrackingError where it cannot be used.
    """
    uri = tracking_uri(out)
    with blamed(uri):
        if not uri.startswith(SQLITE):
            return _connect(uri, name, None)
        database = Path(uri.removeprefix(SQLITE))
        guard = database.with_name(f".{database.name}.lock")
        with lock(guard, f"MLflow database {database}", on_wait):
            # Left to itself, MLflow would make a folder wherever the command was typed.
            return _connect(uri, name, out.resolve() / "mlartifacts")


def _connect(uri: str, name: str, artifacts: Path | None) -> Experiment:
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    # MLflow's own seven retries keep a newcomer waiting for minutes.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")
    for logger in ("mlflow", "alembic"):
        logging.getLogger(logger).setLevel(logging.WARNING)
    from mlflow.tracking import MlflowClient

    # Importing mlflow sets its own level, so that it is set again.
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    client = MlflowClient(uri)
    key = _experiment_id(client, f"avatarbench/{name}", artifacts)
    return Experiment(client, key, uri)


def _experiment_id(client: MlflowClient, name: str, artifacts: Path | None) -> str:
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
    for run in search(client, experiment, "attributes.status = 'RUNNING'"):
        tag = run.data.tags.get(TAG + "process")
        if tag is not None and not is_alive(json.loads(tag)):
            client.set_terminated(run.info.run_id, "KILLED")
            swept.append(run.info.run_id)
    return swept


def search(client: MlflowClient, experiment: str, condition: str) -> Iterator[Any]:
    """The experiment's runs that meet a condition, however many pages they take."""
    token = None
    while True:
        page = client.search_runs([experiment], condition, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
