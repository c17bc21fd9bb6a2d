import base64
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import tiny_suite
from simulated_kill import SimulatedKill
from sqlalchemy import make_url

import benchmark
from benchmark.config.resolve import resolve
from benchmark.config.suite import load_suite
from benchmark.run.plan import make_plan
from benchmark.run.runner import run, run_folder
from benchmark.storage.store import Store
from benchmark.system.environment import process_identity
from benchmark.system.progress import Silent
from benchmark.tracking import (
    ReportedStudy,
    TrackingError,
    Training,
    end_dead_runs,
    open_tracker,
    open_training_tracker,
    track_study,
    tracking_uri,
    where_to_look,
)
from benchmark.tracking.connection import Experiment, open_experiment
from benchmark.tracking.records import FaceRecord, flatten, speed_figures
from reports.write import write_reports

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
    tracker = open_tracker(out, plan.resolved.suite.name)
    run(plan, Store(home / "store"), home / "runs", Silent(), [tracker])
    tracker.add_reports(run_folder(plan.resolved, home / "runs") / "truths")
    tracker.close("FINISHED")
    return tracker


def runs(tracker, kind):
    condition = f"tags.`avatarbench.kind` = '{kind}'"
    return list(tracker._client.search_runs([tracker._experiment], condition))


def test_everything_is_tracked_once(tiny, database):
    tiny_suite.register()
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
    own, chain = (child.data.metrics[f"speed.fit{n}_seconds"] for n in ("", "_chain"))
    assert 0 < own <= chain
    assert child.data.metrics["training.loss"] > 0
    tracked = {i.dataset.digest for i in child.inputs.dataset_inputs}
    splits = [plan.resolved.splits[name] for name in plan.resolved.suite.splits]
    assert tracked == {split.digest[:32] for split in splits}
    assert len(tracked) == 2
    artifacts = {f.path for f in tracker._client.list_artifacts(child.info.run_id)}
    assert {"cases.json", "cases.parquet", "model", "trial.json"} <= artifacts
    shown = tracker._client.list_artifacts(child.info.run_id, "pictures")
    assert [f.path for f in shown] == ["pictures/validation"]
    artifacts = {f.path for f in tracker._client.list_artifacts(parent.info.run_id)}
    assert {"resolved.yaml", "environment.json", "reports"} <= artifacts
    assert child.info.artifact_uri.startswith(database.as_uri())

    again = track(plan, tiny.parent, database)
    assert len(runs(again, "trial")) == 1
    newest = runs(again, "invocation")[0]
    assert newest.data.tags["avatarbench.trial.one__tiny__s0"] == child.info.run_id


def test_results_without_a_model_are_logged_without_it(tiny, database):
    tiny_suite.register()
    plan = make_plan(resolve(load_suite(str(tiny), ("name=unmodelled",))))
    run(plan, Store(tiny.parent / "elsewhere"), tiny.parent / "runs", Silent())
    tracker = track(plan, tiny.parent, database)
    (child,) = runs(tracker, "trial")
    assert child.info.status == "FINISHED"
    assert child.data.metrics["heldout.designer-a.skin-share"] >= 0
    artifacts = {f.path for f in tracker._client.list_artifacts(child.info.run_id)}
    assert "cases.parquet" in artifacts
    assert "model" not in artifacts


def test_a_failed_trial_is_tracked_as_failed(tmp_path, database):
    tiny_suite.register()
    rows = [{"name": "bad", "method": "failing"}]
    path = tiny_suite.make_suite(tmp_path, name="failing", variants=rows)
    (tmp_path / "broken").touch()
    plan = make_plan(resolve(load_suite(str(path))))
    tracker = track(plan, tmp_path, database)
    (child,) = runs(tracker, "trial")
    assert child.info.status == "FAILED"
    assert child.data.tags["avatarbench.error"] == "RuntimeError: the sky fell"


