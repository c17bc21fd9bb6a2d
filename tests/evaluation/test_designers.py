"""Agreement of two designers."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from benchmark.avatars import AvatarVectors
from benchmark.avatars.spec import AvatarSpec, Condition, Continuous, Discrete
from evaluation.base import Cases, MetricError, MetricSetup
from evaluation.designers import ceiling, parameter_agreement
from evaluation.parameters import DiscreteAccuracy, MacroF1

WITH_HAIR = Condition("hair", ("bob", "bun"))
SPEC = AvatarSpec(
    "small",
    (
        Continuous("width", "head"),
        Discrete("hair", "hair", ("bald", "bob", "bun")),
        Discrete("colour", "hair", ("red", "black"), active_when=WITH_HAIR),
    ),
)


def vectors(*rows):
    names = ("width", "hair", "colour")
    return AvatarVectors.from_records(
        SPEC, [dict(zip(names, row, strict=True)) for row in rows]
    )


ONE = vectors(
    (0.1, "bob", "red"), (0.4, "bald", ""), (0.5, "bun", "red"), (0.9, "bob", "black")
)
OTHER = vectors(
    (0.2, "bob", "red"),
    (0.4, "bob", "red"),
    (0.7, "bun", "black"),
    (0.8, "bun", "black"),
)


def test_agreement_is_measured_where_both_have_the_parameter():
    figures = parameter_agreement(ONE, OTHER).set_index("parameter")
    assert figures["n"].tolist() == [4, 4, 3]
    assert figures.loc["width", "difference"] == pytest.approx(0.1)
    expected = np.corrcoef([0.1, 0.4, 0.5, 0.9], [0.2, 0.4, 0.7, 0.8])[0, 1]
    assert figures.loc["width", "correlation"] == pytest.approx(expected, abs=1e-6)
    assert figures.loc["hair", "equal"] == pytest.approx(0.5)
    kappa = cohen_kappa_score([1, 0, 2, 1], [1, 1, 2, 2])
    assert figures.loc["hair", "kappa"] == pytest.approx(kappa)
    assert figures.loc["colour", "equal"] == pytest.approx(2 / 3)
    assert figures["equal"].isna().tolist() == [True, False, False]


def test_agreement_is_the_same_from_either_side():
    one, other = (AvatarVectors.sample(SPEC, 40, seed) for seed in (1, 2))
    there, back = parameter_agreement(one, other), parameter_agreement(other, one)
    numbers = ["n", "equal", "kappa", "difference", "correlation"]
    np.testing.assert_allclose(there[numbers], back[numbers])


def test_figures_without_faces_or_variation_are_undefined():
    bald = vectors((0.5, "bald", ""), (0.5, "bald", ""))
    figures = parameter_agreement(bald, bald).set_index("parameter")
    assert figures.loc["hair", "equal"] == 1
    assert np.isnan(figures.loc["hair", "kappa"])
    assert figures.loc["width", "difference"] == 0
    assert np.isnan(figures.loc["width", "correlation"])
    assert figures.loc["colour", "n"] == 0
    assert figures.loc["colour", ["equal", "kappa"]].isna().all()


def test_vectors_of_different_specs_are_refused():
    with pytest.raises(MetricError, match="needs vectors of one spec"):
        parameter_agreement(ONE, OTHER[:2])


def cases(one, other):
    blank = np.zeros((len(one), 64, 64, 3), np.uint8)
    return Cases(other, one, blank, blank)


def test_the_ceiling_is_the_other_designers_mean_score():
    interval = ceiling(DiscreteAccuracy(MetricSetup()), cases(ONE, OTHER))
    assert interval.mean == pytest.approx((1 + 0 + 0.5 + 0.5) / 4)
    assert interval.n == 4
    with pytest.raises(MetricError, match="macro-f1 has no score for single faces"):
        ceiling(MacroF1(MetricSetup()), cases(ONE, OTHER))
