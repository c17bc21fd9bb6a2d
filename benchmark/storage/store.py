"""The content-addressed store of stages; the only place that decides what is cached."""

from __future__ import annotations

import errno
import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmark.storage.digests import digest_of
from benchmark.storage.locks import lock
from benchmark.system.peak_memory import peak_memory

STAGE_FILE = "stage.json"


class StoreError(OSError):
    """The store's folder cannot be used; the message names it."""


@dataclass(frozen=True)
class Stage:
    """A resumable piece of work, named by everything that its result depends on.

    `options` are the options *that stage reads* (JSON-able); `inputs` the digests of
    what it reads; `seed` its own. The order in which keys are given does not matter.
    """

    name: str
    version: str
    options: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    seed: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The canonical description that `key` hashes."""
        return {
            "name": self.name,
            "version": self.version,
            "options": dict(self.options),
            "inputs": dict(self.inputs),
            "seed": self.seed,
        }

    @property
    def key(self) -> str:
        """SHA-256 (hex) of the canonical description."""
        return digest_of(self.to_json())


Build = Callable[[Path, Path], None]
"""build(folder, scratch): fill `folder`; keep checkpoints in `scratch`, which outlives
a kill and is emptied on success."""


class Store:
    """Finished stages under `root`, one folder a key; only successes are stored.

    Any number of processes may share it: a stage is built by one of them while the
    others wait, and `on_wait` gets a sentence that says for whom. `made_with` (versions
    of code and packages) is written beside every stage that is built, not into its key:
    a result that is found again keeps the record of what made it.

    `shipped` is a folder laid out like a store whose stages come with the package. They
    are used in place and never written. As keys name everything that a result depends
    on, a shipped stage stands in for one that this machine would have built, and for no
    other.
    """

    def __init__(
        self,
        root: Path,
        on_wait: Callable[[str], None] = lambda sentence: None,
        made_with: Mapping[str, Any] | None = None,
        shipped: Path | None = None,
    ) -> None:
        self.root = root
        self.on_wait = on_wait
        self.made_with = dict(made_with or {})
        self.shipped = shipped

    def folder(self, stage: Stage) -> Path:
        """Where the stage's result lies, or would lie."""
        return self._shipped(stage) or _place(self.root, stage)

    def has(self, stage: Stage) -> bool:
        """Whether the stage is finished and every file of it still has its size.

        A power cut can empty files that were written just before; such a stage is
        built again. Raises StoreError for a shipped stage with such files: it cannot
        be mended here, and building it silently would take hours.
        """
        return self.ships(stage) or _fault(_place(self.root, stage)) is None

    def ships(self, stage: Stage) -> bool:
        """Whether the stage comes with the package; StoreError where it is damaged."""
        return self._shipped(stage) is not None

    def _shipped(self, stage: Stage) -> Path | None:
        """The folder of a stage that ships; StoreError where it is damaged."""
        folder = None if self.shipped is None else _place(self.shipped, stage)
        if folder is None or not folder.exists():
            return None
        fault = _fault(folder)
        if fault is not None:
            raise StoreError(
                f"the shipped stage {folder} is damaged: {fault}; install avatarbench "
                f"again (in a checkout: git checkout -- {folder})"
            )
        return folder

    def prepare(self) -> None:
        """Make the store's folder; raises StoreError where it cannot be written to."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            probe = self.root / f".{os.getpid()}.probe"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> StoreError:
        return StoreError(
            f"cannot write to the store {self.root}: {error.strerror}; make it "
            "writable, free some space, or name another folder with --store"
        )

    def record(self, stage: Stage) -> dict[str, Any]:
        """A finished stage as its folder tells it, with `seconds` and `made_with`."""
        return json.loads((self.folder(stage) / STAGE_FILE).read_text())

    def records(self, name: str) -> Iterator[dict[str, Any]]:
        """The records of the finished stages of a name that were made here.

        Those that ship are left out: another machine made them.
        """
        for path in sorted((self.root / name).glob(f"*/{STAGE_FILE}")):
            record = _read_stage(path)
            if record is not None:
                yield record

    def get_or_build(self, stage: Stage, build: Build) -> Path:
        """The folder of a finished stage (read it only), built where it is not there.

        A build that raises, or is killed, leaves nothing but its scratch folder.
        """
        target = self.folder(stage)
        if self.has(stage):
            return target
        try:
            with lock(
                self.root / "locks" / f"{stage.name}-{target.name}",
                f"stage {stage.name} in {self.root}",
                self.on_wait,
            ):
                if not self.has(stage):
                    _build(stage, target, build, self.made_with)
        except OSError as error:
            if not unwritable(error) or not _is_within(error, self.root):
                raise
            raise self._unwritable(error) from error
        return target


_UNWRITABLE = frozenset(
    {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.ENOTDIR}
)
"""Errors that say that a folder cannot be written, whatever one writes."""


def unwritable(error: OSError) -> bool:
    """Whether the place is at fault: no right to write there, or no space left."""
    return error.errno in _UNWRITABLE


def _read_stage(path: Path) -> dict[str, Any] | None:
    """A finished stage's record; None where there is none (or no whole one)."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _place(root: Path, stage: Stage) -> Path:
    """Where a stage lies in a folder of finished stages."""
    return root / stage.name / stage.key[:32]


def _fault(folder: Path) -> str | None:
    """What keeps a folder from being a whole, finished stage; None where nothing."""
    record = _read_stage(folder / STAGE_FILE)
    if record is None:
        return f"there is no whole {STAGE_FILE}"
    for name, size in record.get("files", {}).items():
        path = folder / name
        found = path.stat().st_size if path.is_file() else None
        if found != size:
            has = "is missing" if found is None else f"has {found} bytes"
            return f"{name} {has} (expected {size} bytes)"
    return None


def _is_within(error: OSError, root: Path) -> bool:
    """Whether an error is about a path of the store, not one that a build touched."""
    return error.filename is None or Path(str(error.filename)).is_relative_to(root)


def _build(
    stage: Stage, target: Path, build: Build, made_with: Mapping[str, Any]
) -> None:
    """Fill a partial folder and rename it into place; called under the stage's lock."""
    partial = target.with_name(f"{target.name}.partial")
    scratch = target.with_name(f"{target.name}.scratch")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.rmtree(target, ignore_errors=True)
    partial.mkdir(parents=True)
    scratch.mkdir(exist_ok=True)
    started = time.monotonic()
    try:
        with peak_memory() as peak:
            build(partial, scratch)
        files = {
            path.relative_to(partial).as_posix(): path.stat().st_size
            for path in sorted(partial.rglob("*"))
            if path.is_file()
        }
        took = time.monotonic() - started
        record = {
            **stage.to_json(),
            "seconds": took,
            "peak_mib": peak.mib,
            "files": files,
            "made_with": dict(made_with),
        }
        text = json.dumps(record, indent=2, sort_keys=True)
        (partial / STAGE_FILE).write_text(text + "\n")
        partial.rename(target)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    shutil.rmtree(scratch, ignore_errors=True)


def atomic_write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all (temporary file, then rename)."""
    writer = f"{os.getpid()}-{threading.get_ident()}"
    temporary = path.with_name(f".{path.name}.{writer}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # else a power cut can leave an empty file
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
