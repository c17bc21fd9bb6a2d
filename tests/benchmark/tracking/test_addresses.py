"""Addresses of MLflow: where runs are logged, and what is shown of it."""

from pathlib import Path

import pytest
from sqlalchemy import make_url

from benchmark.tracking import TrackingError, open_tracker, tracking_uri, where_to_look

pytestmark = pytest.mark.filterwarnings("ignore::Warning")


def test_default_place_does_not_move_with_the_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    uri = tracking_uri(Path("runs"))
    assert uri == f"sqlite:///{tmp_path / 'runs' / 'mlflow.db'}"
    assert uri.startswith("sqlite:////")


def test_an_address_in_the_environment_stays_unchanged(monkeypatch, tmp_path):
    for uri in ("http://tracker:5000", "sqlite:////x/y.db", "databricks"):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
        assert tracking_uri(tmp_path) == uri


def test_an_empty_address_is_none(monkeypatch, tmp_path):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    assert tracking_uri(tmp_path) == f"sqlite:///{tmp_path / 'mlflow.db'}"


@pytest.mark.parametrize("name", ["a b", "é#&+", "a%20b", "100%", "what?x=1"])
def test_the_default_address_names_the_file_whatever_its_folder(name, tmp_path):
    url = make_url(tracking_uri(tmp_path / name))
    assert url.database == str(tmp_path / name / "mlflow.db")
    assert not url.query


def test_a_home_folder_in_the_tracking_uri_is_expanded(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///~/m.db")
    assert tracking_uri(tmp_path / "out") == f"sqlite:///{tmp_path / 'm.db'}"


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("http://ann:s3cret@tracker:5000/x", "http://tracker:5000/x/#/page"),
        ("https://tracker:5000", "https://tracker:5000/#/page"),
        ("databricks", "databricks"),
        (
            "postgresql://ann:s3cret@db/mlflow",
            'mlflow ui --workers 1 --backend-store-uri "$MLFLOW_TRACKING_URI"\n'
            "  then open http://127.0.0.1:5000/#/page",
        ),
        (
            "sqlite:////x y/m.db",
            "mlflow ui --workers 1 --backend-store-uri 'sqlite:////x y/m.db'\n"
            "  then open http://127.0.0.1:5000/#/page",
        ),
    ],
)
def test_where_runs_are_shown_holds_no_password(uri, shown, monkeypatch, tmp_path):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    assert where_to_look(tmp_path, "#/page") == shown


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


@pytest.mark.parametrize("uri", ["file:./mlruns", "file:///x/mlruns", "./mlruns"])
def test_a_file_store_is_refused_with_advice(uri, monkeypatch, tmp_path):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises(TrackingError, match=r"file store.*--no-mlflow"):
        open_tracker(tmp_path, "any")


def test_a_database_that_cannot_be_used_is_named(tmp_path):
    (tmp_path / "mlflow.db").write_text("not a database, but some text" * 100)
    with pytest.raises(TrackingError, match=r"mlflow\.db cannot be used"):
        open_tracker(tmp_path, "any")
