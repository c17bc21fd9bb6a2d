"""An engine whose avatars another program draws."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from queue import LifoQueue
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmark.avatars import AvatarError, AvatarSpec, AvatarVectors
from benchmark.engines.base import EngineMeta, check_request
from benchmark.engines.protocol.engine_file import (
    EngineFile,
    engine_name,
    make_spec,
    read_engine_file,
)
from benchmark.engines.protocol.errors import EngineError, EngineStopped
from benchmark.engines.protocol.pictures import decode_pictures
from benchmark.engines.protocol.program import Program, find_program
from benchmark.engines.protocol.web import Service

PROTOCOL = 1
TRIES = 2
"""How often a request is sent if the program ends or hangs."""


class Connection(Protocol):
    """A program or a service that answers requests."""

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        """The answer to a request; raises EngineError."""
        ...

    def stop(self) -> None:
        """End it, if it is ours."""
        ...


def engine_from_file(path: Path) -> ProtocolEngine:
    """The engine of an engine file; raises EngineUnavailable.

    Its program starts with the first render.
    """
    path = path.resolve()
    file, spec = read_engine_file(path)
    if file.command:
        find_program(file.command, path.parent)
    return ProtocolEngine(engine_name(path), spec, file, path.parent)


def connect(file: EngineFile, folder: Path) -> Connection:
    """Start the program of an engine file, or name its service."""
    return Program(file.command, folder) if file.command else Service(file.url)


class ProtocolEngine:
    """Sends avatars to programs in batches; see docs/engine-protocol.md.

    A program that ends or hangs is started once more. An engine can be used from one
    thread at a time; it distributes batches to `workers` programs itself.
    """

    def __init__(
        self, name: str, spec: AvatarSpec, file: EngineFile, folder: Path
    ) -> None:
        self.spec = spec
        self.meta = EngineMeta(
            name, file.title, file.version, file.source, file.licence
        )
        self._file = file
        self._folder = folder
        self._ids = count(1)
        self._slots: LifoQueue[Connection | None] = LifoQueue()
        for _ in range(file.workers):
            self._slots.put(None)
        # Metrics recognise part maps by the presence of these functions.
        if "parts" in file.draws:
            self.parts: Callable[[AvatarVectors, int], NDArray[np.uint8]] = self._parts
        if "beards" in file.draws:
            self.beards: Callable[[AvatarVectors, int], NDArray[np.bool_]] = (
                self._beards
            )

    def render(self, vectors: AvatarVectors, size: int) -> NDArray[np.uint8]:
        """Render (n, size, size, 3) uint8 RGB; see `benchmark.engines.base.Engine`.

        Raises AvatarError for a bad request, and EngineError if the program fails.
        """
        return self._draw("render", vectors, size)

    def close(self) -> None:
        """Stop all programs; the next render starts them again."""
        for _ in range(self._file.workers):
            connection = self._slots.get()
            if connection is not None:
                connection.stop()
        for _ in range(self._file.workers):
            self._slots.put(None)

    def _parts(self, vectors: AvatarVectors, size: int) -> NDArray[np.uint8]:
        return self._draw("parts", vectors, size)[..., 0]

    def _beards(self, vectors: AvatarVectors, size: int) -> NDArray[np.bool_]:
        return self._draw("beards", vectors, size)[..., 0] > 127

    def _draw(self, kind: str, vectors: AvatarVectors, size: int) -> NDArray[np.uint8]:
        check_request(self.spec, vectors, size)
        records = vectors.to_records()
        if not records:
            return np.empty((0, size, size, 3), np.uint8)
        step = self._file.batch
        batches = [records[row : row + step] for row in range(0, len(records), step)]
        if min(self._file.workers, len(batches)) == 1:
            drawn = [self._draw_batch(kind, batch, size) for batch in batches]
        else:
            drawn = self._draw_in_parallel(kind, batches, size)
        return np.concatenate(drawn)

    def _draw_in_parallel(
        self, kind: str, batches: Sequence[Sequence[Any]], size: int
    ) -> list[NDArray[np.uint8]]:
        with ThreadPoolExecutor(self._file.workers) as pool:
            try:
                return list(
                    pool.map(lambda b: self._draw_batch(kind, b, size), batches)
                )
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _draw_batch(
        self, kind: str, batch: Sequence[Any], size: int
    ) -> NDArray[np.uint8]:
        """Ask any free program, and start it again if it ended or hung."""
        connection = self._slots.get()
        try:
            for attempt in range(1, TRIES + 1):
                try:
                    if connection is None:
                        connection = self._start()
                    return self._ask(connection, kind, batch, size)
                except EngineStopped as error:
                    if connection is not None:
                        connection.stop()
                    connection = None
                    if attempt == TRIES:
                        raise EngineError(
                            f"engine {self.meta.name}: {error} (twice, while it drew "
                            f"the same {len(batch)} avatars)"
                        ) from None
                except EngineError as error:
                    raise EngineError(f"engine {self.meta.name}: {error}") from None
            raise AssertionError
        except BaseException:
            # After any failure, the next request gets a new program.
            if connection is not None:
                connection.stop()
            connection = None
            raise
        finally:
            self._slots.put(connection)

    def _start(self) -> Connection:
        """A connection whose program has the parameters of the engine file."""
        connection = connect(self._file, self._folder)
        if not self._file.ask_spec:
            return connection
        try:
            answer = ask_spec(connection, self._file.startup_timeout)
            self._check_spec(answer)
        except BaseException:
            connection.stop()
            raise
        return connection

    def _check_spec(self, answer: dict[str, Any]) -> None:
        remedy = (
            f"write the engine file again with `avatarbench engines init "
            f"{self.meta.name} --force`"
        )
        try:
            spec = make_spec(self.meta.name, answer["parameters"])
        except (AvatarError, TypeError) as error:
            raise EngineError(f"the program's parameters are wrong: {error}") from None
        if spec != self.spec:
            raise EngineError(
                f"the program's parameters differ from those of the engine file: "
                f"{_first_difference(spec, self.spec)}; {remedy}"
            )
        version = str(answer.get("version", self.meta.version))
        if version != self.meta.version:
            raise EngineError(
                f"the program has version {version}, and the engine file has version "
                f"{self.meta.version}; {remedy}"
            )

    def _ask(
        self, connection: Connection, kind: str, batch: Sequence[Any], size: int
    ) -> NDArray[np.uint8]:
        number = next(self._ids)
        seconds = self._file.timeout
        if not self._file.ask_spec:
            seconds += self._file.startup_timeout
        request = {"type": kind, "id": number, "size": size, "avatars": list(batch)}
        answer = connection.ask(request, seconds)
        if "error" in answer:
            raise EngineError(f"the program reports: {answer['error']}")
        if answer.get("id") != number:
            raise EngineError(
                f"the program answered request {number} with the id "
                f"{answer.get('id')!r}"
            )
        return decode_pictures(answer, self._file.format, len(batch), size)


def ask_spec(connection: Connection, seconds: float) -> dict[str, Any]:
    """A program's own description; raises EngineError if it has none."""
    answer = connection.ask({"type": "spec", "protocol": PROTOCOL}, seconds)
    if "error" in answer:
        raise EngineError(f"the program reports: {answer['error']}")
    if answer.get("protocol") != PROTOCOL:
        raise EngineError(
            f"the program speaks protocol {answer.get('protocol')!r}, expected "
            f"{PROTOCOL}"
        )
    if not isinstance(answer.get("parameters"), list):
        raise EngineError("the program's answer to `spec` has no list `parameters`")
    return answer


def _first_difference(program: AvatarSpec, file: AvatarSpec) -> str:
    for one, other in zip(program.parameters, file.parameters, strict=False):
        if one != other:
            return one.name
    counts = len(program.parameters), len(file.parameters)
    return f"the program has {counts[0]} parameters, the file has {counts[1]}"
