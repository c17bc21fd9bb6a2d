from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaluation.statistics import mean_interval, resampled_interval
from reports.tables.estimates import Estimate, ScoreKey, best_rows, estimate
from reports.trials import ReportedVariant, read_run


def variants(**roles: str) -> list[ReportedVariant]:
    return [ReportedVariant(name, name, role, {}) for name, role in roles.items()]


def case_estimate(values) -> Estimate:
    faces = pd.Series(np.asarray(values, dtype=np.float64))
    return Estimate(mean_interval(faces.to_numpy()), faces, np.empty(0))


LOWER = {"direction": "lower", "unit": "distance"}
HIGHER = {"direction": "higher", "unit": "distance"}
NOISE = np.random.default_rng(0).normal(0, 0.05, 40)


def test_the_best_and_its_equals_are_strong():
    found = {
        "a": case_estimate(0.3 + NOISE),
        "b": case_estimate(0.3 + NOISE[::-1]),
        "c": case_estimate(0.6 + NOISE),
    }
    rows = variants(a="method", b="method", c="control")
    assert best_rows(rows, found, LOWER) == {"a", "b"}
    assert best_rows(rows, found, HIGHER) == {"c"}


def test_oracles_are_not_ranked():
    found = {"a": case_estimate(0.3 + NOISE), "o": case_estimate(0.1 + NOISE)}
    assert best_rows(variants(a="method", o="oracle"), found, LOWER) == {"a"}


def test_missing_rows_are_not_ranked():
    found = {"a": case_estimate(0.3 + NOISE), "b": None}
    rows = variants(a="method", b="method")
    assert best_rows(rows, found, LOWER) == {"a"}
    assert best_rows(rows[1:], found, LOWER) == frozenset()


def test_with_few_faces_only_the_best_is_strong():
    found = {"a": case_estimate([0.3, 0.4]), "b": case_estimate([0.31, 0.4])}
    assert best_rows(variants(a="method", b="method"), found, LOWER) == {"a"}


def test_equal_means_as_printed_are_all_strong():
    found = {
        "a": case_estimate([0.3, 0.4]),
        "b": case_estimate([0.3001, 0.4001]),
        "c": case_estimate([0.302, 0.4]),
        "o": case_estimate([0.3, 0.4]),
    }
    rows = variants(a="method", b="method", c="method", o="oracle")
    assert best_rows(rows, found, LOWER) == {"a", "b"}
    # With a test too, a mean that prints the best value is not ranked below it.
    found = {"a": case_estimate(0.3 + NOISE), "b": case_estimate(0.3 + NOISE + 2e-5)}
    assert best_rows(rows[:2], found, LOWER) == {"a", "b"}


def test_seeds_count_as_one_face(full_run):
    run = read_run(full_run)
    metric = next(m for m in run.metrics if m["name"] == "st-lpips")
    found = estimate(
        run, "baseline", metric, ScoreKey("avataaars", "heldout", "designer-a")
    )
    assert found is not None
    assert found.interval.n == 24
    by_hand = [
        t.scores("heldout", "designer-a")["st-lpips"].mean()
        for t in run.finished_trials("baseline", "avataaars")
    ]
    assert found.interval.mean == pytest.approx(np.mean(by_hand))


def test_undefined_cases_lower_n(full_run):
    run = read_run(full_run)
    metric = next(m for m in run.metrics if m["name"] == "skin-ciede2000")
    found = estimate(
        run, "baseline", metric, ScoreKey("avataaars", "heldout", "designer-a")
    )
    assert found is not None
    assert found.interval.n == 23


def test_set_scores_get_paired_resampled_intervals(full_run):
    run = read_run(full_run)
    metric = next(m for m in run.metrics if m["name"] == "macro-f1")
    place = ScoreKey("toon-tiktok", "heldout", "designer-a")
    good = estimate(run, "supervised", metric, place)
    poor = estimate(run, "random", metric, place)
    assert good is not None
    assert poor is not None
    assert good.interval.low < good.interval.mean < good.interval.high
    comparison = good.against(poor)
    assert comparison.difference.low > 0
    assert comparison.p < 0.01
    assert good.against(good).p == 1


def test_other_set_scores_have_no_interval(full_run):
    run = read_run(full_run)
    metric = dict(next(m for m in run.metrics if m["name"] == "macro-f1"))
    for trial in run.trials:
        trial.record["set_scores"]["heldout/designer-a"]["fancy"] = 0.5  # type: ignore[index]
    metric["name"] = "fancy"
    place = ScoreKey("toon-tiktok", "heldout", "designer-a")
    found = estimate(run, "random", metric, place)
    assert found is not None
    assert found.interval.mean == 0.5
    assert np.isnan(found.interval.low)
    assert np.isnan(found.against(found).p)


def test_resampled_interval_by_hand():
    found = resampled_interval(0.5, np.arange(101) / 100, 20)
    assert (found.low, found.high) == pytest.approx((0.025, 0.975))
    assert np.isnan(resampled_interval(0.5, np.arange(101) / 100, 3).low)