def test_a_study_is_tracked_with_its_report(tmp_path, database):
    (tmp_path / "page.html").write_text("Table 2")
    study = ReportedStudy(
        name="tiny",
        tags={"study.digest": "ab" * 32},
        params={"rule": {"ties": "left out"}},
        figures={"toon.swift.share": 0.5},
        report=tmp_path,
    )
    first, second = track_study(database, study), track_study(database, study)
    assert first != second
    client = open_tracker(database, "study-tiny")._client
    run = client.get_run(first)
    assert run.info.status == "FINISHED"
    assert run.data.tags["avatarbench.kind"] == "study"
    assert run.data.tags["avatarbench.study.digest"] == "ab" * 32
    assert run.data.params["rule.ties"] == "left out"
    assert run.data.metrics == {"toon.swift.share": 0.5}
    assert [f.path for f in client.list_artifacts(first, "reports")] == [
        "reports/page.html"
    ]


def test_runs_of_dead_processes_are_swept(database):
    tracker = open_tracker(database, "sweep")
    client, experiment = tracker._client, tracker._experiment
    dead = {**process_identity(), "pid": 2**22 + 1}
    elsewhere = {**dead, "host": "another"}
    ids = [
        client.create_run(
            experiment, tags={"avatarbench.process": json.dumps(process)}
        ).info.run_id
        for process in (dead, process_identity(), elsewhere)
    ]
    assert end_dead_runs(client, experiment) == ids[:1]
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


