"""Connect to MLflow and manage the runs of one experiment."""

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
from urllib.parse import urlsplit

from benchmark.storage.locks import NoLocks, lock
from benchmark.system.environment import is_alive
from benchmark.system.home_paths import expand_home_in_url
from benchmark.system.passwords import hide_passwords
from benchmark.tracking.moved_artifacts import ARTIFACTS, follow_moved_folder
from benchmark.tracking.records import TAG, flatten

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

URI_VARIABLE = "MLFLOW_TRACKING_URI"
DATABASE = "mlflow.db"
DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
"""Kinds of database that `mlflow ui` can show."""
SERVED = "http://127.0.0.1:5000"
"""Where `mlflow ui` serves by default."""
MAX_PARAMS, MAX_METRICS = 100, 1000
"""Limits of one call of MLflow."""
PARAM_LIMIT, TAG_LIMIT = 6000, 5000

T = TypeVar("T")
Status = Literal["FINISHED", "FAILED", "KILLED", "SCHEDULED"]
"""SCHEDULED: a training stopped at its time limit and can be continued."""


class TrackingError(RuntimeError):
    """MLflow cannot be used; the message says why and what to do."""


def tracking_uri(out: Path) -> str:
    """The value of $MLFLOW_TRACKING_URI, else a database file in `out`.

    The default is absolute, so that it does not depend on the current folder. Raises
    TrackingError for a file store, which MLflow 3 cannot write.
    """
    given = expand_home_in_url(os.environ.get(URI_VARIABLE, ""))
    if not given:
        return _sqlite_url(out.resolve() / DATABASE)
    if given.startswith("file:") or ("://" not in given and given != "databricks"):
        raise TrackingError(
            f"{URI_VARIABLE}={hide_passwords(given)} is a file store, which MLflow 3 "
            "cannot write; set sqlite:////absolute/path/mlflow.db or the address of a "
            "server, or use --no-mlflow"
        )
    return given


def _sqlite_url(path: Path) -> str:
    """The address of a SQLite file, as SQLAlchemy reads it.

    Some characters of the path, such as `?` and `%`, must be encoded. TrackingError if
    the installed SQLAlchemy has no way to write them.
    """
    from sqlalchemy import URL

    plain = f"sqlite:///{path}"
    if _sqlite_file(plain) == path:
        return plain
    # With this driver in the address, MLflow makes no folder of the encoded name.
    encoded = URL.create("sqlite+pysqlite", database=str(path)).render_as_string()
    if _sqlite_file(encoded) != path:
        raise TrackingError(
            f"MLflow cannot keep its database in {path.parent}, because the name "
            "contains ? or %; use another folder with --out, or --no-mlflow"
        )
    return encoded


def _sqlite_file(uri: str) -> Path | None:
    """The file of a SQLite address; None for any other address."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(uri)
    except (ArgumentError, ValueError):
        return None
    if url.get_backend_name() != "sqlite" or not url.database:
        return None
    return Path(url.database)


def where_to_look(out: Path, page: str) -> str:
    """The address of a page of MLflow, after the command that serves a database.

    `page` is the part of the address that begins with `#`. The text holds no password.
    """
    uri = tracking_uri(out)
    scheme = uri.partition(":")[0].partition("+")[0]
    if scheme in ("http", "https"):
        parts = urlsplit(uri)
        host = parts.netloc.rpartition("@")[2]
        root = hide_passwords(parts._replace(netloc=host).geturl())
        return f"{root.rstrip('/')}/{page}"
    if scheme not in DATABASES:
        return hide_passwords(uri)
    secret = hide_passwords(uri) != uri
    shown = f'"${URI_VARIABLE}"' if secret else shlex.quote(uri)
    return (
        f"mlflow ui --workers 1 --backend-store-uri {shown}\n"
        f"  then open {SERVED}/{page}"
    )


@contextmanager
def raise_tracking_errors(uri: str, advice: str = "") -> Iterator[None]:
    """Turn any exception of MLflow in the body into a TrackingError of one sentence.

    The sentence holds no password.
    """
    try:
        yield
    except (TrackingError, NoLocks):
        raise
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise TrackingError(
            hide_passwords(f"MLflow at {uri} cannot be used: {reason}; {advice}")
            + f"set {URI_VARIABLE}, or use --no-mlflow"
        ) from error


class Experiment:
    """One experiment of MLflow: opens runs, logs to them and ends them.

    `uri` is the address of MLflow without its password.
    """

    def __init__(self, client: MlflowClient, key: str, uri: str) -> None:
        self.client = client
        self.id = key
        self.uri = hide_passwords(uri)

    def open_run(self, name: str, tags: Mapping[str, str]) -> str:
        """Start a run; returns its id."""
        cut = {key: value[:TAG_LIMIT] for key, value in tags.items()}
        return self.client.create_run(self.id, tags=cut, run_name=name).info.run_id

    def end(self, run: str, status: Status) -> None:
        """End a run with a status."""
        self.client.set_terminated(run, status)

    def params(self, run: str, config: Mapping[str, Any]) -> None:
        """Log a nested mapping as parameters with dotted names."""
        from mlflow.entities import Param

        params = [Param(k[:250], v[:PARAM_LIMIT]) for k, v in flatten(config).items()]
        for batch in _batches(params, MAX_PARAMS):
            self.client.log_batch(run, params=batch)

    def metrics(self, run: str, values: Sequence[tuple[str, float, int]]) -> None:
        """Log figures as (name, value, step)."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        metrics = [Metric(name, value, now, step) for name, value, step in values]
        for batch in _batches(metrics, MAX_METRICS):
            self.client.log_batch(run, metrics=batch)


