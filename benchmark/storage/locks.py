"""Locks between processes that a killed holder never leaves behind."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmark.system.environment import process_name


class Busy(RuntimeError):
    """Another process is at work; the message says which and on what."""


@contextmanager
def lock(
    path: Path, purpose: str, on_wait: Callable[[str], None] | None = None
) -> Iterator[None]:
    """Hold `path` while the body runs, alone among all processes.

    Where another process holds it: raises Busy if `on_wait` is None, else calls
    `on_wait` with one sentence and waits. The operating system drops the lock of a
    process that dies; forked children do not inherit it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as handle:
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            sentence = _holder(path, purpose)
            if on_wait is None:
                raise Busy(sentence) from None
            on_wait(f"{sentence}; waiting for it")
            fcntl.lockf(handle, fcntl.LOCK_EX)
        handle.truncate(0)
        handle.write(json.dumps(process_name()))
        handle.flush()
        yield


def _holder(path: Path, purpose: str) -> str:
    try:
        name: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        name = {}
    who = f"process {name['pid']} on {name['host']}" if "pid" in name else "a process"
    return f"{purpose}: {who} is at work there (this is process {os.getpid()})"
