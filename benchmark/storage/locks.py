"""Locks between processes; the operating system releases those of a dead process."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from benchmark.system.environment import process_identity

_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP})
"""Errors of a file system without file locks."""


class NoLocks(RuntimeError):
    """The folder's file system has no file locks; the message names the folder."""


class Busy(RuntimeError):
    """Another process holds the lock; the message says which one and for what."""


@contextmanager
def lock(
    path: Path, purpose: str, on_wait: Callable[[str], None] | None = None
) -> Iterator[None]:
    """Hold the lock file `path` while the body runs, exclusively among all processes.

    Raises NoLocks if the file system has no locks.
    If another process holds it, raises Busy if `on_wait` is None; otherwise calls
    `on_wait` with one sentence and waits. While the lock is held, `PATH.holder` says
    by which process.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    holder = path.with_name(f"{path.name}.holder")
    guard = FileLock(path)
    try:
        guard.acquire(timeout=0)
    except Timeout:
        sentence = f"{purpose}: {_name(holder)} is using it (this is {os.getpid()})"
        if on_wait is None:
            raise Busy(sentence) from None
        on_wait(f"{sentence}; waiting for it")
        guard.acquire()
    except (NotImplementedError, OSError) as error:
        number = getattr(error, "errno", errno.ENOSYS)
        if number not in _NO_LOCKS:
            raise
        raise NoLocks(
            f"{path.parent} is on a file system without file locks "
            f"({os.strerror(number)}); name a folder on a local disk, with --out or "
            "--store"
        ) from error
    try:
        holder.write_text(json.dumps(process_identity()), encoding="utf-8")
        yield
    finally:
        holder.unlink(missing_ok=True)
        guard.release()


def _name(holder: Path) -> str:
    try:
        process = json.loads(holder.read_text(encoding="utf-8"))
        return f"process {process['pid']} on {process['host']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
