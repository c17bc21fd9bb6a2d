"""`study serve`: the options it refuses, and what it prints."""

import socket
from pathlib import Path

import pytest
from tiny_study import make_study

from benchmark.commands import study_serve
from benchmark.commands.study_serve import ServeError, serve_study
from reports.human_study.design.study import StudyError
from reports.human_study.site.withdrawn import withdrawn_people
from reports.human_study.web import AddressError, WebError

OPTIONS = {
    "database": None,
    "host": "127.0.0.1",
    "port": 0,
    "public_url": None,
    "root_path": None,
    "patience_hours": 24,
    "prolific_code": None,
    "requests_per_second": 200,
}


def serve(study=Path("nowhere"), **changes):
    serve_study(study, **(OPTIONS | changes))


@pytest.fixture
def study(tmp_path):
    make_study(tmp_path / "study", faces=1, catches=0, repeats=0)
    return tmp_path / "study"


@pytest.fixture
def _served_at_once(monkeypatch):
    def serve_at_once(app, host, port, ready):
        ready("http://127.0.0.1:8000/")

    monkeypatch.setattr(study_serve, "serve", serve_at_once)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"host": "0.0.0.0"}, "--public-url"),
        ({"public_url": "rate.example"}, "expected http"),
        ({"public_url": "ftp://rate.example"}, "expected http"),
    ],
)
def test_addresses_that_cannot_work_are_refused(changes, says):
    with pytest.raises((ServeError, AddressError), match=says):
        serve(**changes)


def test_a_short_token_is_refused(monkeypatch):
    monkeypatch.setenv("AVATARBENCH_ADMIN_TOKEN", "short")
    with pytest.raises(ServeError, match="16 ASCII characters"):
        serve()


def test_a_folder_without_a_study_is_refused(tmp_path):
    with pytest.raises(StudyError, match="holds no study"):
        serve(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_port_in_use_is_said(study):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(WebError, match=f"port {port}"):
            serve(study, port=port)


@pytest.mark.usefixtures("_served_at_once")
def test_the_addresses_are_printed(study, monkeypatch, capsys):
    monkeypatch.delenv("AVATARBENCH_ADMIN_TOKEN", raising=False)
    serve(study, public_url="http://rate.example/")
    said = capsys.readouterr().out
    assert "http://rate.example/admin" in said
    assert "admin token" in said
    assert "use https" in said
    assert (study / "ratings.sqlite").is_file()


@pytest.mark.usefixtures("_served_at_once")
@pytest.mark.parametrize("name", ["what?x=1", "a%20b", "ü #&+"])
def test_ratings_stay_in_the_study_whatever_its_name(name, study, tmp_path):
    folder = study.rename(tmp_path / name)
    serve(folder)
    assert (folder / "ratings.sqlite").stat().st_size > 0
    assert list(tmp_path.iterdir()) == [folder]
    assert withdrawn_people(folder) == frozenset()
