"""Runs and trainings that are tracked in MLflow."""

from pathlib import Path

from benchmark.run.runner import run, run_folder
from benchmark.storage.store import Store
from benchmark.system.progress import Silent
from benchmark.tracking import Training, open_tracker, open_training_tracker
from benchmark.tracking.connection import open_experiment
from benchmark.tracking.records import FaceRecord


def track(plan, home, out):
    tracker = open_tracker(out, plan.resolved.suite.name)
    run(plan, Store(home / "store"), home / "runs", Silent(), [tracker])
    tracker.add_reports(run_folder(plan.resolved, home / "runs") / "truths")
    tracker.close("FINISHED")
    return tracker


def runs(tracker, kind):
    condition = f"tags.`avatarbench.kind` = '{kind}'"
    return list(tracker._client.search_runs([tracker._experiment], condition))


def log_note(out, text, say=lambda sentence: None):
    """Log a file to a new run below `out`; returns the client and the run."""
    runs = open_experiment(out, "moving", say)
    run = runs.open_run(text, {})
    (out / "note.txt").write_text(text)
    runs.client.log_artifact(run, str(out / "note.txt"))
    return runs.client, run


def read_note(client, run):
    return Path(client.download_artifacts(run, "note.txt")).read_text()


def training_tracker(database, folder, name="tiny"):
    folder.mkdir(exist_ok=True)
    faces = FaceRecord("faces", "ab" * 32, "CC0-1.0", stand_in=True)
    params = {"batch": 4, "objective": {"r1_every": 16}}
    training = Training(name, folder, params, faces, "a machine")
    return open_training_tracker(database, training)


def history(tracker, name):
    found = tracker._runs.client.get_metric_history(tracker.run, name)
    return [(metric.step, metric.value) for metric in found]
