"""What every executor does."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any, Protocol, TypeVar

from benchmark.system.console import ConsoleProgress

T = TypeVar("T")
R = TypeVar("R")

Prepare = Callable[[ConsoleProgress], Callable[[T], R]]
"""prepare(progress) makes a worker ready, once, and returns the function of an item.

Executors pickle it, the items and the results.
"""
ATTEMPTS = 3
"""How many workers may die with the same item before the item counts as lost."""


class WorkersError(RuntimeError):
    """Workers cannot be started or used; the message says what to do."""


class WorkerLost(RuntimeError):
    """The workers of one item died; the message says how."""

    def __init__(self, how: str) -> None:
        super().__init__(
            f"{how}, {ATTEMPTS} times in a row with this work; perhaps the memory is "
            "too small for so many workers: repeat the command with fewer --workers"
        )


Results = Generator[tuple[int, R | WorkerLost], None, None]
"""The index of each item with its result. Closing it ends the work."""


class Executor(Protocol):
    """Calls a function on items, on any number of workers."""

    def map(
        self, prepare: Prepare[T, R], items: Sequence[T], progress: ConsoleProgress
    ) -> Results[R]:
        """Yield the index of each item with its result, in the order of completion.

        The work of a worker that dies is given to another one. After `ATTEMPTS` deaths,
        the result of the item is a WorkerLost. `progress` also shows what the workers
        tell. Closing the iterator ends all workers.

        Raises WorkersError if no worker can be started, and whatever the function
        raises.
        """
        ...

    def describe(self) -> dict[str, Any]:
        """What carried the work out, as JSON data for `environment.json`."""
        ...
