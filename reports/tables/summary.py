"""The scores of Table 1 by name, for places that show figures without a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from reports.tables.estimates import ScoreKey, estimate
from reports.tables.scores import headline_metrics
from reports.trials import Run


def summary_columns(run: Run) -> list[dict[str, str]]:
    """The columns of Table 1 with scores: `name` (`engine/metric`) and `direction`."""
    return [
        {"name": f"{key.engine}/{metric['name']}", "direction": metric["direction"]}
        for key, metric in _columns(run)
    ]


def summary_scores(run: Run) -> dict[str, float]:
    """The finite means of Table 1, by `engine/metric/variant`."""
    scores: dict[str, float] = {}
    for key, metric in _columns(run):
        for variant in run.main_variants:
            found = estimate(run, variant.name, metric, key)
            if found is not None and np.isfinite(found.interval.mean):
                name = f"{key.engine}/{metric['name']}/{variant.name}"
                scores[name] = float(found.interval.mean)
    return scores


def _columns(run: Run) -> list[tuple[ScoreKey, Mapping[str, Any]]]:
    return [
        (ScoreKey(engine, run.main_split, run.designers[0]), metric)
        for engine in run.engines
        for metric in headline_metrics(run)
        if metric["skipped"] is None
    ]
