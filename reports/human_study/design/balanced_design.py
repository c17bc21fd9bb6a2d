"""Random and balanced orders, reproducible from a seed on every machine."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import lru_cache
from typing import TypeVar

Item = TypeVar("Item")
Row = tuple[int, ...]


def random_stream(*words: object) -> random.Random:
    """A random number generator seeded with the joined words.

    Call only its `random()`: Python guarantees the same numbers across versions for
    that method alone.
    """
    return random.Random("/".join(map(str, words)))


def random_below(numbers: random.Random, end: int) -> int:
    """A random integer from 0 to end - 1, uniform up to 2^-53."""
    return int(numbers.random() * end)


def shuffled(items: Sequence[Item], numbers: random.Random) -> list[Item]:
    """The items in a random order (Fisher-Yates shuffle)."""
    order = list(items)
    for last in range(len(order) - 1, 0, -1):
        other = random_below(numbers, last + 1)
        order[last], order[other] = order[other], order[last]
    return order


@lru_cache
def balanced_square(count: int) -> tuple[Row, ...]:
    """Orders of `count` items, balanced by position and neighbour (Williams 1949).

    Over all rows, every item is in every position equally often, and every ordered
    pair of items is adjacent equally often. There are `count` rows if it is even and
    twice as many if it is odd.
    """
    first = [0]
    for step in range(1, count):
        first.append((step + 1) // 2 if step % 2 else count - step // 2)
    rows = [tuple((item + turn) % count for item in first) for turn in range(count)]
    if count % 2:
        rows += [row[::-1] for row in rows]
    return tuple(rows)


def spread_among(
    items: Sequence[Item], among: Sequence[Item], numbers: random.Random
) -> list[Item]:
    """Insert one item into each of equally long stretches of `among`, never first."""
    mixed = list(among)
    stretch = len(among) / max(len(items), 1)
    for index in reversed(range(len(items))):
        start = int(index * stretch)
        place = start + 1 + random_below(numbers, max(int(stretch), 1))
        mixed.insert(place, items[index])
    return mixed


def shuffled_with_early(
    items: Sequence[Item], wanted: frozenset[Item], numbers: random.Random
) -> list[Item]:
    """Shuffle so that all `wanted` items are in the first half (they must fit)."""
    half = (len(items) + 1) // 2
    if len(wanted) > half:
        raise ValueError(f"{len(wanted)} items do not fit into a half of {half}")
    order = shuffled(items, numbers)
    free = [place for place in range(half) if order[place] not in wanted]
    for late in range(half, len(order)):
        if order[late] in wanted:
            place = free.pop(random_below(numbers, len(free)))
            order[late], order[place] = order[place], order[late]
    return order
