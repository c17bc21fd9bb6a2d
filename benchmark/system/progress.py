"""Progress protocol of long computations; the command line passes one in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Task(Protocol):
    """A running task of known length."""

    def advance(self, count: int = 1) -> None:
        """Report `count` more finished units."""
        ...


class Progress(Protocol):
    """Receives progress (for the console) and training metrics (for the tracker)."""

    def task(
        self, label: str, total: int, done: int = 0
    ) -> AbstractContextManager[Task]:
        """Start a task of `total` units, `done` of which a resumed run has finished."""
        ...

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Record training metrics of a step."""
        ...


class _SilentTask:
    def advance(self, count: int = 1) -> None:
        pass


class Silent:
    """A Progress without output, for tests and library use."""

    @contextmanager
    def task(self, label: str, total: int, done: int = 0) -> Iterator[Task]:
        """A task without output."""
        yield _SilentTask()

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Discard the metrics."""