@pytest.mark.slow
def test_processes_that_start_together_make_one_database(tmp_path):
    command = [sys.executable, "-c", OPEN, str(tmp_path)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    racers = [subprocess.Popen(command, env=environment) for _ in range(3)]
    assert [racer.wait(timeout=120) for racer in racers] == [0, 0, 0]
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        query = "select name from experiments where name like 'avatarbench/%'"
        assert database.execute(query).fetchall() == [("avatarbench/race",)]
    database.close()


def test_the_time_of_a_fit_excludes_cached_stages():
    timing = {"fit_seconds": 2313.0, "fit_own_seconds": 38.0, "repeats": 5}
    expected = {"fit_seconds": 38.0, "fit_chain_seconds": 2313.0, "repeats": 5.0}
    assert speed_figures(timing) == expected
    assert speed_figures({"fit_seconds": 9.0}) == {"fit_chain_seconds": 9.0}


def test_no_held_out_picture_is_logged(tiny, database):
    tiny_suite.register()
    plan = make_plan(resolve(load_suite(str(tiny), ("name=unseen",))))
    folder = run_folder(plan.resolved, tiny.parent / "runs")
    tracker = open_tracker(database, "unseen")
    run(plan, Store(tiny.parent / "store"), tiny.parent / "runs", Silent(), [tracker])
    tracker.add_reports(write_reports(folder).folder)
    tracker.close("FINISHED")
    heldout = plan.resolved.splits["heldout"].ids
    logged = list((database / "mlartifacts" / "avatarbench" / "unseen").rglob("*"))
    assert not [path for path in logged if path.name.split(".")[0] in heldout]
    seen = {path.read_bytes() for path in folder.rglob("heldout/*.webp")}
    assert seen
    assert not [p for p in logged if p.is_file() and p.read_bytes() in seen]
    page = next(path for path in logged if path.name == "page.html").read_text()
    assert not [p for p in seen if base64.b64encode(p).decode() in page]


def test_flat_joins_keys_by_dots():
    nested = {"a": {"b": 1, "c": {"d": [1, 2]}}, "e": "text", "f/g": None}
    assert flatten(nested) == {
        "a.b": "1",
        "a.c.d": "[1, 2]",
        "e": "text",
        "f.g": "null",
    }


def test_an_empty_address_is_none(monkeypatch, tmp_path):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    assert tracking_uri(tmp_path) == f"sqlite:///{tmp_path / 'mlflow.db'}"


def test_a_custom_database_creates_no_folder_in_the_current_one(
    monkeypatch, tmp_path, database
):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{database / 'mlflow.db'}")
    monkeypatch.chdir(tmp_path)
    tracker = open_tracker(tmp_path / "out", "elsewhere")
    experiment = tracker._client.get_experiment(tracker._experiment)
    assert experiment.artifact_location.startswith((tmp_path / "out").as_uri())
    assert not (tmp_path / "mlruns").exists()


@pytest.mark.parametrize("name", ["a b", "é#&+", "a%20b", "100%", "what?x=1"])
def test_the_default_address_names_the_file_whatever_its_folder(name, tmp_path):
    url = make_url(tracking_uri(tmp_path / name))
    assert url.database == str(tmp_path / name / "mlflow.db")
    assert not url.query


def test_database_and_artifacts_stay_in_a_folder_with_an_odd_name(tmp_path):
    out = tmp_path / "what?x=1 a%20b#é"
    out.mkdir()
    runs = open_experiment(out, "odd")
    run = runs.open_run("run", {})
    (out / "note.txt").write_text("a note")
    runs.client.log_artifact(run, str(out / "note.txt"))
    assert (out / "mlflow.db").stat().st_size > 0
    assert [p.read_text() for p in out.glob("mlartifacts/**/note.txt")] == ["a note"]
    assert list(tmp_path.iterdir()) == [out]


def log_note(out, text, say=lambda sentence: None):
    """Log a file to a new run below `out`; returns the client and the run."""
    runs = open_experiment(out, "moving", say)
    run = runs.open_run(text, {})
    (out / "note.txt").write_text(text)
    runs.client.log_artifact(run, str(out / "note.txt"))
    return runs.client, run


def read_note(client, run):
    return Path(client.download_artifacts(run, "note.txt")).read_text()


@pytest.mark.parametrize("how", [shutil.move, shutil.copytree])
def test_a_moved_output_folder_takes_its_artifacts_along(how, tmp_path, database):
    first, second = tmp_path / "first", tmp_path / "second place"
    shutil.copytree(database, first)
    _, before = log_note(first, "before")
    how(first, second)
    kept = sorted(first.rglob("*"))
    said = []
    client, after = log_note(second, "after", said.append)
    assert len(list(second.glob("mlartifacts/**/note.txt"))) == 2
    assert [read_note(client, run) for run in (before, after)] == ["before", "after"]
    assert sorted(first.rglob("*")) == kept
    assert client.get_run(before).info.artifact_uri.startswith(second.as_uri())
    assert any(str(first / "mlartifacts") in line for line in said)

    said.clear()
    log_note(second, "again", said.append)
    assert said == []


def test_artifacts_in_another_folder_that_exists_stay_there(
    tmp_path, database, monkeypatch
):
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    shutil.copytree(database, out)
    elsewhere.mkdir()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{out / 'mlflow.db'}")
    log_note(elsewhere, "there")
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    said = []
    client, run = log_note(out, "too", said.append)
    assert client.get_run(run).info.artifact_uri.startswith(elsewhere.as_uri())
    assert said[-1].endswith(f"keeps its artifacts in {elsewhere / 'mlartifacts'}")


def test_a_shared_database_follows_a_moved_output_folder(
    tmp_path, database, monkeypatch
):
    first, second, shared = tmp_path / "first", tmp_path / "second", tmp_path / "db"
    shutil.copytree(database, shared)
    first.mkdir()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{shared / 'mlflow.db'}")
    _, before = log_note(first, "before")
    first.rename(second)
    client, after = log_note(second, "after")
    assert not first.exists()
    assert [read_note(client, run) for run in (before, after)] == ["before", "after"]


def test_a_home_folder_in_the_tracking_uri_is_expanded(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///~/m.db")
    assert tracking_uri(tmp_path / "out") == f"sqlite:///{tmp_path / 'm.db'}"


def test_a_training_stores_no_password(tmp_path, database):
    tracker = training_tracker(database, tmp_path)
    tracker._runs = Experiment(
        tracker._runs.client, tracker._runs.id, "http://ann:s3cret@tracker"
    )
    tracker.started([])
    tracker.close("FINISHED")
    assert "s3cret" not in (tmp_path / "mlflow.json").read_text()


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("http://ann:s3cret@tracker:5000/x", "http://tracker:5000/x"),
        ("https://tracker:5000", "https://tracker:5000"),
        ("databricks", "databricks"),
        (
            "postgresql://ann:s3cret@db/mlflow",
            'mlflow ui --workers 1 --backend-store-uri "$MLFLOW_TRACKING_URI"',
        ),
        (
            "sqlite:////x y/m.db",
            "mlflow ui --workers 1 --backend-store-uri 'sqlite:////x y/m.db'",
        ),
    ],
)
def test_where_runs_are_shown_holds_no_password(uri, shown, monkeypatch, tmp_path):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    assert where_to_look(tmp_path) == shown


