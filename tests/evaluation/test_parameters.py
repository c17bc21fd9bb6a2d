from __future__ import annotations

import numpy as np
import pytest

from benchmark.avatars import AvatarVectors
from evaluation.base import MetricSetup
from evaluation.parameters import (
    ContinuousError,
    DiscreteAccuracy,
    MacroF1,
    parameter_losses,
    parameter_scores,
)


def change(vectors: AvatarVectors, row: int, name: str, value) -> AvatarVectors:
    rows = [vectors[i] for i in range(len(vectors))]
    rows[row] = rows[row].with_value(name, value)
    return AvatarVectors.concatenate(rows)


def test_accuracy_counts_active_parameters_alone(make_cases, truth):
    # Row 6 is bald, so its hair colour means nothing and only two discrete count.
    predicted = change(truth, 6, "hair_colour", "red")
    predicted = change(predicted, 6, "skin", "light")
    scores = DiscreteAccuracy(MetricSetup()).score(make_cases(predicted, truth))
    assert scores[6] == 0.5
    assert scores[:6].tolist() == [1.0] * 6


def test_error_counts_active_parameters_alone(make_cases, truth):
    # Row 1 has short hair, whose length means nothing; row 0 has long hair.
    predicted = change(change(truth, 1, "hair_length", 1.0), 0, "hair_length", 0.6)
    scores = ContinuousError(MetricSetup()).score(make_cases(predicted, truth))
    assert scores[1] == 0
    assert scores[0] == pytest.approx(0.2)


def test_a_case_without_active_parameters_is_undefined(make_cases):
    from benchmark.avatars import AvatarSpec, Condition, Continuous, Discrete

    spec = AvatarSpec(
        "beards",
        (
            Continuous("length", "b", active_when=Condition("beard", ("full",))),
            Discrete("beard", "b", ("none", "full"), optional=True),
        ),
    )
    batch = AvatarVectors.from_records(
        spec, [{"beard": "none"}, {"beard": "full", "length": 0.5}]
    )
    blank = np.zeros((2, 64, 64, 3), dtype=np.uint8)
    from evaluation.base import Cases

    scores = ContinuousError(MetricSetup()).score(Cases(batch, batch, blank, blank))
    assert np.isnan(scores[0])
    assert scores[1] == 0


def test_macro_f1_by_hand(truth):
    # Truth skins: light x2, mid x3, dark x3; everybody is called dark.
    predicted = truth
    for row in range(len(truth)):
        predicted = change(predicted, row, "skin", "dark")
    scores = parameter_scores(predicted, truth).set_index("parameter")
    dark = 2 * 3 / (2 * 3 + 5)
    assert scores.loc["skin", "macro_f1"] == pytest.approx(dark / 3)
    assert scores.loc["skin", "accuracy"] == pytest.approx(3 / 8)


def test_macro_f1_leaves_out_classes_without_ground_truth(make_cases, truth):
    few = truth[[0, 3]]
    predicted = change(few, 0, "skin", "dark")
    scores = parameter_scores(predicted, few).set_index("parameter")
    # Only light is present: recall 1/2, precision 1; dark would add a zero.
    assert scores.loc["skin", "macro_f1"] == pytest.approx(2 / 3)
    value = MacroF1(MetricSetup()).score(make_cases(predicted, few))
    assert value[0] == pytest.approx((2 / 3 + 1 + 1) / 3)


def test_parameter_scores_name_kind_and_count(truth, wrong):
    scores = parameter_scores(wrong, truth).set_index("parameter")
    assert scores["kind"].to_dict() == {
        "head_width": "continuous",
        "eye_height": "continuous",
        "hair_length": "continuous",
        "skin": "colour",
        "hair": "shape",
        "hair_colour": "colour",
    }
    assert scores["n"].to_dict()["hair_length"] == 4
    assert scores["n"].to_dict()["hair_colour"] == 7
    assert scores.loc["skin", "accuracy"] == 0
    assert np.isnan(scores.loc["head_width", "accuracy"])
    assert np.isnan(scores.loc["skin", "mae"])


def test_losses_are_undefined_where_inactive(truth, wrong):
    losses = parameter_losses(wrong, truth)
    assert losses.shape == (8, 6)
    assert np.isnan(losses.loc[6, "hair_colour"])
    assert losses.loc[0, "skin"] == 1
    assert losses.loc[0, "head_width"] == pytest.approx(1.0)
