"""The page of MLflow that compares the trials of a suite, and its address."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from benchmark.tracking.records import TAG

VIEW = "avatarbench"
"""The name of the view of an experiment that the address opens."""
VIEW_TAG = f"mlflow.sharedViewState.{VIEW}"
MODE = {"workflowType": "machine_learning"}
"""Without it, MLflow shows the menu for language models."""
SPEED = "speed.model_hz_median"
MOST_IDS = 100


def runs_page(experiment: str) -> str:
    """The runs table of an experiment with the columns and order of its view."""
    query = urlencode({**MODE, "viewStateShareKey": VIEW})
    return f"#/experiments/{experiment}/runs?{query}"


def run_page(experiment: str, run: str) -> str:
    """The page of one run; the runs table if the run was never started."""
    page = f"#/experiments/{experiment}/runs/{run}".rstrip("/")
    return f"{page}?{urlencode(MODE)}"


def trials_view(trials: Sequence[str], metrics: Sequence[Mapping[str, Any]]) -> str:
    """A shared view of MLflow's runs table: these runs, sorted by the first metric.

    Args:
        trials: ids of the runs. With more than 100, all trials are shown.
        metrics: columns, each with `name` and `direction`.
    """
    shown = f"tags.`{TAG}kind` = 'trial'"
    if 0 < len(trials) <= MOST_IDS:
        ids = ", ".join(f"'{run}'" for run in trials)
        shown = f"attributes.run_id IN ({ids})"
    names = [metric["name"] for metric in metrics]
    columns = _keys("metrics", (*names, SPEED))
    order: dict[str, Any] = {}
    if metrics:
        order = {
            "orderByKey": _keys("metrics", names[:1])[0],
            "orderByAsc": metrics[0]["direction"] == "lower",
        }
    return json.dumps({"searchFilter": shown, **order, "selectedColumns": columns})


def _keys(kind: str, names: Iterable[str]) -> list[str]:
    return [f"{kind}.`{name}`" for name in names]
