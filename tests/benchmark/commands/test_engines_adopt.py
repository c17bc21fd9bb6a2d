"""`engines adopt`: plan, fit, results and mistakes, on the tiny suite."""

import csv
import json
import os
import signal
import subprocess
import sys
import time

import pytest
import tiny_suite
import yaml
from command_line import invoke
from engine_programs import write_engine
from places import HELPERS, ROOT

from benchmark.adoption.suites import AdoptionError
from benchmark.avatars import AvatarVectors
from benchmark.config.resolve import resolve
from benchmark.config.suite import SuiteError, load_suite
from benchmark.registry import ENGINES
from benchmark.run.plan import make_plan
from benchmark.storage.store import Store
from benchmark.weights import EFFICIENTNET_LITE0, find


@pytest.fixture
def adopt(tiny, tmp_path, monkeypatch):
    """Runs the command in a folder with a tiny suite, whose engine is the new one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ENGINES, "_folders", ())

    def run(*words, engine="tiny"):
        common = ("--suite", "tiny.yaml", "--method", "tiny")
        result = invoke("engines", "adopt", engine, *common, *words)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


def test_a_dry_run_prints_the_plan_and_writes_nothing(adopt, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    result = adopt("--dry-run")
    assert result.exit_code == 0
    for text in ("renders per second at 64 px", "training of Tiny", "total: about"):
        assert text in result.output
    assert sorted(tmp_path.rglob("*")) == before


def test_an_adopted_engine_has_a_model_avatars_a_page_and_a_suite(adopt, tmp_path):
    result = adopt("--yes")
    assert result.exit_code == 0, result.output
    out = tmp_path / "adopted" / "tiny"
    with (out / "avatars" / "avatars.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["face"] for row in rows] == [f"face{i:02d}" for i in range(4, 8)]
    vector = json.loads((out / "avatars" / "face04.json").read_text())["vector"]
    assert AvatarVectors.from_records(tiny_suite.SPEC, [vector])
    assert (out / "avatars" / "sheet.png").is_file()
    page = (out / "index.html").read_text()
    assert page.count("data:image/webp") == 4
    for text in ("There is no score yet", "--model adopted/tiny/model", "studio serve"):
        assert text in page
        assert text in result.output or text == "There is no score yet"
    assert "http" not in page.replace("http://127.0.0.1", "")
    assert (out / "model" / "tiny.json").is_file()

    again = adopt()  # everything is cached, so that nobody is asked
    assert again.exit_code == 0
    assert "Everything is cached" in again.output
    assert "face06" in (out / "avatars" / "avatars.csv").read_text()


def test_the_suite_for_scores_uses_the_fit_again(adopt, tmp_path):
    adopt("--yes", "--set", "options.steps=2")
    suite = tmp_path / "adopted" / "tiny" / "suite.yaml"
    data = yaml.safe_load(suite.read_text())
    assert data["metrics"] == ["mouth-error", "skin-share"]
    with pytest.raises(SuiteError, match=r"truths/tiny\.me\.csv cannot be read"):
        resolve(load_suite(str(suite)))
    truth = suite.parent / "truths" / "tiny.me.csv"
    truth.parent.mkdir()
    truth.write_bytes((tmp_path / "designer-a.csv").read_bytes())
    plan = make_plan(resolve(load_suite(str(suite))))
    assert Store(tmp_path / "runs" / "store").has(plan.trials[0].fit)


def test_fresh_builds_the_engines_stages_again(adopt, tmp_path):
    adopt("--yes")
    (file,) = (tmp_path / "runs" / "store" / "tiny-walk").glob("*/stage.json")
    before = file.stat().st_mtime_ns
    assert "cached" not in adopt("--yes", "--fresh").output
    assert file.stat().st_mtime_ns > before
    assert "Everything is cached" in adopt("--yes").output


@pytest.mark.parametrize(
    ("words", "engine", "message"),
    [
        (
            (),
            "tinny",
            r"no engine tinny \(did you mean tiny\?\); make one of a program",
        ),
        (("--method", "tinyy"), "tiny", "the suite tiny has no such method"),
        (("--set", "options.stepz=1"), "tiny", "stepz: no variant's method"),
        (("--out", "tiny.yaml"), "tiny", "another folder with --out"),
        ((), "tiny", "this is no terminal.*add --yes"),
    ],
)
def test_mistakes_are_one_sentence_and_nothing_is_written(
    adopt, tmp_path, words, engine, message
):
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises((ValueError, OSError), match=message):
        adopt(*words, engine=engine)
    assert sorted(tmp_path.rglob("*")) == before


def test_methods_that_need_ground_truth_are_refused(adopt, tmp_path):
    rows = [{"name": "oracle", "method": "oracle"}]
    data = tiny_suite.suite_data(variants=rows)
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(data))
    with pytest.raises(AdoptionError, match="oracle learns from ground truth"):
        adopt("--method", "oracle")


CHAIN = {
    "name": "chain",
    "title": "Small",
    "faces": {"set": "portraits", "validation_count": 3},
    "engines": ["toon-alter"],
    "variants": [
        {"name": "swiftavatar", "method": "swiftavatar"},
        {"name": "random", "method": "random"},
    ],
    "options": {
        "input_size": 128,
        "backbone": "efficientnet_lite0",
        "backbone_stages": 3,
        "frozen_stages": 3,
        "samples": 48,
        "cached_views": 32,
        "steps": 20,
        "batch_size": 8,
        "inverted": 8,
        "adaptation": {"steps": 3, "batch": 4},
        "inversion": {
            "steps": 2,
            "batch": 2,
            "start": "nearest",
            "start_samples": 32,
            "perceptual": "lite0-features",
        },
        "semantic": {"copies": 2},
    },
    "render_size": 64,
    "metrics": ["discrete-accuracy"],
}


@pytest.mark.slow
def test_a_program_is_adopted_although_it_is_killed(tmp_path):
    if find(EFFICIENTNET_LITE0) is None:
        pytest.skip(f"weight file {EFFICIENTNET_LITE0} is not at hand")
    write_engine(tmp_path)
    (tmp_path / "chain.yaml").write_text(yaml.safe_dump(CHAIN))
    words = ["engines", "adopt", "blocks", "--suite", "chain.yaml", "--yes"]
    program = "from benchmark.cli import main; main()"
    places = os.pathsep.join(map(str, (ROOT, HELPERS)))

    def start(out):
        return subprocess.Popen(
            [sys.executable, "-c", program, *words, "--out", out, "--runs", f"{out}-r"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": places},
            stdout=subprocess.PIPE,
            text=True,
        )

    whole = start("whole")
    printed, _ = whole.communicate()
    assert whole.returncode == 0
    assert "blocks is adopted" in printed
    for stage in ("renders", "codes", "fit"):
        killed = start("killed")
        store = tmp_path / "killed-r" / "store"
        while killed.poll() is None and not list(store.glob(f"{stage}/*")):
            time.sleep(0.01)
        os.kill(killed.pid, signal.SIGKILL)
        killed.communicate()
    again = start("killed")
    printed, _ = again.communicate()
    assert again.returncode == 0
    assert "cached" in printed
    table = "avatars/avatars.csv"
    both = [(tmp_path / out / table).read_bytes() for out in ("whole", "killed")]
    assert both[0] == both[1]
    assert (tmp_path / "killed" / "index.html").read_text().count("<details>") == 2
