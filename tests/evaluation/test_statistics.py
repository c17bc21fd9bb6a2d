from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evaluation import draws
from evaluation.statistics import (
    compare,
    face_means,
    holm,
    mean_interval,
    rank_biserial,
    ratio_interval,
    sign_flip_p,
)


def test_interval_is_close_to_the_textbook_one_for_normal_values():
    values = np.random.default_rng(3).normal(5, 1, 200)
    found = mean_interval(values)
    half = stats.t.ppf(0.975, 199) * values.std(ddof=1) / np.sqrt(200)
    assert found.kind == "bca"
    assert found.n == 200
    assert found.mean == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - half, abs=0.015)
    assert found.high == pytest.approx(values.mean() + half, abs=0.015)


def test_an_interval_excludes_zero_where_it_lies_on_one_side():
    noise = np.random.default_rng(0).normal(0, 1, 40)
    assert mean_interval(noise + 3).excludes_zero
    assert mean_interval(noise - 3).excludes_zero
    assert not mean_interval(noise - noise.mean()).excludes_zero
    assert not mean_interval(np.array([1.0, 2.0])).excludes_zero


def test_ratio_of_proportional_columns_is_certain():
    wholes = np.random.default_rng(0).normal(1, 0.3, 40)
    found = ratio_interval(0.25 * wholes, wholes)
    assert (found.mean, found.low, found.high) == pytest.approx((0.25, 0.25, 0.25))
    assert found.n == 40


def test_ratio_interval_is_close_to_the_delta_methods():
    rng = np.random.default_rng(4)
    wholes = rng.normal(2, 0.5, 300)
    parts = 0.6 * wholes + rng.normal(0, 0.4, 300)
    found = ratio_interval(parts, wholes)
    ratio = parts.mean() / wholes.mean()
    error = (parts - ratio * wholes).std(ddof=1) / np.sqrt(300) / wholes.mean()
    assert found.mean == pytest.approx(ratio)
    assert found.low == pytest.approx(ratio - 1.96 * error, abs=0.004)
    assert found.high == pytest.approx(ratio + 1.96 * error, abs=0.004)


def test_ratio_drops_resamples_with_a_zero_denominator():
    found = ratio_interval(np.array([1.0, 0, 0, 0, 0]), np.array([1.0, 0, 0, 0, 0]))
    assert (found.mean, found.low, found.high) == (1, 1, 1)


def test_interval_is_reproducible():
    values = np.random.default_rng(0).random(30)
    assert mean_interval(values) == mean_interval(values.copy())


@pytest.mark.parametrize("faces", [6, 40, 601, 1000])
def test_interval_is_scipys_bootstrap_to_the_last_bit(faces):
    values = np.random.default_rng(faces).normal(size=faces) ** 3
    low, high = stats.bootstrap(
        (values,), np.mean, n_resamples=99, rng=np.random.default_rng(0)
    ).confidence_interval
    interval = mean_interval(values, resamples=99)
    assert (interval.low, interval.high) == (low, high)


def test_interval_has_its_nominal_coverage():
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(200):
        found = mean_interval(rng.normal(0, 1, 40), resamples=499)
        covered += found.low <= 0 <= found.high
    assert 0.89 <= covered / 200 <= 0.99


def test_interval_of_constant_values_is_a_point():
    found = mean_interval(np.full(10, 0.25))
    assert (found.low, found.high, found.kind) == (0.25, 0.25, "constant")


@pytest.mark.parametrize("count", [0, 1, 4])
def test_few_faces_get_no_interval(count):
    found = mean_interval(np.arange(count, dtype=np.float64))
    assert found.kind == "too few faces"
    assert found.n == count
    assert np.isnan(found.low)


def test_one_outlier_among_equal_values_gives_an_interval():
    values = np.array([0.0] * 9 + [1.0])
    found = mean_interval(values)
    assert found.low <= found.mean <= found.high


def test_undefined_values_are_refused():
    with pytest.raises(ValueError, match="finite"):
        mean_interval(np.array([1.0, np.nan, 2.0]))


