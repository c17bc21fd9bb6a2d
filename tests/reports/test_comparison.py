"""`avatarbench compare`, from the command line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml
from command_line import invoke
from typer.testing import Result

from benchmark.config.suite import SuiteError
from reports.trials import ReportError


def compare(*words: object) -> Result:
    return invoke("compare", *words)


@pytest.fixture
def pair(full_run: Path, tmp_path: Path) -> tuple[Path, Path]:
    after = tmp_path / "after"
    shutil.copytree(full_run, after, ignore=shutil.ignore_patterns("report", "truths"))
    return full_run, after


def change_scores(run: Path, pattern: str, metric: str, by: float) -> None:
    for path in run.glob(f"trials/{pattern}/cases.parquet"):
        cases = pd.read_parquet(path)
        # Not by the same amount for each face, which would leave nothing to resample.
        cases[metric] += by * (0.9 + 0.1 * (cases.index % 3))
        cases.to_parquet(path)


def change_records(run: Path, change) -> None:
    for path in run.glob("trials/*/trial.json"):
        record = json.loads(path.read_text())
        change(record)
        path.write_text(json.dumps(record))


def test_a_run_is_as_good_as_itself(pair):
    done = compare(*pair, "--json")
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert found["passed"] is True
    assert {c["outcome"] for c in found["comparisons"]} == {"same"}
    assert {c["variant"] for c in found["comparisons"]} == {"baseline"}  # methods only
    assert {c["engine"] for c in found["comparisons"]} == {"toon-tiktok", "avataaars"}
    (case,) = (
        c
        for c in found["comparisons"]
        if (c["metric"], c["engine"]) == ("st-lpips", "avataaars")
    )
    assert (case["better"], case["same"], case["worse"]) == (0, 24, 0)


@pytest.mark.parametrize(
    ("metric", "worse"), [("st-lpips", 0.05), ("discrete-accuracy", -0.05)]
)
def test_a_worse_score_fails_and_is_named(pair, metric, worse):
    change_scores(pair[1], "baseline__avataaars__*", metric, worse)
    done = compare(*pair, "--json")
    assert done.exit_code == 1
    (bad,) = [
        c for c in json.loads(done.stdout)["comparisons"] if c["outcome"] == "worse"
    ]
    assert (bad["engine"], bad["metric"]) == ("avataaars", metric)
    assert bad["difference"] == pytest.approx(worse, rel=0.1)
    assert min(bad["low"], bad["high"]) <= bad["difference"]
    assert (bad["better"], bad["worse"]) == (0, 24)
    shown = compare(*pair)
    assert shown.exit_code == 1
    assert "1 worse, 0 lost" in shown.stdout


def test_a_tolerated_worsening_passes(pair):
    change_scores(pair[1], "baseline__avataaars__*", "st-lpips", 0.05)
    done = compare(*pair, "--tolerance", "st-lpips=0.1", "--json")
    assert done.exit_code == 0
    outcomes = [c["outcome"] for c in json.loads(done.stdout)["comparisons"]]
    assert outcomes.count("tolerated") == 1
    assert compare(*pair, "--tolerance", "0.01").exit_code == 1
    assert compare(*pair, "--tolerance", "0.1").exit_code == 0


def test_a_better_score_passes(pair):
    change_scores(pair[1], "baseline__avataaars__*", "st-lpips", -0.05)
    done = compare(*pair)
    assert done.exit_code == 0
    assert "1 better, 0 worse, 0 lost" in done.stdout


def test_only_what_is_named_is_compared(pair):
    change_scores(pair[1], "baseline__avataaars__*", "st-lpips", 0.05)
    assert compare(*pair, "--engine", "toon-tiktok").exit_code == 0
    assert compare(*pair, "--metric", "macro-f1").exit_code == 0
    assert compare(*pair, "--variant", "constant").exit_code == 0
    done = compare(*pair, "--variant", "constant", "--metric", "macro-f1", "--json")
    assert len(json.loads(done.stdout)["comparisons"]) == 2


def test_a_trial_that_no_longer_finishes_fails(pair):
    def fail(record):
        if (record["variant"], record["engine"]) == ("baseline", "avataaars"):
            record |= {"status": "failed", "error": "no luck"}

    change_records(pair[1], fail)
    done = compare(*pair)
    assert done.exit_code == 1
    assert "Lost: Baseline on avataaars finished before" in done.stdout


def test_an_engine_that_the_second_run_does_not_have_is_left_out(pair):
    for folder in pair[1].glob("trials/*__avataaars__*"):
        shutil.rmtree(folder)
    done = compare(*pair)
    assert done.exit_code == 0
    assert "Left out: Baseline on avataaars" in done.stdout


def other_version(record):
    record["world"] = {"name": "v9", "digest": "9" * 64, "changed": []}


def other_faces(record):
    record["faces"]["digest"] = "cd" * 32


def other_metric(record):
    record["metrics"][1]["identity"] = {"version": "2"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (other_version, r"differ in the benchmark version \(none and v9\)"),
        (other_faces, "differ in the faces' digest"),
        (other_metric, "differ in the settings of ST-LPIPS"),
    ],
)
def test_runs_that_cannot_be_compared_are_refused(pair, change, reason):
    change_records(pair[1], change)
    done = compare(*pair)
    assert isinstance(done.exception, ReportError)
    with pytest.raises(ReportError, match=reason):
        raise done.exception
    assert done.stdout == ""


def test_another_ground_truth_is_refused(pair):
    for path in pair[1].glob("trials/*/cases.parquet"):
        cases = pd.read_parquet(path)
        cases["truth"] = cases["truth"].str.replace("mid", "dark")
        cases.to_parquet(path)
    with pytest.raises(ReportError, match="differ in the ground truth of toon-tiktok"):
        raise compare(*pair).exception or AssertionError


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--variant", "baselin"), r"no variant 'baselin' .*did you mean baseline\?"),
        (("--engine", "toon"), "no engine 'toon' in both runs"),
        (("--metric", "lpips"), "no metric 'lpips' in both runs"),
        (("--tolerance", "fid=1"), "no metric 'fid' in both runs"),
        (("--tolerance", "much"), "--tolerance much: expected a number of at least 0"),
        (("--tolerance", "-1"), "--tolerance -1: expected a number"),
    ],
)
def test_unknown_names_and_numbers_are_refused(pair, words, reason):
    with pytest.raises((ReportError, SuiteError), match=reason):
        raise compare(*pair, *words).exception or AssertionError


def test_with_too_few_faces_for_an_interval_the_mean_decides(make_run, tmp_path):
    before = make_run(splits={"heldout": 4}, engines=("avataaars",), seeds=(0,))
    after = tmp_path / "after"
    shutil.copytree(before, after)
    done = compare(before, after, "--json")
    assert done.exit_code == 0
    found = json.loads(done.stdout)["comparisons"]
    assert {c["outcome"] for c in found} == {"same"}
    assert all(c["low"] is None for c in found)
    change_scores(after, "baseline__*", "st-lpips", 0.05)
    assert compare(before, after).exit_code == 1
    assert compare(before, after, "--tolerance", "0.1").exit_code == 0


def test_suites_are_found_by_name(pair, tmp_path):
    before, after = pair
    out = tmp_path / "runs"
    for name, folder in (("old", before), ("new", after)):
        shutil.copytree(folder, out / name / "latest")
    assert yaml.safe_load((out / "old" / "latest" / "resolved.yaml").read_text())
    assert compare("old", "new", "--out", out).exit_code == 0
