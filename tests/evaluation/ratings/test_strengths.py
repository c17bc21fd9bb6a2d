from __future__ import annotations

import choix
import numpy as np
import pytest

from evaluation.ratings import RaterModel, method_strengths, simulate_picks, strengths
from evaluation.ratings.strengths import PRIOR


def test_strengths_are_choixs_maximum_likelihood():
    model = RaterModel((0.4, 0.3, 0.2, 0.1), 0, 0)
    rng = np.random.default_rng(0)
    picks = simulate_picks(model, method_strengths(model), (20, 25), rng)
    # Twice the picks and twice the prior: the squared likelihood, so the same maximum.
    repeats = (2 * (picks.counts + PRIOR)).astype(int)
    others = {k: tuple(set(range(4)) - {k}) for k in range(4)}
    data = [(k, others[k]) for k in range(4) for _ in range(repeats[k])]
    expected = choix.ilsr_top1(4, data)
    found = [strength.value.mean for strength in strengths(picks)]
    assert found == pytest.approx(expected - expected.mean(), abs=1e-6)


def test_an_option_that_nobody_picks_has_a_strength():
    rng = np.random.default_rng(1)
    model = RaterModel((0.5, 0.4999, 0.0001), 0, 0)
    picks = simulate_picks(model, method_strengths(model), (8, 8), rng)
    assert picks.counts[2] == 0
    found = strengths(picks)
    assert all(
        np.isfinite([s.value.low, s.value.mean, s.value.high]).all() for s in found
    )
    assert sum(s.value.mean for s in found) == pytest.approx(0)


def test_intervals_cover_the_true_strengths():
    model = RaterModel((0.5, 0.3, 0.2), 0, 0.5)
    planted = np.log(model.shares) - np.log(model.shares).mean()
    true = method_strengths(model)
    held, studies = 0, 120
    for study in range(studies):
        rng = np.random.default_rng([6, study])
        picks = simulate_picks(model, true, (15, 25), rng)
        for strength, value in zip(strengths(picks, 299), planted, strict=True):
            held += strength.value.low <= value <= strength.value.high
    assert 0.92 <= held / (3 * studies) <= 0.999
