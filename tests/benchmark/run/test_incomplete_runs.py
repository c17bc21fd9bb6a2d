"""A finished run that lost files gets them back without new fits."""

import shutil

import tiny_suite

from benchmark.run.cost_estimate import estimate_cost
from benchmark.run.runner import finished_trials
from benchmark.storage.trial_folder import read_cases, read_record


def test_a_trial_folder_that_lost_its_cases_is_made_again(finished):
    cases = finished.trial("one") / "cases.parquet"
    before = cases.read_bytes()
    cases.unlink()
    one, *others = finished.run()
    assert not one.cached
    assert all(outcome.cached for outcome in others)
    assert cases.read_bytes() == before


def test_results_without_pictures_are_rendered_and_not_fitted_again(
    finished, monkeypatch
):
    pictures = {
        path.relative_to(finished.folder): path.read_bytes()
        for path in finished.folder.rglob("*.webp")
    }
    for place in ("truths", "trials/one__tiny__s0/pictures"):
        shutil.rmtree(finished.folder / place)
    shutil.rmtree(finished.store.root)

    def fit(self, context):
        raise AssertionError("fitted again")

    monkeypatch.setattr(tiny_suite.TinyMethod, "fit", fit)
    heard = []

    class Listener:
        def started(self, run):
            pass

        def finished_trial(self, outcome, model):
            heard.append((outcome.error, model))

    left = estimate_cost(
        finished.plan,
        finished.store,
        finished_trials(finished.plan, finished.store, finished.folder.parent.parent),
    )
    assert sum(line.todo for line in left) == 0
    assert sum(line.todo for line in estimate_cost(finished.plan, finished.store)) > 0
    assert all(outcome.cached for outcome in finished.run([Listener()]))
    assert heard == [(None, None)] * 3
    for path, content in pictures.items():
        assert (finished.folder / path).read_bytes() == content


def test_incomplete_pictures_are_rendered_again(finished):
    lost = finished.trial("one") / "pictures" / "heldout" / "face08.prediction.webp"
    truths = finished.folder / "truths" / "tiny" / "designer-b"
    before = lost.read_bytes()
    lost.unlink()
    shutil.rmtree(truths)
    assert all(outcome.cached for outcome in finished.run())
    assert lost.read_bytes() == before
    assert len(list((truths / "heldout").iterdir())) == 4


def test_a_trial_that_cannot_be_rendered_again_stops_no_other(finished):
    folder = finished.trial("one")
    cases = read_cases(folder)
    cases[cases["face"] != "face08"].to_parquet(folder / "cases.parquet")
    shutil.rmtree(folder / "pictures")
    one, *others = finished.run()
    assert "lacks predictions for faces of" in (one.error or "")
    assert all(outcome.cached for outcome in others)
    assert read_record(folder)["status"] == "done"
