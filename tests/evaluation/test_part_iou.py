from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmark.avatars.part_classes import PART_IDS
from evaluation.base import MetricError, MetricSetup
from evaluation.part_iou import PartIou

HAIR, GLASSES, SKIN = (PART_IDS[name] for name in ("hair", "glasses", "skin"))


def square(part: int, rows: slice, background: int = SKIN) -> np.ndarray:
    """A (64, 64) part map with some rows of one part."""
    parts = np.full((64, 64), background, dtype=np.uint8)
    parts[rows] = part
    return parts


@pytest.fixture
def score(make_cases, truth):
    """The Part IoU of one case with these part maps and beards."""

    def score(predicted, target, predicted_beard=None, target_beard=None):
        cases = make_cases(truth[:1], truth[:1])
        return PartIou(MetricSetup()).score(
            replace(
                cases,
                predicted_parts=predicted[None],
                truth_parts=target[None],
                predicted_beards=None
                if predicted_beard is None
                else predicted_beard[None],
                truth_beards=None if target_beard is None else target_beard[None],
            )
        )[0]

    return score


def test_an_area_counts_by_its_intersection_over_its_union(score):
    predicted, target = square(HAIR, slice(0, 30)), square(HAIR, slice(10, 40))
    assert score(predicted, target) == pytest.approx(20 / 40)


def test_the_mean_is_over_parts_that_either_avatar_shows(score):
    target = square(HAIR, slice(0, 20))
    worn = target.copy()
    worn[30:34] = GLASSES
    assert score(target, target) == 1
    assert score(worn, target) == pytest.approx(0.5)
    assert score(target, worn) == pytest.approx(0.5)
    beard, none = np.zeros((64, 64), bool), np.zeros((64, 64), bool)
    beard[50:] = True
    assert score(worn, target, none, beard) == pytest.approx(1 / 3)
    assert score(target, target, none, none) == 1


def test_two_heads_without_parts_score_one(score):
    bare = square(SKIN, slice(0, 5))
    assert score(bare, bare) == 1
    assert score(square(HAIR, slice(0, 5)), bare) == 0


def test_other_parts_do_not_count(score):
    brows = square(PART_IDS["brows"], slice(20, 25), background=0)
    assert score(brows, square(SKIN, slice(40, 50), background=0)) == 1


def test_an_engine_without_part_maps_has_no_score(make_cases, truth):
    cases = replace(make_cases(truth, truth), predicted_parts=None, truth_parts=None)
    assert np.isnan(PartIou(MetricSetup()).score(cases)).all()


def test_wrong_maps_of_beards_are_refused(make_cases, truth):
    cases = make_cases(truth, truth)
    wrong = np.zeros((len(truth), 64, 64), np.uint8)
    with pytest.raises(MetricError, match="ground-truth beards must be bool"):
        PartIou(MetricSetup()).score(replace(cases, truth_beards=wrong))
