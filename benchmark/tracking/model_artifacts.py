"""Models that MLflow keeps, as folders."""

from __future__ import annotations

import os
from pathlib import Path

from benchmark.system.passwords import hide_passwords
from benchmark.tracking.connection import (
    DATABASE,
    URI_VARIABLE,
    TrackingError,
    raise_tracking_errors,
    search,
    tracking_uri,
)
from benchmark.tracking.records import MODEL_URI, TAG

REGISTRY_VARIABLE = "MLFLOW_REGISTRY_URI"
"""Where registered models are looked up, if not where runs are."""


def download_model(address: str, out: Path) -> Path:
    """The folder of a model, downloaded if it is on a server.

    Args:
        address: such as models:/NAME/1, models:/NAME@alias or runs:/RUN/model.
        out: folder of all runs, whose database is used unless $MLFLOW_TRACKING_URI is
            set.

    Raises:
        TrackingError: if there is no such model.
    """
    uri = tracking_uri(out)
    if not os.environ.get(URI_VARIABLE) and not (out / DATABASE).is_file():
        raise TrackingError(
            f"{address} is not in MLflow: {out} has no {DATABASE}; name the folder of "
            f"all runs with --runs, or set {URI_VARIABLE}"
        )
    import mlflow

    try:
        folder = mlflow.artifacts.download_artifacts(  # type: ignore[reportPrivateImportUsage]
            artifact_uri=_place(address, uri), tracking_uri=uri
        )
    except Exception as error:
        reason = (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
        raise TrackingError(
            f"{address} is not in MLflow at {hide_passwords(uri)}: {reason}; check the "
            "name, or set MLFLOW_TRACKING_URI"
        ) from error
    return Path(folder)


def _place(address: str, uri: str) -> str:
    """Where the files of a model are; addresses of other artifacts are unchanged."""
    # MLflow looks models up where the process tracks runs, not in `uri`.
    from mlflow.store.artifact.utils.models import get_model_name_and_version
    from mlflow.tracking import MlflowClient

    if not address.startswith("models:/"):
        return address
    registry = os.environ.get(REGISTRY_VARIABLE) or uri
    client = MlflowClient(tracking_uri=uri, registry_uri=registry)
    found = get_model_name_and_version(client, address)
    if len(found) == 1:
        return client.get_logged_model(*found).artifact_location or address
    name, version = map(str, found)
    return client.get_model_version_download_uri(name, version)


def model_addresses(out: Path, suite: str) -> dict[str, str]:
    """Addresses of the models that runs of a suite logged, by the key of their trial.

    Empty if nothing was tracked. Raises TrackingError if MLflow fails.
    """
    uri = tracking_uri(out)
    if not os.environ.get(URI_VARIABLE) and not (out / DATABASE).is_file():
        return {}
    with raise_tracking_errors(uri):
        from mlflow.tracking import MlflowClient

        client = MlflowClient(uri)
        experiment = client.get_experiment_by_name(f"avatarbench/{suite}")
        if experiment is None:
            return {}
        finished = (
            f"attributes.status = 'FINISHED' and tags.`{TAG}kind` = 'trial' "
            f"and tags.`{MODEL_URI}` LIKE 'models:/%'"
        )
        found = search(client, experiment.experiment_id, finished)
        tags = [run.data.tags for run in found]
        # Runs come newest first, and a trial may be logged on several machines.
        return {each[TAG + "key"]: each[MODEL_URI] for each in reversed(tags)}
