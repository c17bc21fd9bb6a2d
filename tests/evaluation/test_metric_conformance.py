"""Requirements for every registered metric."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmark.registry import METRICS
from benchmark.weights import ALEXNET, find
from evaluation.base import Metric, MetricError, MetricSetup

PARTS = ("skin-ciede2000", "hair-ciede2000", "part-iou")
PICTURES = ("lpips", "st-lpips", *PARTS)


@pytest.fixture(scope="session")
def make_metric(untrained_alexnet: Path) -> Callable[[str], Metric]:
    """A registered metric by name; skips if its weight file is missing."""

    def make(metric: str) -> Metric:
        made = METRICS.load(metric)
        weights: dict[str, Path] = {}
        for name in made.meta.needs:
            # The contract must hold for any weights of the right shapes.
            file = find(name) or (untrained_alexnet if name == ALEXNET else None)
            if file is None:
                pytest.skip(
                    f"weight file {name} is not at hand: avatarbench weights fetch"
                )
            weights[name] = file
        return made(MetricSetup(weights))

    return make


@pytest.fixture(scope="session", params=METRICS.names())
def metric(request: pytest.FixtureRequest, make_metric) -> Metric:
    return make_metric(request.param)


@pytest.fixture(scope="session", params=PICTURES)
def picture_metric(request: pytest.FixtureRequest, make_metric) -> Metric:
    return make_metric(request.param)


@pytest.fixture(scope="session", params=PARTS)
def part_metric(request: pytest.FixtureRequest, make_metric) -> Metric:
    return make_metric(request.param)


def test_declares_itself_fully(metric):
    meta = metric.meta
    assert isinstance(metric, Metric)
    assert METRICS.load(meta.name) is type(metric)
    assert meta.title
    assert meta.unit
    assert meta.direction in {"lower", "higher"}
    assert meta.level in {"case", "set"}
    assert meta.identity
    assert all(isinstance(v, (str, int, float)) for v in meta.identity.values())


def test_equal_avatars_score_perfectly(metric, make_cases, truth):
    scores = metric.score(make_cases(truth, truth))
    best = 0.0 if metric.meta.direction == "lower" else 1.0
    assert scores.dtype == np.float64
    assert scores.shape == ((len(truth),) if metric.meta.level == "case" else (1,))
    np.testing.assert_allclose(scores[np.isfinite(scores)], best, atol=1e-6)
    assert np.isfinite(scores).any()


def test_direction_separates_worse_from_better_predictions(
    metric, make_cases, truth, wrong
):
    perfect = np.nanmean(metric.score(make_cases(truth, truth)))
    poor = np.nanmean(metric.score(make_cases(wrong, truth)))
    assert poor > perfect if metric.meta.direction == "lower" else poor < perfect


def test_scores_do_not_depend_on_the_batch(metric, make_cases, truth, wrong):
    together = metric.score(make_cases(wrong, truth))
    if metric.meta.level == "set":
        assert together == metric.score(make_cases(wrong, truth))
        return
    alone = [metric.score(make_cases(wrong[i], truth[i]))[0] for i in range(len(truth))]
    np.testing.assert_array_equal(together, alone)


def test_zero_cases_are_accepted(metric, make_cases, truth):
    none = truth[np.arange(0)]
    scores = metric.score(make_cases(none, none))
    assert scores.shape == ((0,) if metric.meta.level == "case" else (1,))


def test_unequal_numbers_of_vectors_are_refused(metric, make_cases, truth):
    cases = replace(make_cases(truth, truth), predicted=truth[:3])
    with pytest.raises(MetricError, match="3 predictions for 8 ground-truth vectors"):
        metric.score(cases)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (
            lambda r: (r / 127.5 - 1).astype(np.float32),
            r"must be uint8.*got float32 in \[-0\.8",
        ),
        (lambda r: r.transpose(0, 3, 1, 2), r"shape \(8, S, S, 3\), got \(8, 3, 64"),
        (lambda r: r[:, :, :32], r"shape \(8, S, S, 3\)"),
        (lambda r: r[:5], r"shape \(8, S, S, 3\), got \(5"),
        (lambda r: r[:, ::2, ::2], "render both at one size"),
    ],
)
def test_wrong_renders_are_refused(picture_metric, make_cases, truth, broken, message):
    cases = make_cases(truth, truth)
    broken_cases = replace(cases, predicted_renders=broken(cases.predicted_renders))
    with pytest.raises(MetricError, match=message):
        picture_metric.score(broken_cases)


def test_wrong_part_maps_are_refused(part_metric, make_cases, truth):
    cases = make_cases(truth, truth)
    assert cases.truth_parts is not None
    with pytest.raises(MetricError, match="hold class 47"):
        part_metric.score(replace(cases, truth_parts=cases.truth_parts + np.uint8(40)))
    with pytest.raises(MetricError, match="part maps must be uint8"):
        part_metric.score(replace(cases, truth_parts=cases.truth_parts[:, :8]))