@pytest.mark.parametrize(
    "uri",
    [
        "http://ann:s3cret@127.0.0.1:9/x",
        "postgresql://ann:s3cret@127.0.0.1:9/x",
        "file://ann:s3cret@host/x",
    ],
)
def test_errors_of_tracking_hold_no_password(uri, monkeypatch, tmp_path):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # MLflow retries
    with pytest.raises(TrackingError, match="ann") as caught:
        open_tracker(tmp_path, "any")
    assert "s3cret" not in str(caught.value)


def test_results_are_kept_if_the_tracker_stops_answering(tiny, database, monkeypatch):
    plan = make_plan(resolve(load_suite(str(tiny), ["notes=never tracked"])))
    tracker = open_tracker(database, plan.resolved.suite.name)

    def gone(*arguments, **named):
        raise ConnectionError("connection refused\nmore of it")

    monkeypatch.setattr(tracker._client, "log_inputs", gone)
    home = tiny.parent
    with pytest.raises(TrackingError, match="refused; all results so far are kept"):
        run(plan, Store(home / "store"), home / "runs", Silent(), [tracker])
    folder = run_folder(plan.resolved, home / "runs")
    assert (folder / "trials" / "one__tiny__s0" / "cases.parquet").is_file()
    tracker.close("FAILED")


def test_the_speed_of_a_killed_run_is_tracked_by_the_next(tiny, database, monkeypatch):
    plan = make_plan(resolve(load_suite(str(tiny), ["notes=killed"])))

    def kill(*arguments):
        raise SimulatedKill

    tracker = open_tracker(database, plan.resolved.suite.name)
    before = {child.info.run_id for child in runs(tracker, "trial")}
    monkeypatch.setattr("benchmark.run.speeds.time_together", kill)
    store, out = Store(tiny.parent / "store"), tiny.parent / "runs"
    with pytest.raises(SimulatedKill):
        run(plan, store, out, Silent(), [tracker])
    monkeypatch.undo()
    killed = {child.info.run_id for child in runs(tracker, "trial")}
    for _ in range(2):
        tracker = track(plan, tiny.parent, database)
        assert {child.info.run_id for child in runs(tracker, "trial")} == killed
    (child,) = killed - before
    history = tracker._client.get_metric_history(child, "speed.model_hz_median")
    assert [metric.value > 0 for metric in history] == [True]


def test_speeds_of_another_machine_are_tracked_too(tiny, database):
    plan = make_plan(resolve(load_suite(str(tiny), ["notes=two machines"])))
    tracker = track(plan, tiny.parent, database)
    before = len(runs(tracker, "trial"))
    other = replace(plan, machine={**plan.machine, "waiting": "otherwise"})
    tracker = track(other, tiny.parent, database)
    assert len(runs(tracker, "trial")) == before + 1


def training_tracker(database, folder, name="tiny"):
    folder.mkdir(exist_ok=True)
    faces = FaceRecord("faces", "ab" * 32, "CC0-1.0", stand_in=True)
    params = {"batch": 4, "objective": {"r1_every": 16}}
    training = Training(name, folder, params, faces, "a machine")
    return open_training_tracker(database, training)


def history(tracker, name):
    found = tracker._runs.client.get_metric_history(tracker.run, name)
    return [(metric.step, metric.value) for metric in found]


