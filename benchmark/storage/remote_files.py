"""Files at URLs such as s3://bucket/quick.tar, written and read through fsspec."""

from __future__ import annotations

import errno
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import IO, Any

from benchmark.storage.digests import digest_of
from benchmark.storage.locks import lock
from benchmark.storage.store import StoreError
from benchmark.storage.unwritable import cannot_write
from benchmark.system.progress import Progress, Task

PIECE = 2**20
"""Bytes that are copied at once."""

_URL = re.compile(r"[a-z][a-z0-9+.:-]+://", re.IGNORECASE)


def is_url(place: str) -> bool:
    """Whether a text is a URL rather than a path."""
    return _URL.match(place) is not None


def local_path(place: str) -> Path | None:
    """The path of a file of this machine (also `file://…`); None for other URLs."""
    if place.startswith("file://"):
        return Path(place.removeprefix("file://"))
    return None if is_url(place) else Path(place)


@contextmanager
def new_remote_file(url: str) -> Iterator[IO[bytes]]:
    """Open a new file at a URL for writing; if the body raises, it does not appear.

    Raises StoreError if it exists or cannot be written.
    """
    system, path = _open_system(url)
    try:
        if system.exists(path):
            raise StoreError(f"{url} exists already; name another file")
        with system.transaction, system.open(path, "wb") as file:
            yield file
    except StoreError:
        raise
    except Exception as error:  # each file system has its own
        raise StoreError(
            f"cannot write to {url}: {_reason(error)}; name another file"
        ) from error


@contextmanager
def local_copy(place: str, root: Path, progress: Progress) -> Iterator[Path]:
    """The path of a file; one at a URL is copied into the store at `root` meanwhile.

    `store gc` removes copies that a kill left. Raises StoreError if the file cannot be
    read or the store cannot be written, Busy if another process copies it.
    """
    path = local_path(place)
    if path is not None:
        yield path
        return
    system, remote = _open_system(place)
    try:
        size = int(system.size(remote) or 0)
    except Exception as error:
        raise _unreadable(place, error) from error
    key = digest_of(place)[:32]
    folder = root / "import" / f"{key}.partial"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(root, error) from error
    with lock(root / "locks" / f"import-{key}", f"import of {place} to {root}"):
        try:
            copy = folder / "archive.tar"
            try:
                with progress.task(f"fetch {place} (MiB)", size // PIECE) as bar:
                    system.get_file(remote, str(copy), callback=_callback(bar))
            except Exception as error:
                if getattr(error, "errno", None) == errno.ENOSPC:
                    raise _unwritable(root, error) from error
                raise _unreadable(place, error) from error
            yield copy
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            with suppress(OSError):
                folder.parent.rmdir()


def _callback(bar: Task) -> Any:
    """A callback of fsspec that counts whole MiB."""
    shown = 0

    def show(size: int, value: int, **others: Any) -> None:
        nonlocal shown
        bar.advance(value // PIECE - shown)
        shown = value // PIECE

    callbacks: Any = import_module("fsspec.callbacks")
    return callbacks.Callback(hooks={"bar": show})


def _unwritable(root: Path, error: Exception) -> StoreError:
    return StoreError(cannot_write(root, error, "name another folder with --store"))


def _open_system(url: str) -> tuple[Any, str]:
    """The file system of a URL (fsspec's AbstractFileSystem), and the path in it."""
    core: Any = import_module("fsspec.core")  # without types, and imported rarely
    try:
        return core.url_to_fs(url)
    except Exception as error:
        raise StoreError(
            f"cannot open {url}: {_reason(error)}; name a file, or a URL that the "
            "installed packages of fsspec can open"
        ) from error


def _unreadable(url: str, error: Exception) -> StoreError:
    return StoreError(
        f"cannot read {url}: {_reason(error)}; name a file that `avatarbench store "
        "export` wrote"
    )


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "it does not exist"
    if isinstance(error, NotImplementedError):
        return "URLs of this kind can only be read"
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
