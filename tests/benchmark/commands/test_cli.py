import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass

import pytest
import tiny_suite
from command_line import invoke

from benchmark.cli import main
from benchmark.system.environment import own_version

COMMANDS = [
    "",
    "run",
    "list",
    "validate",
    "engines",
    "faces",
    "generator",
    "report",
    "study",
    "study create",
    "train",
    "weights",
    "version",
]

HELP = """
import contextlib, io, json, sys
found = {}
for command in sys.argv[1:]:
    sys.argv = ["avatarbench", *command.split(), "--help"]
    with contextlib.redirect_stdout(io.StringIO()) as said:
        from benchmark.cli import main
        try:
            main()
        except SystemExit as ended:
            status = ended.code or 0
    heavy = {"torch", "mlflow", "pandas", "sklearn", "matplotlib"} & set(sys.modules)
    found[command] = [status, said.getvalue(), sorted(heavy)]
print(json.dumps(found))
"""


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def avatarbench(tmp_path, monkeypatch, capfd):
    """Runs the command line in `tmp_path`, with the tiny entries registered."""
    tiny_suite.register()
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["avatarbench", *arguments])
        with pytest.raises(SystemExit) as caught:
            main()
        return Done(caught.value.code or 0, *capfd.readouterr())

    return call


def test_help_is_quick_and_imports_nothing_heavy():
    """One process for all commands: what one imports, the next cannot hide."""
    done = subprocess.run(
        [sys.executable, "-c", HELP, *COMMANDS],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert list(found) == COMMANDS
    for command, (status, said, heavy) in found.items():
        assert status == 0, command
        assert f"Usage: {' '.join(['avatarbench', *command.split()])}" in said
        assert heavy == [], command


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("validate", "quik"), "did you mean quick"),
        (("validate", "tiny.yaml", "--set", "engines=[tny]"), "did you mean tiny"),
        (("validate", "none.yaml"), "none.yaml: no such suite file"),
        (("run", "tiny.yaml", "--out", "tiny.yaml/x"), "cannot write to"),
        (("run", "tiny.yaml", "--workers", "2"), "needs --executor local or ray, but"),
        (("run", "tiny.yaml", "--address", "auto"), "--address needs --executor ray"),
        (("report", "nothing"), "nothing is neither a run folder nor a suite"),
        (("engines", "show", "tony"), "unknown engine 'tony' (did you mean tiny?)"),
        (("run", "tiny.yaml", "--dry-run", "--out", "tiny.yaml/x"), "cannot write to"),
        (
            ("run", "tiny.yaml", "--dry-run", "--out", "tiny.yaml"),
            "tiny.yaml: it is a file",
        ),
        (
            ("trace", "tiny.yaml", "--engine", "tinny"),
            "did you mean tiny?); the engine",
        ),
        (("trace", "tiny.yaml", "--variant", "onne"), "did you mean one?); the varian"),
        (("report", "tiny.yaml/x"), "tiny.yaml/x is neither a run folder"),
        (("weights", "fetch", "alexnet"), "unknown weight file 'alexnet'"),
    ],
)
def test_a_mistake_is_one_sentence(arguments, expected, tmp_path, avatarbench):
    tiny_suite.make_suite(tmp_path)
    done = avatarbench(*arguments)
    assert done.returncode == 2
    *notes, last = done.stderr.strip().splitlines()
    assert last.startswith("avatarbench: ")
    assert expected in last
    assert not any("Traceback" in line for line in notes)


def test_the_two_versions_are_told_apart(avatarbench):
    done = avatarbench("--version")
    assert done.returncode == 0
    assert done.stdout == f"avatarbench {own_version()}\n"
    assert "shows the benchmark version" in " ".join(
        invoke("--help", terminal_width=300).output.split()
    )


def test_a_report_shows_no_more_than_200_faces():
    done = invoke("report", "quick", "--faces", "201")
    assert done.exit_code == 2
    assert "200" in done.output


