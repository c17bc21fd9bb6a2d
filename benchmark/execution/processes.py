"""Workers that are processes of this machine."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Generic

from benchmark.execution.executor import (
    ATTEMPTS,
    Prepare,
    R,
    Results,
    T,
    WorkerLost,
    WorkersError,
)
from benchmark.execution.messages import Display, ToldProgress, outcome_of, portable
from benchmark.system.console import ConsoleProgress
from benchmark.system.parent_process import exit_with_parent

SECONDS_TO_END = 3.0
"""A worker that is told to end is killed after so many seconds."""


@dataclass(frozen=True)
class Processes:
    """Works in processes, one for each mapping of environment variables.

    Libraries read the number of threads and the GPUs from the environment when they are
    imported, so that each worker starts with its own.
    """

    environments: Sequence[Mapping[str, str]]

    def map(
        self, prepare: Prepare[T, R], items: Sequence[T], progress: ConsoleProgress
    ) -> Results[R]:
        """See `Executor.map`."""
        team = _Team(self.environments[: len(items)], prepare, items, progress)
        try:
            while team.unfinished:
                yield from team.next_results()
        finally:
            team.close()

    def describe(self) -> dict[str, Any]:
        """See `Executor.describe`."""
        return {"executor": "local", "workers": len(self.environments)}


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    ready: bool = False
    item: int | None = None


class _Team(Generic[T, R]):
    """The processes of one `map`, and which item each of them works on."""

    def __init__(
        self,
        environments: Sequence[Mapping[str, str]],
        prepare: Prepare[T, R],
        items: Sequence[T],
        progress: ConsoleProgress,
    ) -> None:
        self._prepare, self._items = prepare, items
        self._environments = environments
        self._display = Display(progress)
        self._waiting = deque(range(len(items)))
        self._deaths: Counter[int] = Counter()
        self._failed_starts = 0
        self.unfinished = len(items)
        self._workers: dict[int, _Worker] = {}
        try:
            for number in range(len(environments)):
                self._start(number)
        except BaseException:
            self.close()
            raise

    def _start(self, number: int) -> None:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        # Not a daemon: methods may start processes of their own.
        process = context.Process(
            target=_work, args=(theirs, self._prepare), name=f"worker {number + 1}"
        )
        with _without_interrupts(), _environment(self._environments[number]):
            process.start()
        theirs.close()
        self._workers[number] = _Worker(process, ours)

    def next_results(self) -> Iterator[tuple[int, R | WorkerLost]]:
        """Hand out work and wait for messages; yields the results among them."""
        for worker in self._workers.values():
            if worker.ready and worker.item is None and self._waiting:
                worker.item = self._waiting.popleft()
                with contextlib.suppress(OSError):  # it died, which the pipe tells
                    worker.pipe.send(self._items[worker.item])
        ready = wait([worker.pipe for worker in self._workers.values()])
        for number, worker in list(self._workers.items()):
            if worker.pipe not in ready:
                continue
            try:
                message = worker.pipe.recv()
            except (EOFError, OSError):
                yield from self._replace(number)
                continue
            yield from self._read(number, worker, message)

    def _read(
        self, number: int, worker: _Worker, message: tuple[Any, ...]
    ) -> Iterator[tuple[int, R | WorkerLost]]:
        kind, *rest = message
        if kind == "ready":
            worker.ready, self._failed_starts = True, 0
        elif kind == "error":
            raise rest[0]
        elif kind == "result" and worker.item is not None:
            item, worker.item = worker.item, None
            self.unfinished -= 1
            yield item, rest[0]
        else:
            self._display.show(number, message)

    def _replace(self, number: int) -> Iterator[tuple[int, R | WorkerLost]]:
        """Start another worker for one that died; its item is tried again."""
        worker = self._workers.pop(number)
        self._display.forget(number)
        worker.pipe.close()
        worker.process.join()
        how = f"a worker process {_describe_end(worker.process.exitcode)}"
        if not worker.ready:
            self._failed_starts += 1
            if self._failed_starts >= ATTEMPTS:
                raise WorkersError(
                    f"{how} before it was ready, {ATTEMPTS} times in a row; its output "
                    "is above; use --executor serial to work without worker processes"
                )
        if worker.item is not None:
            self._deaths[worker.item] += 1
            if self._deaths[worker.item] < ATTEMPTS:
                self._display.show(
                    number, ("say", f"warning: {how}; its work is done again")
                )
                self._waiting.appendleft(worker.item)
            else:
                self.unfinished -= 1
                yield worker.item, WorkerLost(how)
        if self.unfinished:
            self._start(number)

    def close(self) -> None:
        """End all workers, at once or after some seconds."""
        self._display.close()
        workers = [self._workers.pop(number) for number in list(self._workers)]
        for worker in workers:
            worker.process.terminate()
        for worker in workers:
            worker.process.join(SECONDS_TO_END)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            worker.pipe.close()
            worker.process.close()


def _describe_end(exitcode: int | None) -> str:
    if exitcode is None or exitcode >= 0:
        return f"ended with exit status {exitcode}"
    return f"was killed by {signal.Signals(-exitcode).name}"


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables for a process that starts meanwhile."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """Delay Ctrl-C; a process that starts meanwhile never gets it.

    The driver, which gets it too, ends its workers.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(pipe: Connection, prepare: Prepare[Any, Any]) -> None:
    """What a worker does until the driver ends it or dies."""
    exit_with_parent()
    one_at_a_time = threading.Lock()

    def tell(message: tuple[Any, ...]) -> None:
        with one_at_a_time:  # threads of a method may report progress
            pipe.send(message)

    try:
        function = prepare(ToldProgress(tell))
    except BaseException as error:
        tell(("error", portable(error)))
        return
    tell(("ready",))
    while True:
        try:
            item = pipe.recv()
        except EOFError:
            return
        tell(outcome_of(function, item))
