"""Workers on a Ray cluster: an existing one, or one that is started here."""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
import socket
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
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

POLL_SECONDS = 0.2
CONNECT_SECONDS = 10.0
IDLE_SECONDS = 10.0
"""If no worker has been ready for so many seconds, the cluster is asked for room."""
OBJECT_STORE = 100 * 2**20
"""Bytes of shared memory of a cluster that is started here: only names and outcomes
travel through it."""


def import_ray() -> Any:
    """The package ray; raises WorkersError if it is not installed."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        return import_module("ray")
    except ImportError as error:
        raise WorkersError(
            "--executor ray needs the package ray: install the extra [ray], for "
            f"instance with pip install -e '.[ray]' in a checkout ({error})"
        ) from None


@dataclass(frozen=True)
class RayCluster:
    """Works in actors of a Ray cluster.

    Attributes:
        address: of the cluster, such as `10.0.0.1:6379` or `auto`; None starts one
            here, which ends with the work.
        workers: the number of actors; None for as many as the cluster has room for.
        cpus: that each actor reserves, also its number of threads.
        gpus: that each actor reserves; a fraction shares a device.
        environment: variables that are set before libraries are imported.
    """

    address: str | None
    workers: int | None
    cpus: int
    gpus: float = 0.0
    environment: Mapping[str, str] | None = None

    def map(
        self, prepare: Prepare[T, R], items: Sequence[T], progress: ConsoleProgress
    ) -> Results[R]:
        """See `Executor.map`."""
        with self._connected() as ray:
            room = find_room(ray, self)
            count = min(self.workers or room, len(items))
            progress.say(f"Ray: room for {room} workers at once, {count} needed")
            team = _Actors(ray, self, count, prepare, items, progress)
            try:
                while team.unfinished:
                    yield from team.next_results()
            finally:
                team.close()

    def describe(self) -> dict[str, Any]:
        """See `Executor.describe`; `workers` is None for as many as had room."""
        return {"executor": "ray", "workers": self.workers, "gpus": self.gpus}

    @contextlib.contextmanager
    def _connected(self) -> Iterator[Any]:
        ray = import_ray()
        if self.address is not None:
            _check_reachable(self.address)
        options: dict[str, Any] = {"address": self.address}
        if self.address is None:
            options = {
                "address": "local",  # whatever RAY_ADDRESS says
                "include_dashboard": False,
                "object_store_memory": OBJECT_STORE,
                "num_cpus": (self.workers or 0) * self.cpus or None,
            }
        try:
            ray.init(**options, log_to_driver=False, logging_level=logging.ERROR)
        except Exception as error:  # Ray raises a plain Exception, too
            where = self.address or "this machine"
            raise WorkersError(f"no Ray cluster at {where}: {error}") from error
        try:
            yield ray
        finally:
            ray.shutdown()


def find_room(ray: Any, cluster: RayCluster) -> int:
    """The number of actors that the nodes can hold, busy or not; WorkersError if none.

    An actor needs all its CPUs and GPUs on one node.
    """
    nodes: list[Mapping[str, float]]
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    room = 0
    for node in nodes:
        fitting = int(node.get("CPU", 0) // cluster.cpus)
        if cluster.gpus:
            # Fractions of one device do not add up to another device.
            shares = max(1, int(1 / cluster.gpus))
            devices = node.get("GPU", 0) // max(1.0, cluster.gpus)
            fitting = min(fitting, int(devices * shares))
        room += fitting
    if room < 1:
        cpus, gpus = (
            max((node.get(kind, 0) for node in nodes), default=0)
            for kind in ("CPU", "GPU")
        )
        raise WorkersError(
            f"a worker needs {cluster.cpus} CPUs and {cluster.gpus:g} GPUs on one node,"
            f" but nodes of the Ray cluster have at most {cpus:g} CPUs and {gpus:g} "
            "GPUs; add nodes, or give --set threads or --gpus-per-worker"
        )
    return room


def _check_reachable(address: str) -> None:
    """Raise WorkersError if nobody answers at HOST:PORT; Ray would try for minutes."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit() or "/" in host:
        return  # such as `auto`
    try:
        socket.create_connection((host, int(port)), CONNECT_SECONDS).close()
    except OSError as error:
        raise WorkersError(
            f"no Ray cluster at {address} ({error}): start one there with `ray start "
            "--head`, or give its address with --address"
        ) from error


