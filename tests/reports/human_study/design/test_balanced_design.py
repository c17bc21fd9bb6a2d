from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.human_study.design.balanced_design import (
    balanced_square,
    random_stream,
    shuffled,
    shuffled_with_early,
    spread_among,
)


@pytest.mark.parametrize("count", range(2, 9))
def test_a_square_balances_places_and_neighbours(count):
    rows = balanced_square(count)
    assert len(rows) == (count if count % 2 == 0 else 2 * count)
    assert all(sorted(row) == list(range(count)) for row in rows)
    places = Counter((place, item) for row in rows for place, item in enumerate(row))
    assert len(places) == count * count
    assert len(set(places.values())) == 1
    pairs = Counter(pair for row in rows for pair in pairwise(row))
    assert len(pairs) == count * (count - 1)
    assert len(set(pairs.values())) == 1


def test_a_shuffle_never_changes():
    # Existing studies must keep their orders in all Python versions.
    assert shuffled("abcdefgh", random_stream(7, "paper", 3)) == list("chegbdfa")


def test_every_order_is_as_likely():
    numbers = random_stream("many")
    found = Counter("".join(shuffled("abc", numbers)) for _ in range(6000))
    assert len(found) == 6
    assert all(abs(count - 1000) < 120 for count in found.values())


@given(
    items=st.integers(0, 12),
    among=st.integers(1, 60),
    seed=st.integers(0, 10**6),
)
def test_spread_keeps_all_and_starts_with_no_item(items, among, seed):
    rare, common = [f"x{i}" for i in range(items)], list(range(among))
    mixed = spread_among(rare, common, random_stream(seed))
    assert [m for m in mixed if m in common] == common
    assert [m for m in mixed if m not in common] == rare
    assert mixed[0] == 0


@given(count=st.integers(1, 40), share=st.floats(0, 1), seed=st.integers(0, 10**6))
def test_early_puts_the_wanted_into_the_first_half(count, share, seed):
    items = list(range(count))
    half = (count + 1) // 2
    wanted = frozenset(items[: int(half * share)])
    order = shuffled_with_early(items, wanted, random_stream(seed))
    assert sorted(order) == items
    assert wanted <= set(order[:half])


def test_too_many_to_be_early_are_refused():
    with pytest.raises(ValueError, match="3 items do not fit into a half of 2"):
        shuffled_with_early([1, 2, 3, 4], frozenset({1, 2, 3}), random_stream(0))
