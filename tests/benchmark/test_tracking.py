import json
import os
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import tiny_contest

from benchmark.environment import process_name
from benchmark.plan import make_plan
from benchmark.progress import Silent
from benchmark.resolve import resolve
from benchmark.runner import run, run_folder
from benchmark.store import Store
from benchmark.suite import load_suite
from benchmark.tracked import flat
from benchmark.tracking import TrackingError, open_tracker, sweep, tracking_uri

pytestmark = pytest.mark.filterwarnings("ignore::Warning")


@pytest.fixture(autouse=True)
def _no_server(monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """An output folder whose database exists: making one takes seconds."""
    out = tmp_path_factory.mktemp("out")
    open_tracker(out, "first")
    return out


def track(plan, home, out):
    tracker = open_tracker(out, plan.contest.suite.name)
    run(plan, Store(home / "store"), home / "runs", Silent(), [tracker])
    tracker.add_reports(run_folder(plan.contest, home / "runs") / "truths")
    tracker.close("FINISHED")
    return tracker


def runs(tracker, kind):
    condition = f"tags.`avatarbench.kind` = '{kind}'"
    return list(tracker._client.search_runs([tracker._experiment], condition))


def test_everything_is_tracked_once(tiny, database):
    tiny_contest.register()
    plan = make_plan(resolve(load_suite(str(tiny))))
    tracker = track(plan, tiny.parent, database)
    (parent,) = runs(tracker, "invocation")
    (child,) = runs(tracker, "trial")
    assert parent.info.status == child.info.status == "FINISHED"
    assert child.data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert parent.data.tags["avatarbench.trial.one__tiny__s0"] == child.info.run_id
    assert parent.data.params["variants.one.options.steps"] == "3"
    assert child.data.metrics["heldout.designer-a.skin-share"] >= 0
    assert child.data.metrics["speed.model_hz_median"] > 0
    assert child.data.metrics["training.loss"] > 0
    tracked = {i.dataset.digest for i in child.inputs.dataset_inputs}
    splits = [plan.contest.splits[name] for name in plan.contest.suite.splits]
    assert tracked == {split.digest[:32] for split in splits}
    assert len(tracked) == 2
    artifacts = {f.path for f in tracker._client.list_artifacts(child.info.run_id)}
    assert {"cases.json", "cases.parquet", "model", "trial.json"} <= artifacts
    artifacts = {f.path for f in tracker._client.list_artifacts(parent.info.run_id)}
    assert {"resolved.yaml", "environment.json", "reports"} <= artifacts
    assert child.info.artifact_uri.startswith(database.as_uri())

    again = track(plan, tiny.parent, database)
    assert len(runs(again, "trial")) == 1
    newest = runs(again, "invocation")[0]
    assert newest.data.tags["avatarbench.trial.one__tiny__s0"] == child.info.run_id


def test_a_failed_trial_is_tracked_as_failed(tmp_path, database):
    tiny_contest.register()
    rows = [{"name": "bad", "method": "failing"}]
    path = tiny_contest.make_suite(tmp_path, name="failing", variants=rows)
    (tmp_path / "broken").touch()
    plan = make_plan(resolve(load_suite(str(path))))
    tracker = track(plan, tmp_path, database)
    (child,) = runs(tracker, "trial")
    assert child.info.status == "FAILED"
    assert child.data.tags["avatarbench.error"] == "RuntimeError: the sky fell"


def test_runs_of_dead_processes_are_swept(database):
    tracker = open_tracker(database, "sweep")
    client, experiment = tracker._client, tracker._experiment
    dead = {**process_name(), "pid": 2**22 + 1}
    elsewhere = {**dead, "host": "another"}
    ids = [
        client.create_run(
            experiment, tags={"avatarbench.process": json.dumps(process)}
        ).info.run_id
        for process in (dead, process_name(), elsewhere)
    ]
    assert sweep(client, experiment) == ids[:1]
    assert client.get_run(ids[0]).info.status == "KILLED"
    assert client.get_run(ids[1]).info.status == "RUNNING"
    for run_id in ids[1:]:
        client.set_terminated(run_id)


def test_default_place_does_not_move_with_the_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    uri = tracking_uri(Path("runs"))
    assert uri == f"sqlite:///{tmp_path / 'runs' / 'mlflow.db'}"
    assert uri.startswith("sqlite:////")


def test_an_address_in_the_environment_stays_unchanged(monkeypatch, tmp_path):
    for uri in ("http://tracker:5000", "sqlite:////x/y.db", "databricks"):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
        assert tracking_uri(tmp_path) == uri


@pytest.mark.parametrize("uri", ["file:./mlruns", "file:///x/mlruns", "./mlruns"])
def test_a_file_store_is_refused_with_advice(uri, monkeypatch, tmp_path):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises(TrackingError, match=r"file store.*--no-mlflow"):
        open_tracker(tmp_path, "any")


def test_a_database_that_cannot_be_used_is_named(tmp_path):
    (tmp_path / "mlflow.db").write_text("not a database, but some text" * 100)
    with pytest.raises(TrackingError, match=r"mlflow\.db cannot be used"):
        open_tracker(tmp_path, "any")


OPEN = """
import sys
from dataclasses import replace
from pathlib import Path
from benchmark.tracking import open_tracker
open_tracker(Path(sys.argv[1]), "race")
"""


def test_processes_that_start_together_make_one_database(tmp_path):
    command = [sys.executable, "-c", OPEN, str(tmp_path)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    racers = [subprocess.Popen(command, env=environment) for _ in range(3)]
    assert [racer.wait(timeout=120) for racer in racers] == [0, 0, 0]
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        query = "select name from experiments where name like 'avatarbench/%'"
        assert database.execute(query).fetchall() == [("avatarbench/race",)]
    database.close()


def test_flat_joins_keys_by_dots():
    nested = {"a": {"b": 1, "c": {"d": [1, 2]}}, "e": "text", "f/g": None}
    assert flat(nested) == {"a.b": "1", "a.c.d": "[1, 2]", "e": "text", "f.g": "null"}


def test_an_empty_address_is_none(monkeypatch, tmp_path):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    assert tracking_uri(tmp_path) == f"sqlite:///{tmp_path / 'mlflow.db'}"


def test_a_database_of_ones_own_leaves_no_folder_where_one_stands(
    monkeypatch, tmp_path, database
):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{database / 'mlflow.db'}")
    monkeypatch.chdir(tmp_path)
    tracker = open_tracker(tmp_path / "out", "elsewhere")
    experiment = tracker._client.get_experiment(tracker._experiment)
    assert experiment.artifact_location.startswith((tmp_path / "out").as_uri())
    assert not (tmp_path / "mlruns").exists()


def test_a_folder_that_no_address_can_name_is_refused(tmp_path):
    with pytest.raises(TrackingError, match=r"there is a \? in the name; .*--out"):
        tracking_uri(tmp_path / "why?")


def test_a_tracker_that_stops_answering_costs_no_results(tiny, database, monkeypatch):
    plan = make_plan(resolve(load_suite(str(tiny), ["notes=never tracked"])))
    tracker = open_tracker(database, plan.contest.suite.name)

    def gone(*arguments, **named):
        raise ConnectionError("connection refused\nmore of it")

    monkeypatch.setattr(tracker._client, "log_inputs", gone)
    home = tiny.parent
    with pytest.raises(TrackingError, match="refused; all results so far are kept"):
        run(plan, Store(home / "store"), home / "runs", Silent(), [tracker])
    folder = run_folder(plan.contest, home / "runs")
    assert (folder / "trials" / "one__tiny__s0" / "cases.parquet").is_file()
    tracker.close("FAILED")


def test_speeds_of_another_machine_are_tracked_too(tiny, database):
    plan = make_plan(resolve(load_suite(str(tiny), ["notes=two machines"])))
    tracker = track(plan, tiny.parent, database)
    before = len(runs(tracker, "trial"))
    other = replace(plan, machine={**plan.machine, "name": "another"})
    tracker = track(other, tiny.parent, database)
    assert len(runs(tracker, "trial")) == before + 1
