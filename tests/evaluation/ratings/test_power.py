from __future__ import annotations

import numpy as np
import pytest

from evaluation.ratings import (
    RaterModel,
    RatingError,
    Simulations,
    ahead_by,
    method_strengths,
    power_grid,
    simulate_picks,
)


@pytest.mark.parametrize("spreads", [(0, 0), (0.5, 1.0), (1.5, 0.2)])
def test_simulated_picks_have_the_models_shares(spreads):
    model = RaterModel((0.55, 0.25, 0.15, 0.05), *spreads)
    rng = np.random.default_rng(0)
    picks = simulate_picks(model, method_strengths(model), (300, 300), rng)
    assert picks.counts / picks.total == pytest.approx(model.shares, abs=0.035)


def test_shares_ahead_by_a_difference():
    found = ahead_by(0.1, 4)
    assert sum(found) == pytest.approx(1)
    assert found[0] - found[1] == pytest.approx(0.1)
    assert len({round(share, 9) for share in found[1:]}) == 1


def test_more_raters_and_faces_give_more_power():
    model = RaterModel(ahead_by(0.2, 4))
    few, many = (next(power_grid(model, [n], [n], Simulations(40))) for n in (6, 30))
    assert few.power < many.power
    assert many.width < few.width
    assert many.bounds.low <= many.power <= many.bounds.high


def test_without_a_difference_detection_is_rare():
    even = RaterModel((0.25, 0.25, 0.25, 0.25))
    (found,) = power_grid(even, [20], [20], Simulations(120))
    assert found.power + found.wrong <= 0.10


def test_power_of_a_size_does_not_depend_on_other_sizes():
    model = RaterModel(ahead_by(0.2, 3))
    alone = list(power_grid(model, [8], [10], Simulations(20)))
    among = list(power_grid(model, [6, 8], [8, 10], Simulations(20)))
    assert alone[0] == among[-1]
    assert [(p.raters, p.faces) for p in among] == [(6, 8), (6, 10), (8, 8), (8, 10)]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: RaterModel((0.5, 0.4)), "sum to 1"),
        (lambda: RaterModel((1.0, 0.0)), "above 0"),
        (lambda: RaterModel((0.5, 0.5), -1), "0 or more"),
        (lambda: ahead_by(1.5, 4), "below 1"),
        (
            lambda: list(power_grid(RaterModel((0.5, 0.5)), [3], [9], Simulations(5))),
            "fewer than 5",
        ),
    ],
)
def test_invalid_simulations_are_refused(make, said):
    with pytest.raises(RatingError, match=said):
        make()
