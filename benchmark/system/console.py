"""Progress output: bars on a terminal, plain lines in logs and pipes."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol, TextIO

from benchmark.system.progress import Progress, Silent, Task

LINE_EVERY = 15.0
"""Minimum seconds between two progress lines of one task."""
MARKS = 5
"""Marks of a task's pace that its rate takes into account."""
LINE_AFTER = 3.0
"""Tasks that take fewer seconds than this print no line when they finish."""


def duration(seconds: float) -> str:
    """Format seconds: `0.4 s`, `3 min 5 s`, `2 h 10 min`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table to standard output, as wide as the terminal allows."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(*header, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*row)
    Console(highlight=False, markup=False).print(table)


class ConsoleProgress(Progress, Protocol):
    """A Progress that can also print a line without breaking its bars."""

    def say(self, text: str) -> None:
        """Print a line."""
        ...


class Quiet(Silent):
    """A ConsoleProgress that prints warnings only."""

    def say(self, text: str) -> None:
        """Print a line that begins with "warning:"; ignore others."""
        if text.startswith("warning:"):
            print(text, file=sys.stderr, flush=True)


def open_progress(quiet: bool = False, stream: TextIO | None = None) -> ConsoleProgress:
    """Bars if `stream` [standard error] is a terminal, else lines; none if `quiet`."""
    target: TextIO = sys.stderr if stream is None else stream
    if quiet:
        return Quiet()
    return Bars(target) if target.isatty() else Lines(target)


class _Pace:
    """How fast a task advances at present, and how long the rest takes.

    A mark is set at most every `LINE_EVERY` seconds. The rate is that since the oldest
    of the last `MARKS` marks, because the first units often take longer.

    Attributes:
        total: units of the task.
        done: finished units.
        text: rate and remaining time; empty before the first advance.
    """

    def __init__(self, total: int, done: int) -> None:
        self.total, self.done, self.text = total, done, ""
        self._marks = deque([(time.monotonic(), done)], maxlen=MARKS)

    def advance(self, count: int) -> bool:
        """Count finished units; returns whether this set a mark."""
        self.done += count
        now, (since, before) = time.monotonic(), self._marks[0]
        rate = (self.done - before) / max(now - since, 1e-9)
        left = duration((self.total - self.done) / rate) if rate else "unknown"
        self.text = f"{_rate(rate)}, {left} to go"
        if now - self._marks[-1][0] < LINE_EVERY:
            return False
        self._marks.append((now, self.done))
        return True


class _LineTask:
    """Prints a progress line at every mark of the pace but that of the last unit."""

    def __init__(self, label: str, pace: _Pace, say: Callable[[str], None]) -> None:
        self._label, self._pace, self._say = label, pace, say

    def advance(self, count: int = 1) -> None:
        pace = self._pace
        if pace.advance(count) and pace.done < pace.total:
            self._say(f"{self._label}: {pace.done}/{pace.total}, {pace.text}")


def _rate(rate: float) -> str:
    return f"{rate:.1f}/s" if rate >= 1 or rate == 0 else f"{1 / rate:.1f} s each"


class Lines:
    """Plain lines for logs and pipes; short tasks print none."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def say(self, text: str) -> None:
        """Print a line."""
        print(text, file=self._stream, flush=True)

    @contextmanager
    def task(self, label: str, total: int, done: int = 0) -> Iterator[Task]:
        """Print progress lines while the body runs, and one at the end."""
        started = time.monotonic()
        yield _LineTask(label, _Pace(total, done), self.say)
        seconds = time.monotonic() - started
        if seconds >= LINE_AFTER:
            self.say(f"{label}: done in {duration(seconds)}")

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Print nothing: training metrics go to the tracker."""


class _BarTask:
    def __init__(self, advance: Callable[[int], None]) -> None:
        self._advance = advance

    def advance(self, count: int = 1) -> None:
        self._advance(count)


class Bars:
    """Bars with rate and remaining time. Nested tasks stack; finished ones vanish."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            SpinnerColumn,
            TextColumn,
            TimeElapsedColumn,
        )
        from rich.progress import Progress as RichProgress

        self._bars = RichProgress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[pace]}", style="cyan"),
            console=Console(file=stream),
            transient=True,
        )
        self._open = 0

    def say(self, text: str) -> None:
        """Print a line above the bars."""
        self._bars.console.print(text, markup=False, highlight=False)

    @contextmanager
    def task(self, label: str, total: int, done: int = 0) -> Iterator[Task]:
        """Show one bar while the body runs."""
        if self._open == 0:
            self._bars.start()
        self._open += 1
        bar = self._bars.add_task(label, total=total, completed=done, pace="")
        pace = _Pace(total, done)

        def advance(step: int) -> None:
            pace.advance(step)
            self._bars.update(bar, advance=step, pace=pace.text)

        try:
            yield _BarTask(advance)
        finally:
            self._bars.remove_task(bar)
            self._open -= 1
            if self._open == 0:
                self._bars.stop()

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Print nothing: training metrics go to the tracker."""
