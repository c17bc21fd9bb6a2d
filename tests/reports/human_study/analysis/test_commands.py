from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import pytest
from rated import Raters, rate
from tiny_study import make_study

from benchmark.cli import main
from benchmark.commands import study_report


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


def test_there_is_no_way_around_the_refusal(avatarbench, tmp_path):
    status, _, errors = avatarbench("study", "report", tmp_path, "--simulated")
    assert status == 2
    assert "No such option" in errors


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