def test_seeds_are_averaged_within_a_face_first():
    scores = pd.DataFrame(
        {"face": ["a", "a", "b", "b", "c"], "lpips": [0.1, 0.3, 0.5, 0.5, np.nan]}
    )
    assert face_means(scores, "lpips").to_dict() == pytest.approx({"a": 0.2, "b": 0.5})


def test_exact_p_of_five_agreeing_differences():
    assert sign_flip_p(np.array([1.0, 2.0, 3.0, 4.0, 5.0])) == pytest.approx(2 / 32)


def test_exact_p_matches_scipy():
    values = np.array([0.3, -0.1, 0.25, 0.4, -0.05, 0.2, 0.1])
    expected = stats.permutation_test(
        (values,), np.mean, permutation_type="samples", n_resamples=np.inf
    )
    assert sign_flip_p(values) == pytest.approx(expected.pvalue)


def test_drawn_p_is_never_zero_and_close_to_exact():
    assert sign_flip_p(np.ones(50), 999) == pytest.approx(1 / 1000)
    values = np.random.default_rng(5).normal(0.1, 1, 60)
    t_test = stats.ttest_1samp(values, 0).pvalue
    assert sign_flip_p(values) == pytest.approx(t_test, abs=0.02)


def test_p_without_any_difference_is_one():
    assert sign_flip_p(np.zeros(8)) == 1
    assert np.isnan(sign_flip_p(np.zeros(0)))


def test_rank_biserial_by_hand():
    # Ranks 1 to 4; the difference of rank 1 points the other way: (9 - 1) / 10.
    assert rank_biserial(np.array([-1.0, 2, 3, 4])) == pytest.approx(0.8)
    assert rank_biserial(np.array([0.0, 0.0])) == 0


def test_comparison_uses_shared_faces():
    first = pd.Series({"a": 1.0, "b": 2.0, "c": 3.0, "d": 4.0, "e": 5.0, "x": 9.0})
    second = first.drop("x") - 0.5
    found = compare(first, second)
    assert found.difference.n == 5
    assert found.difference.mean == pytest.approx(0.5)
    assert found.p == pytest.approx(2 / 32)
    assert found.effect == 1


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_holm_does_not_count_undefined_p_values():
    found = holm([0.02, float("nan"), 0.03])
    assert found[0] == pytest.approx(0.04)
    assert np.isnan(found[1])
    assert found[2] == pytest.approx(0.04)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_never_lowers_a_p_and_keeps_their_order(p_values):
    found = holm(p_values)
    assert all(c >= p - 1e-15 for c, p in zip(found, p_values, strict=True))
    assert all(c <= 1 for c in found)
    order = np.argsort(p_values, kind="stable")
    assert (np.diff(np.array(found)[order]) >= 0).all()


@pytest.mark.parametrize("kind", ["normal", "skewed", "share"])
def test_the_interval_of_many_faces_is_the_one_of_scipy(kind):
    rng = np.random.default_rng(5)
    values = {
        "normal": rng.normal(0.3, 0.1, 1200),
        "skewed": rng.gamma(0.5, 1, 1200),
        "share": (rng.random(1200) < 0.3).astype(np.float64),
    }[kind]
    found = mean_interval(values, resamples=999)
    expected = stats.bootstrap(
        (values,), np.mean, n_resamples=999, batch=100, rng=np.random.default_rng(0)
    ).confidence_interval
    assert found.kind == "bca"
    assert found.low == pytest.approx(expected.low, rel=1e-9)
    assert found.high == pytest.approx(expected.high, rel=1e-9)


def test_draws_that_are_too_many_to_keep_are_the_same(monkeypatch):
    values = np.random.default_rng(1).normal(0.01, 1, 1100)
    kept = mean_interval(values, 99), sign_flip_p(values, 99)
    monkeypatch.setattr(draws, "KEPT_NUMBERS", 0)
    assert (mean_interval(values, 99), sign_flip_p(values, 99)) == kept
