"""Models that MLflow keeps, as folders."""

from __future__ import annotations

import os
from pathlib import Path

from benchmark.system.passwords import hide_passwords
from benchmark.tracking.connection import (
    DATABASE,
    URI_VARIABLE,
    TrackingError,
    tracking_uri,
)


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
            artifact_uri=address, tracking_uri=uri
        )
    except Exception as error:
        reason = (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
        raise TrackingError(
            f"{address} is not in MLflow at {hide_passwords(uri)}: {reason}; check the "
            "name, or set MLFLOW_TRACKING_URI"
        ) from error
    return Path(folder)
