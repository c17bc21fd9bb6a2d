"""A database of MLflow, made once, and no server in the environment."""

from __future__ import annotations

import pytest

from benchmark.tracking import open_tracker


@pytest.fixture(autouse=True)
def _no_server(monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.fixture(scope="session")
def database(tmp_path_factory):
    """An output folder whose database exists: making one takes seconds."""
    out = tmp_path_factory.mktemp("out")
    open_tracker(out, "first")
    return out
