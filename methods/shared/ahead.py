"""Preparation of the next steps of a training in threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

_T = TypeVar("_T")


@contextmanager
def prepared_ahead(
    prepare: Callable[[int], _T], steps: int, threads: int
) -> Iterator[Callable[[int], _T]]:
    """Give `prepare` for steps that are taken in order, with later ones under way.

    Args:
        prepare: prepares a step; it must depend only on the step.
        steps: number of steps; no step from it on is prepared.
        threads: threads, and steps under way; 0 prepares a step when it is taken.

    Yields:
        What gives the result of `prepare` for a step, or raises its error.
    """
    if not threads:
        yield prepare
        return
    pool = ThreadPoolExecutor(threads)
    under_way: dict[int, Future[_T]] = {}

    def take(step: int) -> _T:
        for later in range(step, min(step + threads, steps - 1) + 1):
            if later not in under_way:
                under_way[later] = pool.submit(prepare, later)
        return under_way.pop(step).result()

    try:
        yield take
    finally:
        pool.shutdown(cancel_futures=True)
