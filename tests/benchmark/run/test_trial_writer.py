"""What a run leaves in its folders: records, scores, pictures."""

import json

import numpy as np
import pandas as pd
import pytest
import tiny_suite
from PIL import Image
from tiny_run import TinyRun

from benchmark.storage.trial_folder import (
    TrialError,
    read_cases,
    read_record,
    read_timing,
    trial_folders,
)


def test_a_trial_folder_holds_what_reports_need(finished):
    folder = finished.trial("one")
    record = read_record(folder)
    assert record["status"] == "done"
    assert record["error"] is None
    assert record["role"] == "method"
    assert record["faces"]["stand_in"] is False
    assert set(record["set_scores"]["heldout/designer-a"]) == {"skin-share"}
    assert [metric["name"] for metric in record["metrics"]] == [
        "mouth-error",
        "skin-share",
    ]
    timing = read_timing(folder)
    assert timing["model_hz_median"] > 0
    assert timing["hardware"]["threads"] == 2
    cases = read_cases(folder)
    assert list(cases.columns) == [
        "split",
        "part",
        "designer",
        "face",
        "mouth-error",
        "predicted",
        "truth",
    ]
    assert len(cases) == 2 * 2 * 4
    assert set(json.loads(cases["predicted"][0])) == {"mouth", "skin"}


def test_pictures_are_stored_next_to_the_scores(finished):
    folder = finished.trial("one") / "pictures" / "heldout"
    assert len(list(folder.iterdir())) == 8
    with Image.open(folder / "face08.face.webp") as face:
        assert face.size == (64, 64)
    truths = finished.folder / "truths" / "tiny" / "designer-b" / "validation"
    assert len(list(truths.iterdir())) == 4


def test_scores_are_those_of_the_records(finished):
    cases = read_cases(finished.trial("two"))
    both = cases[["predicted", "truth"]].map(lambda text: json.loads(text)["mouth"])
    expected = (both["predicted"] - both["truth"]).abs()
    assert np.allclose(cases["mouth-error"], expected, atol=1e-6)


def test_run_folder_describes_itself(finished):
    assert (finished.folder / "resolved.yaml").is_file()
    machine = json.loads((finished.folder / "environment.json").read_text())
    assert machine["packages"]["numpy"] == np.__version__
    latest = finished.folder.parent / "latest"
    assert latest.resolve() == finished.folder.resolve()
    assert len(trial_folders(finished.folder)) == 3


def test_training_figures_are_kept_with_the_fit(finished):
    fit = finished.store.folder(finished.plan.trials[0].fit)
    text = (fit / "curves.jsonl").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["step"] for line in lines] == [0, 1, 2]


def test_missing_scores_are_null_in_the_cases(tiny, monkeypatch):
    nan = np.array([np.nan, 0.5, 0.5, 0.5])
    monkeypatch.setattr(tiny_suite.MouthError, "score", lambda self, cases: nan)
    resolved = TinyRun(tiny.parent)
    resolved.run()
    cases = pd.read_parquet(resolved.trial("one") / "cases.parquet")
    assert cases["mouth-error"].isna().sum() == 4


def test_a_metric_of_the_wrong_shape_fails_the_trial(tiny, monkeypatch):
    monkeypatch.setattr(tiny_suite.MouthError, "score", lambda self, cases: np.zeros(1))
    (outcome,) = TinyRun(tiny.parent).run()
    assert "metric mouth-error: score must return 4 float64 values" in outcome.error


def test_damaged_cases_are_named(finished):
    path = finished.trial("one") / "cases.parquet"
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(TrialError, match=r"cases\.parquet .*run the suite again"):
        read_cases(finished.trial("one"))
