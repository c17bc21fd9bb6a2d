"""`study serve`: what it refuses before anybody can come, and what it tells."""

import socket
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_study import make_study

from benchmark.commands import study_serve
from benchmark.commands.study_serve import Request, ServeError, carry_out
from reports.human_study.design.study import StudyError
from reports.human_study.web import WebError

ASKED = Request(
    study=Path("nowhere"),
    database=None,
    host="127.0.0.1",
    port=0,
    public_url=None,
    patience_hours=24,
    prolific_code=None,
    requests_per_second=200,
)


@pytest.fixture
def study(tmp_path):
    make_study(tmp_path / "study", faces=1, catches=0, repeats=0)
    return tmp_path / "study"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"host": "0.0.0.0"}, "--public-url"),
        ({"public_url": "rate.example"}, "expected http"),
        ({"public_url": "https://rate.example/study"}, "without a path"),
        ({"public_url": "ftp://rate.example"}, "expected http"),
    ],
)
def test_addresses_that_cannot_work_are_refused(changes, says):
    with pytest.raises(ServeError, match=says):
        carry_out(replace(ASKED, **changes))


def test_a_short_token_is_refused(monkeypatch):
    monkeypatch.setenv("AVATARBENCH_ADMIN_TOKEN", "short")
    with pytest.raises(ServeError, match="16 ASCII characters"):
        carry_out(ASKED)


def test_a_folder_without_a_study_is_refused(tmp_path):
    with pytest.raises(StudyError, match="holds no study"):
        carry_out(replace(ASKED, study=tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_port_in_use_is_said(study):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(WebError, match=f"port {port}"):
            carry_out(replace(ASKED, study=study, port=port))


def test_the_leader_is_told_where_people_go(study, monkeypatch, capsys):
    monkeypatch.delenv("AVATARBENCH_ADMIN_TOKEN", raising=False)

    def serve(app, host, port, ready):
        ready("http://127.0.0.1:8000/")

    monkeypatch.setattr(study_serve, "serve", serve)
    carry_out(replace(ASKED, study=study, public_url="http://rate.example/"))
    said = capsys.readouterr().out
    assert "http://rate.example/admin" in said
    assert "your token" in said
    assert "use https" in said
    assert (study / "ratings.sqlite").is_file()
