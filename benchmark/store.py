"""The content-addressed store of stages; the only place that decides what is cached."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

STAGE_FILE = "stage.json"


class StoreError(OSError):
    """The store's folder cannot be used; the message names it."""


@dataclass(frozen=True)
class Stage:
    """A resumable piece of work, named by everything that its result depends on.

    `options` are the options *that stage reads* (JSON-able); `inputs` the digests of
    what it reads; `seed` its own. Two equal stages have equal keys in any order of keys.
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
        text = json.dumps(
            self.to_json(), sort_keys=True, separators=(",", ":"), allow_nan=False
        )
        return hashlib.sha256(text.encode()).hexdigest()


Build = Callable[[Path, Path], None]
"""build(folder, scratch): fill `folder`; keep checkpoints in `scratch`, which outlives a
kill and is emptied on success."""


class Store:
    """Finished stages under `root`, one folder a key; only successes are stored."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, stage: Stage) -> Path:
        """Where the stage's result lies, or would lie."""
        return self.root / stage.name / stage.key[:32]

    def has(self, stage: Stage) -> bool:
        """Whether the stage is finished."""
        return (self.folder(stage) / STAGE_FILE).is_file()

    def obtain(self, stage: Stage, build: Build) -> Path:
        """The folder of a finished stage, built first where it is not there yet.

        A build that raises, or is killed, leaves nothing but its scratch folder.
        """
        target = self.folder(stage)
        if self.has(stage):
            return target
        partial = target.with_name(f"{target.name}.partial-{os.getpid()}")
        scratch = target.with_name(f"{target.name}.scratch")
        try:
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            scratch.mkdir(exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"cannot write to the store {self.root}: {error.strerror}; "
                "make it writable or name another folder with --store"
            ) from error
        try:
            build(partial, scratch)
            text = json.dumps(stage.to_json(), indent=2, sort_keys=True)
            (partial / STAGE_FILE).write_text(text + "\n")
            _publish(partial, target)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        shutil.rmtree(scratch, ignore_errors=True)
        return target


def _publish(partial: Path, target: Path) -> None:
    """Rename into place; where another process finished first, keep the other's."""
    try:
        partial.rename(target)
    except OSError:
        if not (target / STAGE_FILE).is_file():
            raise
        shutil.rmtree(partial, ignore_errors=True)


def atomic_write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all (temporary file, then rename)."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(data)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def file_digest(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
