"""Orders of a study: the same ones from the same seed, on every machine, for good."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import lru_cache
from typing import TypeVar

Item = TypeVar("Item")
Row = tuple[int, ...]


def stream(*words: object) -> random.Random:
    """A source of numbers named by words.

    Only `random()` of it may be used: Python promises that its numbers stay the same
    from version to version, and promises that of no other call.
    """
    return random.Random("/".join(map(str, words)))


def below(numbers: random.Random, end: int) -> int:
    """A number of 0 .. end - 1, each as likely as the others (to 2^-53)."""
    return int(numbers.random() * end)


def shuffled(items: Sequence[Item], numbers: random.Random) -> list[Item]:
    """The items in a random order, each order as likely (Fisher and Yates)."""
    order = list(items)
    for last in range(len(order) - 1, 0, -1):
        other = below(numbers, last + 1)
        order[last], order[other] = order[other], order[last]
    return order


@lru_cache
def balanced_square(count: int) -> tuple[Row, ...]:
    """Orders of `count` items, balanced for place and for neighbour (Williams 1949).

    Over all rows every item stands in every place equally often, and every ordered
    pair of items stands side by side equally often. `count` rows where it is even,
    twice as many where it is odd.
    """
    first = [0]
    for step in range(1, count):
        first.append((step + 1) // 2 if step % 2 else count - step // 2)
    rows = [tuple((item + turn) % count for item in first) for turn in range(count)]
    if count % 2:
        rows += [row[::-1] for row in rows]
    return tuple(rows)


def spread(
    items: Sequence[Item], among: Sequence[Item], numbers: random.Random
) -> list[Item]:
    """Put `items` among others: one in each of as many equal stretches, never first."""
    mixed = list(among)
    stretch = len(among) / max(len(items), 1)
    for index in reversed(range(len(items))):
        start = int(index * stretch)
        place = start + 1 + below(numbers, max(int(stretch), 1))
        mixed.insert(place, items[index])
    return mixed


def early(
    items: Sequence[Item], wanted: frozenset[Item], numbers: random.Random
) -> list[Item]:
    """Shuffle, with all `wanted` items in the first half (they must fit into it)."""
    half = (len(items) + 1) // 2
    if len(wanted) > half:
        raise ValueError(f"{len(wanted)} items do not fit into a half of {half}")
    order = shuffled(items, numbers)
    free = [place for place in range(half) if order[place] not in wanted]
    for late in range(half, len(order)):
        if order[late] in wanted:
            place = free.pop(below(numbers, len(free)))
            order[late], order[place] = order[place], order[late]
    return order
