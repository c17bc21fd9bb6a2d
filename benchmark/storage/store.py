"""The content-addressed store of stages, which alone decides what is cached."""

from __future__ import annotations

import contextlib
import json
import math
import os
import shlex
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmark.storage.building import Build, build_entry, note_use, scratch_folder
from benchmark.storage.digests import digest_of
from benchmark.storage.entries import (
    SMALL,
    STAGE_FILE,
    find_fault,
    quarantine,
    read_stage,
)
from benchmark.storage.locks import lock
from benchmark.storage.rebuilds import is_outdated
from benchmark.storage.unwritable import as_unwritable, cannot_write


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


class Store:
    """Finished stages under `root`, one folder per key; failed builds leave none.

    Processes may share a store: one builds a stage while the others wait. The content
    of an entry is compared with its digests when a process first uses it. A damaged
    entry is moved to the folder `quarantine` and built again.

    Args:
        root: folder of the store.
        on_wait: called with one sentence before waiting for another process, and for a
            damaged entry.
        made_with: versions of code and packages, written to the record of each stage
            that is built. They are not part of the key, so a cached stage keeps the
            record of the versions that built it.
        shipped: folder of stages that come with the package, laid out like a store.
            They are used in place and never written. A shipped stage is used where its
            key is the same as that of the requested stage.

    Attributes:
        sources: digests of the code of plugins by the key of a stage, written to its
            record.
        rebuilds: identifiers of rebuilds by the key of a stage. A stage that was not
            built in all of them counts as missing. Shipped stages are not concerned.
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
        self.rebuilds: Mapping[str, frozenset[str]] = {}

    def sources_of(self, stage: Stage) -> Mapping[str, str]:
        """Digests of the code of plugins that the stage depends on, by plugin."""
        return self.sources.get(stage.key, {})

    def rebuilds_of(self, stage: Stage) -> frozenset[str]:
        """The rebuilds in which the stage must have been built."""
        return self.rebuilds.get(stage.key, frozenset())

    def folder(self, stage: Stage) -> Path:
        """Folder of the stage's result, whether it is finished or not."""
        return self._shipped(stage) or _folder_in(self.root, stage)

    def has(self, stage: Stage) -> bool:
        """Whether the stage is finished and its files are as they were recorded.

        Sizes are compared, and contents of small entries (`entries.SMALL`). Raises
        StoreError if a shipped stage is damaged: rebuilding it could take hours.
        """
        return self.ships(stage) or self._is_current(
            stage, _folder_in(self.root, stage)
        )

    def _is_current(self, stage: Stage, folder: Path, largest: float = SMALL) -> bool:
        fault = find_fault(folder, largest)
        return fault is None and not is_outdated(folder, self.rebuilds_of(stage))

    def ships(self, stage: Stage) -> bool:
        """Whether the stage comes with the package; StoreError if it is damaged."""
        return self._shipped(stage) is not None

    def _shipped(self, stage: Stage, largest: float = SMALL) -> Path | None:
        """Folder of a shipped stage; StoreError if it is damaged."""
        folder = None if self.shipped is None else _folder_in(self.shipped, stage)
        if folder is None or not folder.exists():
            return None
        fault = find_fault(folder, largest)
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
            record = read_stage(path.parent)
            if record is not None:
                yield record

    def get_or_build(
        self,
        stage: Stage,
        build: Build,
        spent: float = 0.0,
        share: Callable[[Path], object] | None = None,
    ) -> Path:
        """Folder of a finished stage, which is built first if necessary.

        Callers must not write to the folder. A build that raises or is killed leaves
        only its scratch folder. `spent` are seconds of work before the build that its
        record counts, too. Raises StoreError if the store is not writable or full.

        While another process builds the stage, `share` may do a part of the work in the
        scratch folder (`build_batches` with claims). What it raises is ignored, since
        the build raises it, too.
        """
        shipped = self._shipped(stage, math.inf)
        target = shipped or _folder_in(self.root, stage)
        note_use(f"{stage.name}/{target.name}")
        if shipped or self._is_current(stage, target, math.inf):
            return target
        try:
            with lock(
                self.root / "locks" / f"{stage.name}-{target.name}",
                f"stage {stage.name} in {self.root}",
                lambda sentence: self._wait(sentence, share, scratch_folder(target)),
            ):
                if not self._is_current(stage, target, math.inf):
                    self._set_aside(target)
                    self._build(stage, target, build, spent)
        except Exception as error:
            failure = as_unwritable(error, self.root)
            if failure is None:
                raise
            raise self._unwritable(failure) from error
        return target

    def _wait(
        self, sentence: str, share: Callable[[Path], object] | None, scratch: Path
    ) -> None:
        self.on_wait(sentence)
        if share is not None:
            with contextlib.suppress(Exception):
                share(scratch)

    def _set_aside(self, target: Path) -> None:
        """Move a damaged entry to the quarantine and say so."""
        if target.exists() and (fault := find_fault(target, math.inf)) is not None:
            place = quarantine(self.root, target)
            self.on_wait(
                f"warning: the cached stage {target} is damaged: {fault}; it is moved "
                f"to {place} and built again"
            )

    def _build(self, stage: Stage, target: Path, build: Build, spent: float) -> None:
        """Build a stage; the caller holds its lock."""
        made_with = dict(self.made_with)
        if sources := self.sources_of(stage):
            made_with["sources"] = dict(sources)
        rebuilds = self.rebuilds_of(stage)
        scratch = scratch_folder(target)
        if is_outdated(scratch, rebuilds):
            shutil.rmtree(scratch)
        build_entry(stage.to_json(), target, build, made_with, rebuilds, spent)


def _folder_in(root: Path, stage: Stage) -> Path:
    """Folder of a stage in a store, or in a folder laid out like one."""
    return root / stage.name / stage.key[:32]


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