def test_a_training_is_one_run_over_its_pieces(tmp_path, database):
    first = training_tracker(database, tmp_path / "training")
    first.started([])
    first.figures({"train/mask": 1.0}, 20)
    first.figures({"train/mask": 0.5, "quality/diversity": 0.9}, 40)
    (tmp_path / "sheet.png").write_bytes(b"picture")
    first.sheets(tmp_path / "sheet.png")
    first.tag("quality", "features of a network")
    run = first._runs.client.get_run(first.run)
    assert run.data.params == {"batch": "4", "objective.r1_every": "16"}
    assert run.data.tags["avatarbench.kind"] == "training"
    assert run.data.tags["avatarbench.hardware"] == "a machine"
    assert run.data.tags["avatarbench.faces.stand_in"] == "True"
    assert run.data.tags["avatarbench.quality"] == "features of a network"
    (sheet,) = first._runs.client.list_artifacts(first.run, "previews")
    assert sheet.path == "previews/sheet.png"

    # After a kill the curve on disk may be shorter, or have records not yet logged.
    second = training_tracker(database, tmp_path / "training")
    second.started([{"step": s, "train/mask": 20.0 / s} for s in (20, 40, 60)])
    assert second.run == first.run
    second.figures({"train/mask": 0.5}, 40)
    second.figures({"train/mask": 0.25}, 80)
    expected = [(20, 1.0), (40, 0.5), (60, 20 / 60), (80, 0.25)]
    assert history(second, "train/mask") == expected
    second.close("SCHEDULED")
    assert second._runs.client.get_run(second.run).info.status == "SCHEDULED"

    (tmp_path / "training" / "mlflow.json").unlink()
    third = training_tracker(database, tmp_path / "training")
    third.started([{"step": 20, "train/mask": 1.0}])
    assert third.run != first.run
    assert history(third, "train/mask") == [(20, 1.0)]
    third.close("FINISHED")


@pytest.mark.parametrize("note", ["{", "[]", '{"run": "0123456789abcdef"}'])
def test_a_deleted_run_is_created_again(note, tmp_path, database):
    (tmp_path / "mlflow.json").write_text(note)
    tracker = training_tracker(database, tmp_path)
    tracker.started([])
    assert json.loads((tmp_path / "mlflow.json").read_text())["run"] == tracker.run
    tracker.close("FINISHED")


def test_a_killed_training_is_closed_and_resumed(tmp_path, database, monkeypatch):
    dead = training_tracker(database, tmp_path / "dead")
    name = {**process_identity(), "pid": 2**22 + 1}
    monkeypatch.setattr("benchmark.tracking.records.process_identity", lambda: name)
    dead.started([])
    monkeypatch.undo()
    other = training_tracker(database, tmp_path / "other")
    other.started([])
    client = dead._runs.client
    assert client.get_run(dead.run).info.status == "KILLED"
    again = training_tracker(database, tmp_path / "dead")
    again.started([])
    assert again.run == dead.run
    assert client.get_run(dead.run).info.status == "RUNNING"
    for tracker in (other, again):
        tracker.close("FINISHED")


def test_no_module_outside_the_package_imports_mlflow():
    root = Path(benchmark.__file__).parent.parent
    packages = ("benchmark", "methods", "evaluation", "reports")
    sources = [path for package in packages for path in (root / package).rglob("*.py")]
    assert len(sources) > 100
    for path in sources:
        if path.parent != root / "benchmark" / "tracking":
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"^\s*(import|from) mlflow", text, re.M), path


NO_HOME = """
import os, pwd, sys
from pathlib import Path
def unknown(uid):
    raise KeyError(uid)
pwd.getpwuid = unknown
os.environ.pop("HOME", None)
from benchmark.tracking import open_tracker
open_tracker(Path(sys.argv[1]), "homeless").close("FINISHED")
assert "HOME" not in os.environ
"""


def test_a_user_without_a_home_directory_can_log(tmp_path, database):
    shutil.copytree(database, tmp_path / "out")
    command = [sys.executable, "-c", NO_HOME, str(tmp_path / "out")]
    subprocess.run(command, check=True, cwd=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
