"""What workers tell the driver: their progress, results and errors."""

from __future__ import annotations

import pickle
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from typing import Any

from benchmark.system.console import ConsoleProgress
from benchmark.system.progress import Task

TELL_EVERY = 0.2
"""Minimum seconds between two messages of one task."""

Tell = Callable[[tuple[Any, ...]], None]


class ToldProgress:
    """A ConsoleProgress of a worker, which tells the driver everything by messages.

    The messages are `(say, text)`, `(begin, number, label, total, done)`,
    `(advance, number, count)` and `(end, number)`, of a task with that number.
    """

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._numbers = count()

    def say(self, text: str) -> None:
        """Print a line at the driver."""
        self._tell(("say", text))

    @contextmanager
    def task(self, label: str, total: int, done: int = 0) -> Iterator[Task]:
        """Show a task at the driver."""
        number = next(self._numbers)
        self._tell(("begin", number, label, total, done))
        task = _ToldTask(lambda units: self._tell(("advance", number, units)))
        try:
            yield task
        finally:
            task.flush()
            self._tell(("end", number))

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Tell nothing: the worker writes training metrics to files."""


class _ToldTask:
    def __init__(self, tell: Callable[[int], None]) -> None:
        self._tell, self._untold, self._told = tell, 0, time.monotonic()

    def advance(self, count: int = 1) -> None:
        self._untold += count
        if time.monotonic() - self._told >= TELL_EVERY:
            self.flush()

    def flush(self) -> None:
        if self._untold:
            self._tell(self._untold)
        self._untold, self._told = 0, time.monotonic()


class Display:
    """Shows the tasks of all workers in the progress of the driver."""

    def __init__(self, progress: ConsoleProgress) -> None:
        self._progress = progress
        self._open: dict[tuple[int, int], tuple[AbstractContextManager[Task], Task]]
        self._open = {}

    def show(self, worker: int, message: tuple[Any, ...]) -> None:
        """Show what a worker told."""
        kind, *rest = message
        if kind == "say":
            self._progress.say(_by(worker, rest[0]))
        elif kind == "begin":
            number, label, total, done = rest
            manager = self._progress.task(_by(worker, label), total, done)
            self._open[worker, number] = manager, manager.__enter__()
        elif kind == "advance" and (worker, rest[0]) in self._open:
            self._open[worker, rest[0]][1].advance(rest[1])
        elif kind == "end":
            self._end(worker, rest[0])

    def forget(self, worker: int) -> None:
        """Close the tasks of a worker that ended."""
        for key in [key for key in self._open if key[0] == worker]:
            self._end(*key)

    def close(self) -> None:
        """Close the tasks of all workers."""
        for key in list(self._open):
            self._end(*key)

    def _end(self, worker: int, number: int) -> None:
        if (worker, number) in self._open:
            manager, _ = self._open.pop((worker, number))
            manager.__exit__(None, None, None)


def _by(worker: int, text: str) -> str:
    """A line of a worker; a warning stays recognisable."""
    if text.startswith("warning:"):
        return text
    return f"worker {worker + 1}: {text}"


def portable(error: BaseException) -> BaseException:
    """The error, or one with its text if it cannot be sent to another process.

    Its traceback, which cannot be sent, becomes a note.
    """
    error.add_note("".join(traceback.format_exception(error)))
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def outcome_of(function: Callable[[Any], Any], item: Any) -> tuple[str, Any]:
    """Call a function: `(result, value)`, or `(error, exception)` if it raises."""
    try:
        return "result", function(item)
    except BaseException as error:
        return "error", portable(error)
