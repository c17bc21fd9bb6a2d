"""Rescoring a finished run gives the scores of a full run, without fitting."""

import json
import shutil

import pytest
import tiny_suite
import yaml

from benchmark.commands.rescore import rescore_run
from benchmark.config.resolve import resolve
from benchmark.config.suite import SuiteError, parse_suite
from benchmark.run.plan import make_plan
from benchmark.run.runner import finished_trials, run, run_folder
from benchmark.storage.store import Store
from benchmark.storage.trial_folder import read_cases, read_record, read_timing
from benchmark.system.progress import Silent

BOTH = ["mouth-error", "skin-share"]


def plan_of(home, **changes):
    data = tiny_suite.suite_data(**changes)
    return make_plan(resolve(parse_suite(data, "tiny.yaml", home)))


@pytest.fixture
def before(tiny):
    """A run with one metric in its published form: without pictures and store."""
    plan = plan_of(tiny.parent, metrics=["mouth-error"])
    run(plan, Store(tiny.parent / "store"), tiny.parent / "old", Silent())
    folder = run_folder(plan.resolved, tiny.parent / "old")
    shutil.rmtree(folder / "trials" / "one__tiny__s0" / "pictures")
    shutil.rmtree(folder / "truths")
    return folder


def rescored(home, before, **changes):
    """Exit status, plan and store of a rescoring under other metrics."""
    suite = home / "now.yaml"
    suite.write_text(yaml.safe_dump(tiny_suite.suite_data(**changes), sort_keys=False))
    out = home / "new"
    status = rescore_run(
        str(before),
        str(suite),
        out=out,
        overrides=(),
        lpips_backbone=None,
        quiet=True,
    )
    return status, plan_of(home, **changes), Store(out / "store")


def test_scores_are_those_of_a_whole_run(tiny, before, capsys):
    home = tiny.parent
    status, plan, store = rescored(home, before, metrics=BOTH)
    assert status == 0
    assert "0 failed" in capsys.readouterr().out
    whole = run_folder(plan.resolved, home / "whole")
    run(plan, Store(home / "store"), home / "whole", Silent())
    (trial,) = plan.trials
    mine = run_folder(plan.resolved, home / "new") / "trials" / trial.name
    theirs = whole / "trials" / trial.name
    assert read_record(mine) == read_record(theirs)
    assert read_cases(mine).equals(read_cases(theirs))
    old = before / "trials" / trial.name
    assert read_timing(mine) == read_timing(old)
    assert len(list((mine / "pictures" / "heldout").iterdir())) == 8
    assert not list(store.records("fit"))


def test_a_run_finds_what_was_scored_again(tiny, before):
    _, plan, store = rescored(tiny.parent, before, metrics=BOTH)
    out = tiny.parent / "new"
    assert finished_trials(plan, store, out) == {"one__tiny__s0"}
    assert all(outcome.cached for outcome in run(plan, store, out, Silent()))


def test_trials_of_other_options_are_not_taken(tiny, before, capsys):
    rows = [{"name": "one", "method": "tiny", "options": {"steps": 4}}]
    status, plan, _ = rescored(tiny.parent, before, metrics=BOTH, variants=rows)
    assert status == 1
    assert "was made with different options: run the suite instead" in (
        capsys.readouterr().err
    )
    assert not (run_folder(plan.resolved, tiny.parent / "new") / "trials").exists()


def test_predictions_that_were_read_are_not_taken_for_computed_ones(tiny, before):
    status, _, store = rescored(tiny.parent, before, metrics=BOTH)
    assert status == 0
    assert not list(store.records("predict"))
    assert not list((tiny.parent / "new").glob(".rescore-*"))


def test_a_rescored_run_says_where_its_predictions_come_from(tiny, before):
    _, plan, _ = rescored(tiny.parent, before, metrics=BOTH)
    folder = run_folder(plan.resolved, tiny.parent / "new")
    made_with = json.loads((folder / "environment.json").read_text())
    source = json.loads((before / "environment.json").read_text())
    assert made_with["rescored_from"] == {
        "folder": before.name,
        "environment": source,
    }