def test_validate_and_dry_run_say_what_would_happen(tmp_path, avatarbench):
    tiny_suite.make_suite(tmp_path)
    done = avatarbench("validate", "tiny.yaml")
    assert done.returncode == 0, done.stderr
    assert "1 variant × 1 engine × 1 seed = 1 trial on" in done.stdout
    done = avatarbench("run", "tiny.yaml", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "one__tiny__s0: to do: fit, speed, predict, render, score" in done.stdout
    assert not (tmp_path / "runs").exists()


def test_more_threads_than_cores_are_a_warning(tmp_path, avatarbench, monkeypatch):
    monkeypatch.setattr("benchmark.system.hardware.usable_cores", lambda: 1)
    tiny_suite.make_suite(tmp_path)
    done = avatarbench("validate", "tiny.yaml")
    assert done.returncode == 0
    assert "warning: threads is 2, but this machine has 1 core; more" in done.stdout


def test_a_metric_without_score_is_explained_before_the_run(tmp_path, avatarbench):
    tiny_suite.make_suite(tmp_path, metrics=["mouth-error", "skin-ciede2000"])
    sentence = "Skin ΔE has no score on tiny: the engine has no part maps"
    assert sentence in avatarbench("validate", "tiny.yaml").stdout.splitlines()
    done = avatarbench("run", "tiny.yaml", "--dry-run")
    assert sentence in done.stderr.splitlines()


def test_list_says_what_a_metric_lacks(avatarbench, monkeypatch):
    monkeypatch.setattr("benchmark.weights.find", lambda name: None)
    done = avatarbench("list")
    assert done.returncode == 0, done.stderr
    (line,) = [each for each in done.stdout.splitlines() if each.startswith("  lpips")]
    assert "LPIPS (skipped: the weight file torchvision-alexnet is not at" in line
    assert "`avatarbench weights fetch torchvision-alexnet`" in line


def test_a_run_reports_failure_in_its_status(tmp_path, avatarbench):
    rows = [{"name": "bad", "method": "failing"}, {"name": "one", "method": "tiny"}]
    tiny_suite.make_suite(tmp_path, variants=rows)
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "broken").touch()
    done = avatarbench("run", "tiny.yaml", "--no-mlflow")
    assert done.returncode == 1, done.stderr
    assert "[1/2] bad__tiny__s0: failed: RuntimeError: the sky fell" in done.stderr
    assert "Traceback" not in done.stderr
    place = re.search(r"the sky fell \(traceback: see (.*)\)", done.stderr)
    assert place is not None
    assert "Traceback" in json.loads((tmp_path / place[1]).read_text())["traceback"]
    assert "2 trials (0 cached, 1 failed)" in done.stdout
    done = avatarbench("run", "tiny.yaml", "--no-mlflow", "--debug")
    assert "failed: RuntimeError: the sky fell\nTraceback (most recent" in done.stderr
    assert 'raise RuntimeError("the sky fell")' in done.stderr
    (tmp_path / "runs" / "broken").unlink()
    done = avatarbench("run", "tiny.yaml", "--no-mlflow", "--quiet")
    assert done.returncode == 0, done.stderr
    assert all("are not aligned" in line for line in done.stderr.splitlines())
    assert "2 trials (1 cached, 0 failed)" in done.stdout


@pytest.mark.slow
def test_an_ascii_terminal_does_not_stop_a_run():
    done = subprocess.run(
        [sys.executable, "-m", "benchmark.cli", "list"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert done.returncode == 0, done.stderr
    assert "?" in done.stdout


@pytest.mark.parametrize("sheet", ["sheet.txt", "nowhere/sheet.png", "faces.png"])
@pytest.mark.parametrize("what", [("engines", "show", "tiny"), ("faces", "show", "x")])
def test_a_sheet_that_cannot_be_drawn_is_refused_first(
    what, sheet, tmp_path, avatarbench
):
    (tmp_path / "faces.png").mkdir()
    done = avatarbench(*what, "--sheet", sheet)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "must" in done.stderr


def test_an_engine_that_ends_the_process_is_named(avatarbench, monkeypatch):
    monkeypatch.setattr(tiny_suite.TinyEngine, "render", lambda *_: sys.exit(0))
    done = avatarbench("engines", "show", "tiny", "--sheet", "sheet.png")
    assert done.returncode == 1
    assert f"avatarbench: the code at {__file__}:" in done.stderr
    assert "called sys.exit(0), but it must raise an error instead" in done.stderr


def test_a_damaged_face_ends_the_run_before_it_trains(tmp_path, avatarbench):
    tiny_suite.make_suite(tmp_path)
    (tmp_path / "faces" / "face10.png").write_bytes(b"no picture")
    done = avatarbench("run", "tiny.yaml", "--no-mlflow", "--quiet")
    assert done.returncode == 2
    assert done.stderr.startswith("avatarbench: faces: faces/face10.png cannot be")
    for words in (("validate",), ("run", "--dry-run")):
        checked = avatarbench(*words, "tiny.yaml")
        assert (checked.returncode, checked.stderr) == (2, done.stderr)
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "runs" / "store" / "fit").exists()


def test_a_store_that_is_no_folder_is_refused(tmp_path, avatarbench):
    tiny_suite.make_suite(tmp_path)
    (tmp_path / "file").touch()
    for words in (("validate",), ("run", "--dry-run"), ("trace",)):
        done = avatarbench(*words, "tiny.yaml", "--store", "file")
        assert done.returncode == 2
        assert "is a file" in done.stderr
    done = avatarbench("validate", "tiny.yaml", "--store", "nowhere")
    assert done.returncode == 2
    assert "does not exist" in done.stderr
    done = avatarbench("run", "tiny.yaml", "--dry-run", "--store", "nowhere")
    assert done.returncode == 0


def test_from_scratch_is_said_and_takes_no_shipped_stage(
    tmp_path, avatarbench, monkeypatch
):
    tiny_suite.make_suite(tmp_path)
    assert avatarbench("run", "tiny.yaml", "--no-mlflow", "-q").returncode == 0
    (tmp_path / "runs" / "store").rename(tmp_path / "shipped")
    monkeypatch.setattr("benchmark.run.open_store.SHIPPED_STAGES", tmp_path / "shipped")
    words = ("run", "tiny.yaml", "--dry-run")
    done = avatarbench(*words)
    assert "one__tiny__s0: to do: nothing" in done.stdout
    assert "from scratch" not in done.stderr
    done = avatarbench(*words, "--from-scratch")
    assert done.returncode == 0, done.stderr
    assert "one__tiny__s0: to do: fit" in done.stdout
    assert "from scratch: no shipped weights, no shipped stages" in done.stderr
