"""Log rating studies to MLflow: one run per report."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from benchmark.system.environment import git_record
from benchmark.tracking.connection import open_experiment, raise_tracking_errors
from benchmark.tracking.records import TAG, code_tags, process_tags
from benchmark.tracking.runs_page import run_page


@dataclass(frozen=True)
class ReportedStudy:
    """What is logged of a study.

    Attributes:
        name: of the study; the experiment is `avatarbench/study-NAME`.
        tags: its digest, the digest of its ratings, the run that it shows.
        params: how it was created and analysed, nested.
        figures: by name.
        report: folder of page, tables, figures and tidy ratings.
    """

    name: str
    tags: Mapping[str, str]
    params: Mapping[str, Any]
    figures: Mapping[str, float]
    report: Path


class TrackedStudy(NamedTuple):
    """The id of the run of a study, and its page below the address of MLflow."""

    run: str
    page: str


def track_study(
    out: Path,
    study: ReportedStudy,
    on_wait: Callable[[str], None] = lambda sentence: None,
) -> TrackedStudy:
    """Log the report of a study as a new run.

    Raises TrackingError if MLflow fails.
    """
    runs = open_experiment(out, f"study-{study.name}", on_wait)
    with raise_tracking_errors(runs.uri, "the report is written; "):
        name = f"{study.name} {time.strftime('%Y-%m-%d %H:%M:%S')}"
        run = runs.open_run(name, _tags(study))
        runs.params(run, study.params)
        runs.metrics(run, [(key, value, 0) for key, value in study.figures.items()])
        runs.client.log_artifacts(run, str(study.report), "reports")
        runs.end(run, "FINISHED")
        return TrackedStudy(run, run_page(runs.id, run))


def _tags(study: ReportedStudy) -> dict[str, str]:
    tags = {
        "kind": "study",
        "study": study.name,
        **process_tags(),
        **study.tags,
    }
    source = code_tags(git_record(), "avatarbench study report")
    return source | {TAG + key: str(value) for key, value in tags.items()}