def test_a_trial_that_a_kill_left_under_its_hidden_name_is_rescored(tiny, before):
    trial = before / "trials" / "one__tiny__s0"
    trial.rename(trial.with_name(f".{trial.name}.old"))
    status, _, _ = rescored(tiny.parent, before, metrics=BOTH)
    assert status == 0
    assert [path.name for path in trial.parent.iterdir()] == [trial.name]


def test_runs_from_scratch_and_others_are_not_mixed(tiny, before):
    with pytest.raises(SuiteError, match="with another from_scratch"):
        rescored(tiny.parent, before, metrics=BOTH, from_scratch=True)


def test_trials_that_are_not_there_are_named(tiny, before, capsys):
    rows = [
        {"name": "one", "method": "tiny"},
        {"name": "two", "title": "Two", "method": "tiny", "options": {"steps": 4}},
    ]
    status, _, _ = rescored(tiny.parent, before, variants=rows)
    assert status == 1
    said = capsys.readouterr().err
    assert "two__tiny__s0 is not a finished trial: run the suite instead" in said


def test_a_run_is_scored_again_in_place(tiny, before, monkeypatch):
    """The code of a metric may have changed without its identity."""
    home, changes = tiny.parent, {"metrics": ["mouth-error"]}
    (home / "new").mkdir()
    (home / "new" / "tiny").symlink_to(before.parent)
    trial = before / "trials" / "one__tiny__s0"
    old = read_cases(trial)["mouth-error"]
    source = json.loads((before / "environment.json").read_text())
    score = tiny_suite.MouthError.score
    for factor in (2, 3):
        monkeypatch.setattr(
            tiny_suite.MouthError,
            "score",
            lambda self, cases, factor=factor: factor * score(self, cases),
        )
        status, plan, _ = rescored(home, before, **changes)
        assert status == 0
        assert run_folder(plan.resolved, home / "new").samefile(before)
        assert list(read_cases(trial)["mouth-error"]) == list(factor * old)
        made_with = json.loads((before / "environment.json").read_text())
        assert made_with["rescored_from"] == {
            "folder": before.name,
            "environment": source,
        }


@pytest.mark.slow
def test_a_trial_that_the_run_lacks_keeps_its_scores(tiny, before):
    home, changes = tiny.parent, {"metrics": ["mouth-error"]}
    shutil.copytree(before, home / "whole")
    assert rescored(home, home / "whole", **changes)[0] == 0
    shutil.rmtree(before / "trials" / "one__tiny__s0")
    assert rescored(home, before, **changes)[0] == 0


def test_a_suite_of_ones_own_must_be_named(tiny, before):
    with pytest.raises(SuiteError) as caught:
        rescore_run(
            str(before),
            None,
            out=tiny.parent / "new",
            overrides=(),
            lpips_backbone=None,
            quiet=True,
        )
    assert str(caught.value) == (
        f"{before} is a run of the suite 'tiny', which is not built in; name its YAML "
        "file with --suite FILE"
    )


def test_runs_on_other_faces_are_refused(tiny, before):
    data = tiny_suite.suite_data()
    other = (tiny.parent / "designer-a.csv").read_text().replace("light", "dark")
    (tiny.parent / "other.csv").write_text(other)
    truth = {"tiny": {"designer-a": "other.csv", "designer-b": "designer-b.csv"}}
    with pytest.raises(SuiteError, match="on other faces or ground truth than"):
        rescored(tiny.parent, before, faces={**data["faces"], "truth": truth})


def test_damaged_cases_are_named(tiny, before, capsys):
    (before / "trials" / "one__tiny__s0" / "cases.parquet").write_bytes(b"half")
    status, _, _ = rescored(tiny.parent, before, metrics=BOTH)
    assert status == 1
    assert "cases.parquet is missing or damaged" in capsys.readouterr().err