class _Actor:
    """Runs in a process of the cluster."""

    def __init__(
        self,
        number: int,
        prepare: bytes,
        environment: Mapping[str, str],
        path: Sequence[str],
        queue: Any,
    ) -> None:
        os.environ.update(environment)
        sys.path += [folder for folder in path if folder not in sys.path]
        self._problem: BaseException | None = None
        progress = ToldProgress(lambda message: queue.put((number, message)))
        try:
            # Only now are libraries imported, which read the environment.
            self._function = pickle.loads(prepare)(progress)
        except BaseException as error:
            self._problem = portable(error)

    def ready(self) -> BaseException | None:
        """What went wrong while the worker was made ready."""
        return self._problem

    def work(self, item: Any) -> tuple[str, Any]:
        """See `outcome_of`."""
        return outcome_of(self._function, item)


class _Actors(Generic[T, R]):
    """The actors of one `map`, and which item each of them works on."""

    def __init__(
        self,
        ray: Any,
        cluster: RayCluster,
        count: int,
        prepare: Prepare[T, R],
        items: Sequence[T],
        progress: ConsoleProgress,
    ) -> None:
        # Without import statements, pyright needs no Ray.
        queues: Any = import_module("ray.util.queue")
        strategies: Any = import_module("ray.util.scheduling_strategies")
        # Beside the driver, so that it does not die with another node.
        here = ray.get_runtime_context().get_node_id()
        place = strategies.NodeAffinitySchedulingStrategy(here, soft=False)
        self._ray, self._cluster = ray, cluster
        self._prepare, self._items = prepare, items
        self._display = Display(progress)
        self._queue = queues.Queue(
            actor_options={"num_cpus": 0, "scheduling_strategy": place}
        )
        self._waiting = deque(range(len(items)))
        self._deaths: Counter[int] = Counter()
        self._failed_starts = 0
        self.unfinished = len(items)
        self._idle_since = time.monotonic()
        self._actors: dict[int, Any] = {}
        self._calls: dict[Any, tuple[int, int | None]] = {}
        for number in range(count):
            self._start(number)

    def _start(self, number: int) -> None:
        actor = self._ray.remote(_Actor).options(
            num_cpus=self._cluster.cpus,
            num_gpus=self._cluster.gpus,
            max_restarts=0,
        )
        environment = self._cluster.environment or {}
        self._actors[number] = actor.remote(
            number, pickle.dumps(self._prepare), environment, sys.path, self._queue
        )
        self._calls[self._actors[number].ready.remote()] = number, None

    def next_results(self) -> Iterator[tuple[int, R | WorkerLost]]:
        """Wait a moment for an actor; yields its result."""
        done, _ = self._ray.wait(list(self._calls), timeout=POLL_SECONDS)
        self._show_messages()
        self._check_idle()
        for call in done:
            number, item = self._calls.pop(call)
            try:
                answer = self._ray.get(call)
            except self._ray.exceptions.RayError as error:
                yield from self._replace(number, item, error)
                continue
            if item is None:
                if answer is not None:
                    raise answer
                self._failed_starts = 0
            elif answer[0] == "error":
                raise answer[1]
            else:
                self.unfinished -= 1
                yield item, answer[1]
            self._give_work(number)

    def _check_idle(self) -> None:
        """Raise WorkersError if nobody works and no node is left that could."""
        now = time.monotonic()
        if any(item is not None for _, item in self._calls.values()):
            self._idle_since = now
        elif now - self._idle_since > IDLE_SECONDS:
            self._idle_since = now
            find_room(self._ray, self._cluster)

    def _show_messages(self) -> None:
        for number, message in self._queue.get_nowait_batch(self._queue.size()):
            self._display.show(number, message)

    def _give_work(self, number: int) -> None:
        if not self._waiting:
            # Its resources serve other work meanwhile.
            self._ray.kill(self._actors.pop(number))
            return
        item = self._waiting.popleft()
        call = self._actors[number].work.remote(self._items[item])
        self._calls[call] = number, item

    def _replace(
        self, number: int, item: int | None, error: Exception
    ) -> Iterator[tuple[int, R | WorkerLost]]:
        """Start another actor for one that died; its item is tried again."""
        self._display.forget(number)
        with contextlib.suppress(Exception):  # it may only have been out of reach
            self._ray.kill(self._actors.pop(number))
        how = "a Ray worker died"
        if item is None:
            self._failed_starts += 1
            if self._failed_starts >= ATTEMPTS:
                raise WorkersError(
                    f"{how} before it was ready, {ATTEMPTS} times in a row: {error}"
                ) from error
        else:
            self._deaths[item] += 1
            if self._deaths[item] < ATTEMPTS:
                text = f"warning: {how}; its work is done again"
                self._display.show(number, ("say", text))
                self._waiting.appendleft(item)
            else:
                self.unfinished -= 1
                yield item, WorkerLost(how)
        if self.unfinished:
            self._start(number)

    def close(self) -> None:
        """End all actors."""
        self._display.close()
        for actor in self._actors.values():
            self._ray.kill(actor)
        self._queue.shutdown(force=True)
