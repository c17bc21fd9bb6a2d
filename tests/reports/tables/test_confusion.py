from __future__ import annotations

import numpy as np
import pytest

from evaluation.parameters import parameter_scores
from reports.tables.confusion import confusions
from reports.trials import read_run


@pytest.fixture(scope="module")
def run(full_run):
    return read_run(full_run)


def test_the_diagonal_is_the_accuracy(run):
    trials = run.finished_trials("baseline", "avataaars")
    accuracy = np.mean(
        [
            parameter_scores(*t.vectors("heldout", "designer-a")).set_index(
                "parameter"
            )["accuracy"]
            for t in trials
        ],
        axis=0,
    )
    for found, expected in zip(confusions(run, "avataaars"), accuracy[2:], strict=True):
        counts = found.counts["baseline"]
        assert np.trace(counts) / counts.sum() == pytest.approx(expected)


def test_rows_are_true_options_of_active_faces_over_all_seeds(run):
    found = {c.parameter.name: c for c in confusions(run, "avataaars")}
    assert found["skin"].options == ("light", "mid", "dark")
    _, truth = run.finished_trials("baseline", "avataaars")[0].vectors(
        "heldout", "designer-a"
    )
    times = 2 * np.bincount(truth.column("skin"), minlength=3)
    assert found["skin"].counts["baseline"].sum(axis=1).tolist() == times.tolist()
    assert found["skin"].faces == tuple(int(count) // 2 for count in times)
    bearded = int((truth.column("beard") != 0).sum())
    assert found["beard_colour"].counts["baseline"].sum() == 2 * bearded
    assert found["skin"].shares["baseline"].sum(axis=1) == pytest.approx(1)


def test_options_that_never_occur_are_left_out(make_run):
    splits = {"heldout": 1, "validation": 5}
    run = read_run(make_run(splits=splits, seeds=(0,)))
    for found in confusions(run, "avataaars"):
        total = np.sum(list(found.counts.values()), axis=0)
        assert (total.sum(axis=0) + total.sum(axis=1) > 0).all()


def test_an_engine_without_finished_trials_has_none(make_run):
    names = ("baseline", "random", "constant", "supervised", "supervised-shuffled")
    run = read_run(make_run(engines=("avataaars",), failed=names))
    assert confusions(run, "avataaars") == []
