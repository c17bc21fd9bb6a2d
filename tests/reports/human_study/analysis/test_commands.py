from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import pytest
from rated import Raters, rate
from tiny_study import make_study

from benchmark.cli import main
from benchmark.commands import study_report
from reports.human_study.analysis.answers import read_answers


@pytest.fixture
def avatarbench(monkeypatch, capfd):
    """The command line: exit status, output, errors."""

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["avatarbench", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        return int(caught.value.code or 0), *capfd.readouterr()

    return call


def test_report_prints_writes_and_tracks(avatarbench, tmp_path, monkeypatch):
    tracked_calls = []
    monkeypatch.setattr(
        study_report,
        "track_study",
        lambda out, study, say: tracked_calls.append((out, study)),
    )
    study = make_study(tmp_path / "study", faces=8)
    rate(study, Raters(8))
    status, out, errors = avatarbench(
        "study", "report", study.folder, "--out", tmp_path / "runs"
    )
    assert (status, errors) == (0, "")
    assert "Table 2: human rating" in out
    assert (study.folder / "report" / "page.html").is_file()
    ((where, tracked),) = tracked_calls
    assert where == tmp_path / "runs"
    assert tracked.name == "tiny"
    assert tracked.tags["study.digest"] == study.digest
    assert tracked.tags["run"] == "0123456789ab"
    assert tracked.params["rule"]["ties"] == "left out"
    assert 0 < tracked.figures["toon.swift.share"] < 1
    assert tracked.report == study.folder / "report"


@pytest.mark.slow
def test_nothing_is_logged_without_mlflow(avatarbench, tmp_path, monkeypatch):
    monkeypatch.delattr(study_report, "track_study")
    study = make_study(tmp_path / "study", faces=8)
    path = rate(study, Raters(8)).rename(tmp_path / "mine.csv")
    status, out, _ = avatarbench(
        "study", "report", study.folder, "--judgements", path, "--no-mlflow"
    )
    assert status == 0
    assert "MLflow" not in out


def test_simulated_answers_end_in_one_sentence(avatarbench, tmp_path):
    study = make_study(tmp_path / "study")
    rate(study, Raters(6, source="simulated"))
    status, out, errors = avatarbench(
        "study", "report", study.folder, "--out", tmp_path / "runs"
    )
    assert (status, out) == (2, "")
    assert errors.count("\n") == 1
    assert "reports do not print simulated ratings" in errors
    assert not (study.folder / "report").exists()
    assert not (tmp_path / "runs").exists()


def test_a_simulated_study_is_marked_on_every_page(avatarbench, tmp_path, monkeypatch):
    monkeypatch.delattr(study_report, "track_study")
    study = make_study(tmp_path / "study", faces=8)
    shares = "0.1,0.2,0.1,0.6"
    status, out, _ = avatarbench(
        "study", "simulate", study.folder, "--raters", "8", "--careless", "1",
        "--shares", shares,
    )  # fmt: skip
    assert status == 0
    assert out.startswith("Simulated, not a result")
    status, out, errors = avatarbench("study", "report", study.folder, "--simulated")
    assert (status, errors) == (0, "")
    assert "Simulated: Table 2" in out
    assert "simulated ratings are not logged" in out
    assert not (study.folder / "report").exists()
    report = study.folder / "simulated" / "report"
    for path in report.rglob("*"):
        if path.is_file() and not path.name.startswith("published-"):
            marked = path.name.startswith("simulated-")
            assert marked or b"simulated" in path.read_bytes().lower(), path
    page = (report / "page.html").read_text(encoding="utf-8")
    assert "no person rated anything" in page
    assert "Measured here" not in page
    assert "excluded" in (report / "simulated-study-raters.md").read_text().lower()


@pytest.mark.slow
def test_simulated_ratings_depend_on_the_seed_only(avatarbench, tmp_path):
    def chosen(study, seed):
        status, *_ = avatarbench("study", "simulate", study.folder, "--seed", seed)
        assert status == 0
        file = study.folder / "simulated" / "ratings.csv"
        rows = read_answers(study.folder, [file], simulated=True).rows
        order = ["participant", "kind", "engine", "face"]
        return list(rows.sort_values(order)["chosen"])

    one = make_study(tmp_path / "one", faces=6)
    other = make_study(tmp_path / "other", faces=6, first_id=1000)
    assert chosen(one, "1") == chosen(other, "1")
    assert chosen(one, "1") != chosen(one, "2")


def test_ratings_of_people_are_never_reported_as_simulated(avatarbench, tmp_path):
    study = make_study(tmp_path / "study")
    status, _, errors = avatarbench("study", "report", study.folder, "--simulated")
    assert status == 2
    assert "study simulate" in errors
    path = rate(study, Raters(6))
    status, _, errors = avatarbench(
        "study", "report", study.folder, "--simulated", "--ratings", path
    )
    assert status == 2
    assert "96 ratings are not simulated; leave out --simulated" in errors
    assert errors.count("\n") == 1
    status, _, errors = avatarbench("study", "simulate", study.folder, "--shares", "1")
    assert status == 2
    assert "give two or more" in errors


def test_power_prints_a_grid_and_marks_it_as_simulated(avatarbench, tmp_path):
    file = tmp_path / "power.csv"
    status, out, _ = avatarbench(
        "study", "power", "--raters", "6,12", "--faces", "8", "--difference", "0.4",
        "--studies", "20", "--quiet", "--csv", file,
    )  # fmt: skip
    assert status == 0
    assert out.startswith("Simulated, not a result")
    assert "8 faces" in out
    rows = pd.read_csv(file)
    assert list(rows["source"]) == ["simulated"] * 2
    assert list(rows["raters"]) == [6, 12]


def test_power_of_given_shares(avatarbench):
    status, out, _ = avatarbench(
        "study", "power", "--shares", "0.9,0.05,0.05", "--raters", "15", "--faces",
        "15", "--studies", "20", "--quiet",
    )  # fmt: skip
    assert status == 0
    assert "90.0 %, 5.0 %, 5.0 % of" in out
    assert "15 raters × 15 faces (225 ratings per engine)" in out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--raters", "ten"), "--raters ten: expected numbers"),
        (("--raters", "3"), "fewer than 5"),
        (("--shares", "0.9,0.3"), "must sum to 1"),
        (("--difference", "2"), "difference 2.0 among 4 options"),
        (
            ("--csv", "nowhere/p.csv"),
            "--csv nowhere/p.csv: expected a file in an existing, writable folder",
        ),
    ],
)
def test_invalid_power_options_give_one_sentence(options, said, avatarbench):
    status, _, errors = avatarbench("study", "power", "--quiet", *options)
    assert status == 2
    assert said in errors
