"""Artifacts of an output folder that was moved or copied."""

import shutil

import pytest
from tracked_runs import log_note, read_note

pytestmark = pytest.mark.filterwarnings("ignore::Warning")


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
