from __future__ import annotations

import json
import shutil

import pytest
from plain_reports import leave_out_figures

from benchmark.commands.report import report_run
from reports.trials import ReportError, read_run


def test_rows_come_as_methods_then_controls_then_oracles(full_run):
    run = read_run(full_run)
    assert [c.name for c in run.variants] == [
        "baseline",
        "random",
        "constant",
        "supervised",
        "supervised-shuffled",
    ]
    labels = [c.label for c in run.variants]
    assert labels[0] == "Baseline"
    assert labels[1] == "Random (control)"
    assert labels[3] == "Supervised †"


def test_engines_keep_the_suites_order(full_run):
    assert read_run(full_run).engines == ("toon-tiktok", "avataaars")


def test_vectors_are_in_the_order_of_the_scores(full_run):
    run = read_run(full_run)
    trial = run.finished_trials("supervised", "avataaars")[1]
    scores = trial.scores("validation", "designer-a")
    predicted, truth = trial.vectors("validation", "designer-a")
    assert len(predicted) == len(truth) == len(scores) == 20
    assert truth.to_records()[4] == json.loads(scores["truth"].iloc[4])


def test_failed_trials_are_listed_but_not_finished(make_run):
    run = read_run(make_run(failed=("random",)))
    assert [t.record["seed"] for t in run.trials_of("random", "avataaars")] == [0, 1]
    assert run.finished_trials("random", "avataaars") == ()
    assert run.trials_of("random", "avataaars")[0].error == "ValueError: no luck"


def test_a_folder_without_trials_is_refused(tmp_path):
    with pytest.raises(ReportError, match="holds no trials"):
        read_run(tmp_path)


def test_a_broken_trial_is_refused_by_name(make_run):
    folder = make_run(seeds=(0,), engines=("avataaars",))
    path = folder / "trials" / "random__avataaars__s0" / "trial.json"
    path.write_text("{")
    with pytest.raises(ReportError, match=r"random__avataaars__s0/trial\.json"):
        read_run(folder)


@pytest.mark.parametrize("key", ["faces", "metrics", "splits"])
def test_trials_of_different_suites_share_no_table(make_run, key):
    folder = make_run(seeds=(0,), engines=("avataaars",))
    path = folder / "trials" / "random__avataaars__s0" / "trial.json"
    record = json.loads(path.read_text())
    record[key] = {"name": "others"} if key != "metrics" else []
    path.write_text(json.dumps(record))
    with pytest.raises(ReportError, match=f"differ in {key}"):
        read_run(folder)


def test_copies_among_the_trials_are_not_counted_but_reported(
    make_run, capsys, monkeypatch
):
    leave_out_figures(monkeypatch)
    folder = make_run(seeds=(0,), engines=("avataaars",))
    trials = folder / "trials"
    before = read_run(folder).trials
    copy = trials / "random__avataaars__s0 (conflicted copy)"
    shutil.copytree(trials / "random__avataaars__s0", copy)
    shutil.copytree(copy, trials / "random__avataaars__s9")
    (trials / ".hidden").mkdir()
    broken = trials / "baseline__avataaars__s0 (2)"
    broken.mkdir()
    (broken / "trial.json").write_text("{")
    assert [t.folder for t in read_run(folder).trials] == [t.folder for t in before]
    report_run(str(folder), folder, faces=1)
    said = capsys.readouterr().err
    for name in (copy.name, broken.name, "random__avataaars__s9"):
        assert name in said
    assert said.count("\n") == 1
