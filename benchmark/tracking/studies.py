"""A rating study in MLflow: one run each time that it is reported."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.system.environment import git_record, own_version, process_name
from benchmark.tracking.connection import blamed, open_experiment
from benchmark.tracking.records import TAG


@dataclass(frozen=True)
class ReportedStudy:
    """What MLflow is told of a study.

    Attributes:
        name: of the study; the experiment is `avatarbench/study-NAME`.
        tags: what it is: its digest, that of the judgements, the run it showed.
        params: how it was made and analysed, nested.
        figures: by name.
        report: the folder of page, tables, figures and tidy judgements.
    """

    name: str
    tags: Mapping[str, str]
    params: Mapping[str, Any]
    figures: Mapping[str, float]
    report: Path


def track_study(
    out: Path,
    study: ReportedStudy,
    on_wait: Callable[[str], None] = lambda sentence: None,
) -> str:
    """Log a study's report as a run of its own; the run's id.

    Raises TrackingError where MLflow cannot be used.
    """
    runs = open_experiment(out, f"study-{study.name}", on_wait)
    with blamed(runs.uri, "the report itself is written; "):
        name = f"{study.name} {time.strftime('%Y-%m-%d %H:%M:%S')}"
        run = runs.open_run(name, _tags(study))
        runs.params(run, study.params)
        runs.metrics(run, [(key, value, 0) for key, value in study.figures.items()])
        runs.client.log_artifacts(run, str(study.report), "reports")
        runs.end(run, "FINISHED")
        return run


def _tags(study: ReportedStudy) -> dict[str, str]:
    code = git_record()
    tags = {
        "kind": "study",
        "study": study.name,
        "process": json.dumps(process_name()),
        "git.sha": code["sha"],
        "git.dirty": code["dirty"],
        "version": own_version(),
        **study.tags,
    }
    return {TAG + key: str(value) for key, value in tags.items()}
