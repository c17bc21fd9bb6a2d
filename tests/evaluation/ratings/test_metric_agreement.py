from __future__ import annotations

import numpy as np
import pytest

from evaluation.ratings import (
    Picks,
    RaterModel,
    RatingError,
    method_strengths,
    metric_agreement,
    simulate_picks,
)


def picks_of(favourite: np.ndarray, raters: int) -> Picks:
    """Everybody picks each face's favourite."""
    won = favourite[None, :] == np.arange(3)[:, None]
    shape = (3, raters, len(favourite))
    return Picks(
        ("x", "y", "z"),
        np.broadcast_to(won[:, None], shape).astype(np.float64),
        np.ones(shape[1:]),
        0,
    )


def test_a_metric_that_agrees_with_people():
    favourite = np.arange(12) % 3
    scores = (favourite[None, :] == np.arange(3)[:, None]).astype(np.float64)
    found = metric_agreement(picks_of(favourite, 6), scores)
    assert found is not None
    assert found.favourite.mean == found.others.mean == 1
    assert found.tau.mean == pytest.approx(1)
    against = metric_agreement(picks_of(favourite, 6), -scores)
    assert against is not None
    assert against.favourite.mean == 0
    assert against.tau.mean == pytest.approx(-1)


def test_a_random_metric_is_at_chance_level():
    model = RaterModel((0.5, 0.3, 0.2))
    rng = np.random.default_rng(1)
    picks = simulate_picks(model, method_strengths(model), (20, 60), rng)
    found = metric_agreement(picks, rng.random((3, 60)))
    assert found is not None
    assert found.favourite.low < 1 / 3 < found.favourite.high
    assert found.tau.low < 0 < found.tau.high
    assert found.others.mean > found.favourite.mean


def test_faces_without_a_score_are_left_out():
    favourite = np.arange(12) % 3
    scores = (favourite[None, :] == np.arange(3)[:, None]).astype(np.float64)
    scores[1, :2] = np.nan
    found = metric_agreement(picks_of(favourite, 6), scores)
    assert found is not None
    assert found.faces == 10
    assert found.favourite.n == 60
    assert metric_agreement(picks_of(favourite, 6), np.full((3, 12), np.nan)) is None


def test_two_favourites_share_a_pick():
    favourite = np.zeros(6, dtype=int)
    scores = np.tile([[1.0], [1.0], [0.0]], 6)
    found = metric_agreement(picks_of(favourite, 6), scores)
    assert found is not None
    assert found.favourite.mean == 0.5


def test_scores_must_fit():
    with pytest.raises(RatingError, match="do not fit"):
        metric_agreement(picks_of(np.zeros(6, dtype=int), 6), np.zeros((2, 6)))
