"""The content-addressed store of stages, which alone decides what is cached."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmark.storage.digests import digest_of
from benchmark.storage.locks import lock
from benchmark.storage.unwritable import cannot_write, unwritable
from benchmark.system.peak_memory import peak_memory

STAGE_FILE = "stage.json"


class StoreError(OSError):
    """The store's folder cannot be used; the message names it."""


@dataclass(frozen=True)
class Stage:
    """A resumable computation, identified by everything that its result depends on.

    Attributes:
        name: of the kind of stage; also a folder of the store.
        version: of the code that builds it; changed when results change.
        options: JSON-able options that this stage reads, and no others.
        inputs: digests of the data that it reads.
        seed: of its random numbers.
    """

    name: str
    version: str
    options: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    seed: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The description that `key` hashes."""
        return {
            "name": self.name,
            "version": self.version,
            "options": dict(self.options),
            "inputs": dict(self.inputs),
            "seed": self.seed,
        }

    @property
    def key(self) -> str:
        """SHA-256 (hex) of `to_json`; independent of the order of mapping keys."""
        return digest_of(self.to_json())


Build = Callable[[Path, Path], None]
"""build(folder, scratch) writes the result to `folder`. Checkpoints go to `scratch`,
which survives a kill and is deleted on success."""


class Store:
    """Finished stages under `root`, one folder per key; failed builds leave none.

    Processes may share a store: one builds a stage while the others wait.

    Args:
        root: folder of the store.
        on_wait: called with one sentence before waiting for another process.
        made_with: versions of code and packages, written to the record of each stage
            that is built. They are not part of the key, so a cached stage keeps the
            record of the versions that built it.
        shipped: folder of stages that come with the package, laid out like a store.
            They are used in place and never written. A shipped stage is used where its
            key is the same as that of the requested stage.

    Attributes:
        sources: digests of the code of plugins by the key of a stage, written to its
            record.
        since: stages that were built before this time (seconds since the epoch) count
            as missing, by their key. Shipped stages are not concerned.
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
        self.sources: Mapping[str, Mapping[str, str]] = {}
        self.since: Mapping[str, float] = {}

    def sources_of(self, stage: Stage) -> Mapping[str, str]:
        """Digests of the code of plugins that the stage depends on, by plugin."""
        return self.sources.get(stage.key, {})

    def since_of(self, stage: Stage) -> float:
        """The time (seconds since the epoch) since when the stage must be built."""
        return self.since.get(stage.key, 0.0)

    def folder(self, stage: Stage) -> Path:
        """Folder of the stage's result, whether it is finished or not."""
        return self._shipped(stage) or _folder_in(self.root, stage)

    def has(self, stage: Stage) -> bool:
        """Whether the stage is finished and all its files have their recorded size.

        A power cut can truncate files that were just written; such a stage is built
        again. Raises StoreError if a shipped stage is damaged: rebuilding it silently
        could take hours.
        """
        if self.ships(stage):
            return True
        folder = _folder_in(self.root, stage)
        return _fault(folder) is None and not is_older(
            folder / STAGE_FILE, self.since_of(stage)
        )

    def ships(self, stage: Stage) -> bool:
        """Whether the stage comes with the package; StoreError if it is damaged."""
        return self._shipped(stage) is not None

    def _shipped(self, stage: Stage) -> Path | None:
        """Folder of a shipped stage; StoreError if it is damaged."""
        folder = None if self.shipped is None else _folder_in(self.shipped, stage)
        if folder is None or not folder.exists():
            return None
        fault = _fault(folder)
        if fault is not None:
            raise StoreError(
                f"the shipped stage {folder} is damaged: {fault}; "
                "reinstall avatarbench (in a checkout: git checkout -- "
                f"{shlex.quote(str(folder))})"
            )
        return folder

    def prepare(self) -> None:
        """Create the store's folder; raises StoreError if it is not writable."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            probe = self.root / f".{os.getpid()}.probe"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> StoreError:
        return StoreError(
            cannot_write(self.root, error, "name another folder with --store")
        )

    def record(self, stage: Stage) -> dict[str, Any]:
        """The `stage.json` of a finished stage, with `seconds` and `peak_mib`."""
        return json.loads((self.folder(stage) / STAGE_FILE).read_text())

    def records(self, name: str) -> Iterator[dict[str, Any]]:
        """Records of the finished stages of that name that were built in this store.

        Shipped stages are left out, since another machine built them.
        """
        for path in sorted((self.root / name).glob(f"*/{STAGE_FILE}")):
            record = _read_stage(path)
            if record is not None:
                yield record

    def get_or_build(self, stage: Stage, build: Build, spent: float = 0.0) -> Path:
        """Folder of a finished stage, which is built first if necessary.

        Callers must not write to the folder. A build that raises or is killed leaves
        only its scratch folder. `spent` are seconds of work before the build that its
        record counts, too.
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
                    self._build(stage, target, build, spent)
        except OSError as error:
            if not unwritable(error) or not _is_within(error, self.root):
                raise
            raise self._unwritable(error) from error
        return target

    def _build(self, stage: Stage, target: Path, build: Build, spent: float) -> None:
        """Build a stage; the caller holds its lock."""
        made_with = dict(self.made_with)
        if sources := self.sources_of(stage):
            made_with["sources"] = dict(sources)
        scratch = _scratch(target)
        if is_older(scratch, self.since_of(stage)):
            shutil.rmtree(scratch)
        _build(stage, target, build, made_with, spent)


