"""Databases and experiments of MLflow."""

import json
import os
import pwd
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import benchmark
from benchmark.system.environment import process_identity
from benchmark.tracking import end_dead_runs, open_tracker
from benchmark.tracking.connection import open_experiment

pytestmark = pytest.mark.filterwarnings("ignore::Warning")


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


def test_a_custom_database_creates_no_folder_in_the_current_one(
    monkeypatch, tmp_path, database
):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{database / 'mlflow.db'}")
    monkeypatch.chdir(tmp_path)
    tracker = open_tracker(tmp_path / "out", "elsewhere")
    experiment = tracker._client.get_experiment(tracker._experiment)
    assert experiment.artifact_location.startswith((tmp_path / "out").as_uri())
    assert not (tmp_path / "mlruns").exists()


@pytest.mark.slow
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


def test_no_module_outside_the_package_imports_mlflow():
    root = Path(benchmark.__file__).parent.parent
    packages = ("benchmark", "methods", "evaluation", "reports")
    sources = [path for package in packages for path in (root / package).rglob("*.py")]
    assert len(sources) > 100
    for path in sources:
        if path.parent != root / "benchmark" / "tracking":
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"^\s*(import|from) mlflow", text, re.M), path


def test_mlflow_gets_a_home_directory_while_it_is_imported(
    tmp_path, database, monkeypatch
):
    from mlflow import tracking

    class Imported(ModuleType):
        def __getattr__(self, name):
            homes.append(Path.home())
            return getattr(tracking, name)

    def unknown(uid):
        raise KeyError(uid)

    homes, out = [], tmp_path / "out"
    shutil.copytree(database, out)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.setitem(sys.modules, "mlflow.tracking", Imported("mlflow.tracking"))
    open_tracker(out, "homeless").close("FINISHED")
    assert out / "mlartifacts" in homes
    assert "HOME" not in os.environ
    assert list(tmp_path.iterdir()) == [out]


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


@pytest.mark.slow
def test_a_user_without_a_home_directory_can_log(tmp_path, database):
    shutil.copytree(database, tmp_path / "out")
    command = [sys.executable, "-c", NO_HOME, str(tmp_path / "out")]
    subprocess.run(command, check=True, cwd=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
