"""Which processes use a store, so that `store gc` does not remove what a run reads."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmark.storage.locks import Busy, lock


@contextmanager
def using_store(
    root: Path, on_wait: Callable[[str], None] = lambda sentence: None
) -> Iterator[None]:
    """Let nobody remove stages of the store at `root` while the body runs.

    Waits for a removal that is under way, after calling `on_wait` with one sentence.
    """
    name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    path = _users(root) / name
    user = lock(path, f"store {root}")
    with lock(root / "locks" / "gc", f"store {root}", on_wait):
        user.__enter__()
    try:
        yield
    finally:
        user.__exit__(None, None, None)
        path.unlink(missing_ok=True)


@contextmanager
def alone_in_store(root: Path) -> Iterator[None]:
    """Keep all others from using the store while the body runs.

    Raises Busy, with the process that uses the store, if there is one.
    """
    with lock(root / "locks" / "gc", f"store {root}"):
        for path in sorted(_users(root).glob("*")):
            if path.suffix == ".holder":
                continue
            try:
                with lock(path, f"store {root}"):
                    pass
            except Busy as busy:
                raise Busy(f"{busy}; repeat the command when it has ended") from None
            path.unlink(missing_ok=True)  # of a process that was killed
        yield


def _users(root: Path) -> Path:
    return root / "locks" / "users"
