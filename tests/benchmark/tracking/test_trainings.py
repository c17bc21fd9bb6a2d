"""Trainings of generators in MLflow."""

import json

import pytest
from tracked_runs import history, training_tracker

from benchmark.system.environment import process_identity
from benchmark.tracking.connection import Experiment

pytestmark = pytest.mark.filterwarnings("ignore::Warning")


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


def test_a_training_stores_no_password(tmp_path, database):
    tracker = training_tracker(database, tmp_path)
    tracker._runs = Experiment(
        tracker._runs.client, tracker._runs.id, "http://ann:s3cret@tracker"
    )
    tracker.started([])
    tracker.close("FINISHED")
    assert "s3cret" not in (tmp_path / "mlflow.json").read_text()
