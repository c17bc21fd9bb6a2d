"""How long work tells how far it is; the command line hands an implementation in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Task(Protocol):
    """One bar: a label and a total that `advance` works through."""

    def advance(self, count: int = 1) -> None:
        """Say that `count` more units are done."""
        ...


class Progress(Protocol):
    """Bars for people and figures for the tracker: all that trainers see of either."""

    def task(
        self, label: str, total: int, done: int = 0
    ) -> AbstractContextManager[Task]:
        """Open a bar of `total` units, of which a resume finds `done` finished."""
        ...

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Record training figures at `step`."""
        ...


class _SilentTask:
    def advance(self, count: int = 1) -> None:
        pass


class Silent:
    """A Progress that says nothing (tests, library use)."""

    @contextmanager
    def task(self, label: str, total: int, done: int = 0) -> Iterator[Task]:
        """A bar that nobody sees."""
        yield _SilentTask()

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Figures that nobody keeps."""