def is_older(path: Path, since: float) -> bool:
    """Whether a path exists and was last written before a time (since the epoch)."""
    return since > 0 and path.exists() and path.stat().st_mtime < since


def _read_stage(path: Path) -> dict[str, Any] | None:
    """Record of a finished stage; None if it is missing or truncated."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _folder_in(root: Path, stage: Stage) -> Path:
    """Folder of a stage in a store, or in a folder laid out like one."""
    return root / stage.name / stage.key[:32]


def _fault(folder: Path) -> str | None:
    """Why a folder is not a finished stage with all its files; None if it is."""
    record = _read_stage(folder / STAGE_FILE)
    if record is None:
        return f"{STAGE_FILE} is missing or truncated"
    for name, size in record.get("files", {}).items():
        path = folder / name
        actual = path.stat().st_size if path.is_file() else None
        if actual != size:
            has = "is missing" if actual is None else f"has {actual} bytes"
            return f"{name} {has} (expected {size} bytes)"
    return None


def _is_within(error: OSError, root: Path) -> bool:
    """Whether an error is about a path in the store, not another path of a build."""
    return error.filename is None or Path(str(error.filename)).is_relative_to(root)


def _scratch(target: Path) -> Path:
    return target.with_name(f"{target.name}.scratch")


def _build(
    stage: Stage,
    target: Path,
    build: Build,
    made_with: Mapping[str, Any],
    spent: float,
) -> None:
    """Build into a partial folder and rename it; the caller holds the stage's lock."""
    partial = target.with_name(f"{target.name}.partial")
    scratch = _scratch(target)
    shutil.rmtree(partial, ignore_errors=True)
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
        took = spent + time.monotonic() - started
        record = {
            **stage.to_json(),
            "seconds": took,
            "peak_mib": peak.mib,
            "files": files,
            "made_with": dict(made_with),
        }
        text = json.dumps(record, indent=2, sort_keys=True)
        (partial / STAGE_FILE).write_text(text + "\n")
        shutil.rmtree(target, ignore_errors=True)
        partial.rename(target)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    shutil.rmtree(scratch, ignore_errors=True)


def atomic_write(path: Path, data: bytes) -> None:
    """Write a file completely or not at all (temporary file, then rename)."""
    writer = f"{os.getpid()}-{threading.get_ident()}"
    temporary = path.with_name(f".{path.name}.{writer}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # or a power cut could leave an empty file
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
