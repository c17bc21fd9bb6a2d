"""`avatarbench study`: from a run to ratings, and the files that a run creates."""

import csv
import json
import os
import re
import subprocess
import sys

import pytest
import tiny_suite
from command_line import invoke

from benchmark.cli import main
from reports.human_study.design.study import read_study

TWO = [
    {"name": "one", "method": "tiny", "title": "One"},
    {"name": "two", "method": "tiny", "title": "Two", "options": {"steps": 9}},
    {"name": "oracle", "method": "oracle"},
]


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A folder in which a run with two methods has finished, and what it printed."""
    tiny_suite.register()
    place = tmp_path_factory.mktemp("ran")
    words = ["run", str(tiny_suite.make_suite(place, variants=TWO)), "--quiet"]
    out = ["--no-mlflow", "--out", str(place / "runs")]
    done = invoke(*words, *out)
    assert done.exit_code == 0, done.output
    return place, done.stdout


@pytest.fixture
def avatarbench(ran, monkeypatch, capfd):
    """Runs the command line next to the runs; returns (status, stdout, stderr)."""
    monkeypatch.chdir(ran[0])

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["avatarbench", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        return caught.value.code or 0, *capfd.readouterr()

    return call


def two(ran):
    """The folder of the run with two methods."""
    return next(ran[0].glob("runs/tiny/[0-9a-f]*/study")).parent


def test_a_run_leaves_a_study_and_a_form_and_then_leaves_them_alone(ran, avatarbench):
    folder, output = two(ran), ran[1]
    study = read_study(folder / "study")
    assert f"study:  {folder / 'study'}" in output
    assert output.count("form:   ") == 2
    assert (folder / "study/forms/tiny-assignment-000-en.html").is_file()
    assert (folder / "study/forms/tiny-assignment-000-en.pdf").is_file()
    assert (study.slots, len(study.faces)) == (2, 4)
    status, output, _ = avatarbench("run", "tiny.yaml", "--no-mlflow", "-q")
    assert status == 0
    assert read_study(folder / "study").id == study.id
    assert "study:  " in output


def test_a_run_of_one_method_says_why_there_is_no_study(ran, avatarbench):
    one = "variants=[{name: one, method: tiny, title: One}]"
    words = ("--no-mlflow", "-q", "--set", one)
    status, output, errors = avatarbench("run", "tiny.yaml", *words)
    assert status == 0, errors
    (line,) = [line for line in output.splitlines() if line.startswith("no study")]
    assert "two or more methods, but the run has only one (one)" in line
    assert len(list(ran[0].glob("runs/tiny/[0-9a-f]*/study"))) == 1


def test_the_study_of_a_run_shows_validation_faces_only(ran):
    key = json.loads((two(ran) / "study" / "key.json").read_text())
    assert key["split"] == "validation"
    validation = (ran[0] / "validation.txt").read_text().split()
    assert set(key["faces"].values()) <= set(validation)


def test_a_run_without_validation_faces_leaves_no_study(ran, avatarbench):
    words = ("--no-mlflow", "-q", "--set", "splits=[heldout]")
    status, output, errors = avatarbench("run", "tiny.yaml", *words)
    assert status == 0, errors
    (line,) = [line for line in output.splitlines() if line.startswith("no study")]
    assert "a pilot shows validation faces only, and the run has none" in line
    folder = re.findall(r"avatarbench study create ([^`]+)`", line)[0]
    status, output, errors = avatarbench("study", "create", folder, "--out", "asked2")
    assert status == 0, errors


@pytest.mark.slow
def test_a_study_is_whole_though_nobody_reads_what_is_printed(ran):
    command = [sys.executable, "-m", "benchmark.cli", "study", "create", str(two(ran))]
    reading, writing = os.pipe()
    os.close(reading)
    made = subprocess.run(
        [*command, "--out", "unread"], stdout=writing, cwd=ran[0], check=False
    )
    os.close(writing)
    assert made.returncode == 0
    assert read_study(ran[0] / "unread").trials


def test_a_created_study_stands_beside_the_pilot(ran, avatarbench):
    pilot = read_study(two(ran) / "study").id
    status, output, errors = avatarbench("study", "create", two(ran))
    assert status == 0, errors
    assert f"study folder: {two(ran) / 'study-heldout'}\n" in output
    assert read_study(two(ran) / "study").id == pilot
    words = ("study", "create", two(ran), "--split", "validation")
    status, output, errors = avatarbench(*words)
    assert status == 0, errors
    assert read_study(two(ran) / "study-validation").id != pilot
    status, _, errors = avatarbench(*words)
    assert status != 0
    assert errors.count("\n") == 1
    assert "study-validation already exists" in errors
    assert "give another folder with --out" in errors


def test_from_create_to_imported_answers(ran, avatarbench):
    options = ("--faces", 3, "--seed", 4, "--catches", 2, "--repeats", 1, "--tie")
    status, output, errors = avatarbench(
        "study", "create", two(ran), "--out", "asked", "--no-back", *options
    )
    assert status == 0, errors
    assert "3 ratings, 2 catch trials, 1 repeat;" in output
    assert "study folder: asked" in output
    status, output, _ = avatarbench("study", "preview", "asked", "--language", "de")
    assert status == 0
    assert (ran[0] / "asked" / "preview.html").is_file()
    words = ("--format", "csv", "--first", 5, "--count", 2, "--out", "sheets")
    status, output, _ = avatarbench("study", "forms", "asked", *words)
    assert status == 0
    sheets = output.split()
    assert [sheet[-10:] for sheet in sheets] == ["005-en.csv", "006-en.csv"]
    for sheet in sheets:
        fill(ran[0] / sheet)
    status, output, errors = avatarbench("study", "import", "asked", *sheets)
    assert status == 0, errors
    assert "12 answers of 2 assignments added: asked/ratings/offline.csv" in output
    status, output, _ = avatarbench("study", "withdraw", "asked", 6)
    assert (status, output[:25]) == (0, "6 answers of assignment 6")


def test_printed_commands_can_be_pasted(ran, avatarbench):
    words = ("study", "create", two(ran), "--out", "asked & more", "--faces", 3)
    status, output, errors = avatarbench(*words)
    assert status == 0, errors
    for command in ("preview", "serve", "forms"):
        assert f"avatarbench study {command} 'asked & more'\n" in output


def fill(path):
    with path.open() as file:
        rows = list(csv.DictReader(file))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(row | {"consent": "yes", "answer": "B"} for row in rows)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("create", "RUN", "--out", "STUDY"), "give another folder with --out"),
        (("create", "tony"), "tony is neither a run folder nor a suite"),
        (("create", "RUN", "--variant", "on"), "no variant on (did you mean one?)"),
        (("create", "RUN", "--variant", "oracle"), "the run has no variant oracle"),
        (("create", "RUN", "--out", "x", "--faces", 5), "has 4 faces; ask for 1 to 4"),
        (("create", "RUN", "--out", "x", "--name", "A b"), "--name A b: a name has"),
        (("create", "RUN", "--out", "x", "--language", "fr"), "no texts in this"),
        (("create", "RUN", "--out", "x", "--texts", "no.yaml"), "cannot be read"),
        (("create", "RUN", "--out", "tiny.yaml/x"), "cannot write to tiny.yaml/x"),
        (("preview", "faces"), "faces holds no study (no study.json)"),
        (("forms", "STUDY", "--format", "odt"), "no such format"),
        (("forms", "STUDY", "--language", "fr"), "study does not have this language"),
        (("import", "STUDY", "none.csv"), "none.csv cannot be read"),
    ],
)
def test_a_mistake_is_one_sentence(ran, avatarbench, words, problem):
    places = {"RUN": two(ran), "STUDY": two(ran) / "study"}
    words = [places.get(word, word) for word in words]
    status, _, errors = avatarbench("study", *words)
    assert status == 2
    assert errors.startswith("avatarbench: ")
    assert problem in errors
    assert len(errors.splitlines()) == 1
    assert not (ran[0] / "x").exists()