def open_experiment(
    out: Path, name: str, on_wait: Callable[[str], None] = lambda sentence: None
) -> Experiment:
    """Connect to MLflow and find or create the experiment `avatarbench/NAME`.

    If the database does not exist, one process creates it while the others wait, and
    `on_wait` gets a sentence that says for whom. If `out` was moved, the database is
    corrected, and `on_wait` gets a sentence too. Raises TrackingError if MLflow fails.
    """
    uri = tracking_uri(out)
    with raise_tracking_errors(uri):
        database = _sqlite_file(uri)
        if database is None:
            return _connect(uri, name, None)
        guard = database.with_name(f".{database.name}.lock")
        with lock(guard, f"MLflow database {database}", on_wait):
            # By default, MLflow would create the folder in the current one.
            runs = _connect(uri, name, out.resolve() / ARTIFACTS)
            found = follow_moved_folder(database, out.resolve(), runs.id)
            for former in found.left:
                on_wait(f"MLflow: artifacts of {former} are now looked up in {out}")
            for folder in found.elsewhere:
                on_wait(f"MLflow: this experiment keeps its artifacts in {folder}")
            return runs


def _connect(uri: str, name: str, artifacts: Path | None) -> Experiment:
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    # The default of seven retries takes minutes.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")
    for logger in ("mlflow", "alembic"):
        logging.getLogger(logger).setLevel(logging.WARNING)
    with _any_home(artifacts):
        from mlflow.tracking import MlflowClient

    # Importing mlflow resets the level.
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    client = MlflowClient(uri)
    key = _experiment_id(client, f"avatarbench/{name}", artifacts)
    return Experiment(client, key, uri)


@contextmanager
def _any_home(folder: Path | None) -> Iterator[None]:
    """Have a home directory while the body runs: MLflow cannot be imported without.

    A user of a container may have none. MLflow writes nothing to it here.
    """
    try:
        Path.home()
    except RuntimeError:
        os.environ["HOME"] = str(folder or Path.cwd())
        try:
            yield
        finally:
            del os.environ["HOME"]
    else:
        yield


def _experiment_id(client: MlflowClient, name: str, artifacts: Path | None) -> str:
    """The id of the experiment, which another process may create at the same time."""
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


def end_dead_runs(client: MlflowClient, experiment: str) -> list[str]:
    """End running runs whose process no longer exists, as KILLED; returns their ids."""
    ended: list[str] = []
    for run in search(client, experiment, "attributes.status = 'RUNNING'"):
        tag = run.data.tags.get(TAG + "process")
        if tag is not None and not is_alive(json.loads(tag)):
            client.set_terminated(run.info.run_id, "KILLED")
            ended.append(run.info.run_id)
    return ended


def search(client: MlflowClient, experiment: str, condition: str) -> Iterator[Any]:
    """All runs of an experiment that meet a condition."""
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
