from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evaluation.base import MetricSetup
from evaluation.colour import HairDifference, SkinDifference


def test_skin_difference_of_flat_colours_is_their_ciede2000(make_cases, truth):
    cases = make_cases(truth[:1], truth[:1])
    # L* differs by about one between these two greys: CIEDE2000 follows closely.
    predicted, target = cases.predicted_renders.copy(), cases.truth_renders.copy()
    predicted[cases.predicted_parts == 1] = 119
    target[cases.truth_parts == 1] = 122
    found = SkinDifference(MetricSetup()).score(
        replace(cases, predicted_renders=predicted, truth_renders=target)
    )
    assert found[0] == pytest.approx(1.15, abs=0.1)


def test_only_the_part_counts(make_cases, truth):
    other_hair = truth.with_value("hair_colour", "red")
    cases = make_cases(other_hair, truth)
    skin = SkinDifference(MetricSetup()).score(cases)
    hair = HairDifference(MetricSetup()).score(cases)
    np.testing.assert_allclose(skin, 0, atol=1e-9)
    assert hair[0] > 10
    assert hair[2] == pytest.approx(0, abs=1e-9)


def test_bald_heads_have_no_hair_colour(make_cases, truth):
    scores = HairDifference(MetricSetup()).score(make_cases(truth, truth))
    assert np.isnan(scores[6])
    bald = truth.with_value("hair", "none")
    assert np.isnan(HairDifference(MetricSetup()).score(make_cases(bald, truth))).all()


def test_engines_without_part_maps_have_no_score(make_cases, truth):
    cases = replace(make_cases(truth, truth), predicted_parts=None, truth_parts=None)
    assert np.isnan(SkinDifference(MetricSetup()).score(cases)).all()
