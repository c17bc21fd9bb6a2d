"""One-to-one assignments with the least total cost."""

from itertools import permutations

import pytest
import torch

from methods.shared import matching
from methods.shared.matching import matched_all


def costs_of(count, size, seed=0):
    return list(torch.rand(count, size, size, generator=_seeded(seed)))


def _seeded(seed):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("seed", range(5))
def test_the_total_cost_is_the_least_of_all_permutations(seed):
    (costs,) = costs_of(1, 5, seed)
    (columns,) = matched_all([costs])
    assert sorted(columns.tolist()) == list(range(5))
    least = min(
        float(costs[range(5), list(order)].sum()) for order in permutations(range(5))
    )
    assert float(costs[range(5), columns].sum()) == pytest.approx(least)


@pytest.mark.slow
def test_several_cores_give_the_same(monkeypatch):
    costs = costs_of(3, 6)
    alone = matched_all(costs)
    monkeypatch.setattr(matching, "LARGE", 2)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    shared = matched_all(costs)
    assert all(torch.equal(a, b) for a, b in zip(alone, shared, strict=True))
