from __future__ import annotations

import numpy as np
import torch

from evaluation.feature_cache import FeatureCache


class CountedFeatures:
    """Counts its calls."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, picture: np.ndarray) -> list[torch.Tensor]:
        self.calls += 1
        return [torch.full((256,), float(picture.sum()))]  # 1 KiB


def picture(value: int) -> np.ndarray:
    return np.full((4, 4, 3), value, np.uint8)


def test_features_of_equal_pictures_are_computed_once():
    compute = CountedFeatures()
    cached = FeatureCache(compute, limit=10_000)
    first, again = cached(picture(1)), cached(picture(1).copy())
    assert compute.calls == 1
    assert again[0] is first[0]
    assert float(cached(picture(2))[0][0]) == 96
    assert compute.calls == 2


def test_equal_bytes_of_another_shape_are_another_picture():
    compute = CountedFeatures()
    cached = FeatureCache(compute, limit=10_000)
    cached(np.zeros((4, 4, 3), np.uint8))
    cached(np.zeros((2, 8, 3), np.uint8))
    assert compute.calls == 2


def test_the_least_recently_used_picture_is_dropped_first():
    compute = CountedFeatures()
    cached = FeatureCache(compute, limit=2 * 1024)
    for value in (1, 2, 1, 3):
        cached(picture(value))
    assert compute.calls == 3
    cached(picture(1))
    assert compute.calls == 3
    cached(picture(2))
    assert compute.calls == 4


def test_features_larger_than_the_limit_are_not_cached():
    compute = CountedFeatures()
    cached = FeatureCache(compute, limit=100)
    assert float(cached(picture(1))[0][0]) == 48
    cached(picture(1))
    assert compute.calls == 2
