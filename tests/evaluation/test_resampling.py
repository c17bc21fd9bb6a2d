from __future__ import annotations

import numpy as np
import pytest

from evaluation.draws import resample_counts
from evaluation.parameters import parameter_scores, resampled_macro_f1
from evaluation.statistics import resampled_p


def test_a_row_of_ones_gives_scikit_learns_score(truth, wrong):
    mixed = truth[[0, 1, 5, 3, 4, 2, 6, 7]]
    for predicted in (truth, wrong, mixed):
        ones = np.ones((1, len(truth)), dtype=np.int64)
        expected = parameter_scores(predicted, truth)["macro_f1"].mean()
        assert resampled_macro_f1(predicted, truth, ones)[0] == pytest.approx(expected)


def test_a_resample_is_the_score_of_the_drawn_faces(truth):
    predicted = truth[[0, 1, 5, 3, 4, 2, 6, 7]]
    counts = np.array([[2, 0, 1, 1, 0, 3, 0, 1]])
    rows = np.repeat(np.arange(8), counts[0])
    expected = parameter_scores(predicted[rows], truth[rows])["macro_f1"].mean()
    found = resampled_macro_f1(predicted, truth, counts)
    assert found[0] == pytest.approx(expected)


def test_resample_counts_sum_to_the_faces_and_are_seeded():
    counts = resample_counts(12, 50)
    assert counts.shape == (50, 12)
    assert (counts.sum(axis=1) == 12).all()
    assert np.array_equal(counts, resample_counts(12, 50))


def test_p_of_resampled_differences():
    assert resampled_p(np.zeros(99)) == 1
    assert resampled_p(np.ones(99)) == pytest.approx(2 / 100)
    assert np.isnan(resampled_p(np.full(5, np.nan)))
