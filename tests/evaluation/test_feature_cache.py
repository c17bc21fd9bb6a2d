from __future__ import annotations

import numpy as np
import torch

from evaluation.feature_cache import FeatureCache


class Looking:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, picture: np.ndarray) -> list[torch.Tensor]:
        self.asked += 1
        return [torch.full((256,), float(picture.sum()))]  # 1 KiB


def picture(value: int) -> np.ndarray:
    return np.full((4, 4, 3), value, np.uint8)


def test_equal_pictures_are_looked_at_once():
    look = Looking()
    remembered = FeatureCache(look, limit=10_000)
    first, again = remembered(picture(1)), remembered(picture(1).copy())
    assert look.asked == 1
    assert again[0] is first[0]
    assert float(remembered(picture(2))[0][0]) == 96
    assert look.asked == 2


def test_equal_bytes_of_another_shape_are_another_picture():
    look = Looking()
    remembered = FeatureCache(look, limit=10_000)
    remembered(np.zeros((4, 4, 3), np.uint8))
    remembered(np.zeros((2, 8, 3), np.uint8))
    assert look.asked == 2


def test_the_picture_that_was_used_longest_ago_is_forgotten_first():
    look = Looking()
    remembered = FeatureCache(look, limit=2 * 1024)
    for value in (1, 2, 1, 3):
        remembered(picture(value))
    assert look.asked == 3
    remembered(picture(1))
    assert look.asked == 3
    remembered(picture(2))
    assert look.asked == 4


def test_features_larger_than_the_limit_are_given_but_not_kept():
    look = Looking()
    remembered = FeatureCache(look, limit=100)
    assert float(remembered(picture(1))[0][0]) == 48
    remembered(picture(1))
    assert look.asked == 2
