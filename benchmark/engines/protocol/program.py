"""A program that answers one JSON line on stdout for each JSON line on stdin."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import threading
import weakref
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from time import monotonic
from typing import IO, Any

from benchmark.engines.protocol.errors import (
    EngineError,
    EngineStopped,
    EngineUnavailable,
)

GUARD = Path(__file__).with_name("guard.py")
LONGEST_LINE = 2**29
"""Bytes of an answer; a longer line is no answer."""
_LAST_LINES = 5
"""Lines of standard error that an error message may quote."""


def find_program(command: Sequence[str], folder: Path) -> str:
    """The path of a command's program; raises EngineUnavailable if there is none.

    A path with a slash is relative to `folder`, where the command runs.
    """
    program = command[0]
    known = str(folder / program) if os.sep in program else program
    found = shutil.which(known)
    if found is None:
        raise EngineUnavailable(
            f"it needs the program {program}, which is not installed here or not "
            "executable: install it, or change `command` in the engine file"
        )
    return found


class Program:
    """A running program. It ends when it is stopped, or when nothing refers to it.

    Its messages on standard error are read, so that it never waits for them; the last
    ones are quoted when it fails.

    Args:
        command: the program and its arguments.
        folder: where it runs.

    Raises:
        EngineUnavailable: if the program does not exist.
    """

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        self._title = " ".join(command)
        program = find_program(command, folder)
        watched, lifeline = os.pipe()
        guard = (sys.executable, "-I", "-S", str(GUARD), str(watched))
        try:
            self._process = subprocess.Popen(
                (*guard, program, *command[1:]),
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=(watched,),
                start_new_session=True,  # Ctrl-C is for the caller, which stops it
            )
        except BaseException:
            os.close(lifeline)
            raise
        finally:
            os.close(watched)
        self._stop = weakref.finalize(self, _stop, self._process, lifeline)
        self._lines: SimpleQueue[bytes] = SimpleQueue()
        self._messages: deque[bytes] = deque(maxlen=_LAST_LINES)
        assert self._process.stdin is not None
        os.set_blocking(self._process.stdin.fileno(), False)
        _read_in_background(self._process.stdout, self._lines.put)
        self._errors = _read_in_background(self._process.stderr, self._messages.append)

    def ask(self, request: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        """Send a request and return the answer.

        Raises EngineStopped if the program ends or does not answer in time, and
        EngineError for an answer that is no JSON object. The program is then stopped.
        """
        deadline = monotonic() + seconds
        try:
            self._send(json.dumps(request).encode() + b"\n", deadline)
            line = self._lines.get(timeout=max(0.0, deadline - monotonic()))
        except (Empty, TimeoutError):
            self.stop()
            raise EngineStopped(
                f"`{self._title}` did not answer within {seconds:g} s and was stopped"
                f"{self._last_words()}"
            ) from None
        except BrokenPipeError:
            line = b""
        if not line:
            raise EngineStopped(self._describe_end())
        try:
            answer = json.loads(line)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            self.stop()
            raise EngineError(
                f"`{self._title}` wrote {_shorten(line)!r} to standard output, where "
                "each line must be a JSON object: write messages to standard error"
            )
        return answer

    def stop(self) -> None:
        """End the program and its children; does nothing if it has ended."""
        self._stop()

    def _send(self, data: bytes, deadline: float) -> None:
        """Write without waiting for a program that does not read."""
        assert self._process.stdin is not None
        pipe = self._process.stdin.fileno()
        view = memoryview(data)
        while view:
            left = deadline - monotonic()
            if left <= 0 or not select.select([], [pipe], [], left)[1]:
                raise TimeoutError
            view = view[os.write(pipe, view) :]

    def _describe_end(self) -> str:
        try:
            status = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            self.stop()
            return f"`{self._title}` closed its standard output{self._last_words()}"
        self._errors.join(timeout=1)
        self.stop()
        cause = f"signal {status - 128}" if status > 128 else f"exit status {status}"
        return f"`{self._title}` ended with {cause}{self._last_words()}"

    def _last_words(self) -> str:
        text = b"".join(self._messages)
        return f"; its last messages: {_shorten(text, last=True)!r}" if text else ""


def _stop(process: subprocess.Popen[bytes], lifeline: int) -> None:
    os.close(lifeline)  # the guard kills the command and ends
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()


def _read_in_background(stream: IO[bytes] | None, put: Any) -> threading.Thread:
    """Pass on each line, and for the end of the stream an empty one."""
    assert stream is not None
    lines = stream

    def read() -> None:
        with lines, contextlib.suppress(OSError, ValueError):
            while line := lines.readline(LONGEST_LINE):
                put(line)
        put(b"")

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread


def _shorten(text: bytes, length: int = 300, *, last: bool = False) -> str:
    words = text.decode(errors="replace").strip()
    if len(words) <= length:
        return words
    return f"…{words[-length:]}" if last else f"{words[:length]}…"
